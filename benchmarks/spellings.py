"""Right gradients by many hands, each judged at draws and at large scales: none may be refused.

python -m benchmarks.spellings [--seeds 2] [--dtypes float64 float32]
"""

import argparse
import json
import sys
import time
from pathlib import Path

from verification.arithmetic.formats import DTYPES
from verification.selftest.spellings.corpus import CORPUS, WHOLE, corpus_rows

RECORD = Path(__file__).with_name("spellings.json")
KEPT = ("implementation", "dtype", "verdicts", "false_alarms", "undecided", "worst")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(WHOLE))
    parser.add_argument("--functions", nargs="+", choices=CORPUS, default=list(CORPUS))
    parser.add_argument("--out", type=Path, default=RECORD)
    given, began = parser.parse_args(), time.monotonic()
    found = []
    for name in given.functions:
        spelled = CORPUS[name]
        made = corpus_rows({name: spelled}, tuple(given.dtypes), range(given.seeds))
        found += [{"spellings": len(spelled.right), **{k: row[k] for k in KEPT}} for row in made]
        print(*found[-len(made) :], sep="\n", flush=True)
    how = {"seeds": given.seeds, "seconds": round(time.monotonic() - began)}
    given.out.write_text(json.dumps({"how": how, "rows": found}, indent=1) + "\n")
    bad = [row for row in found if row["false_alarms"] or row["undecided"]]
    print(f"{sum(row['verdicts'] for row in found)} verdicts; not correct in: {bad or 'none'}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
