"""Every mistake that only an edge shows, in float64 and float32: which are found, which twins pass.

python -m benchmarks.edge_faults [--kinds KIND ...]
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from verification.faults.edges import KINDS
from verification.selftest.edge_faults import rows

RECORD = Path(__file__).with_name("edge_faults.json")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--out", type=Path, default=RECORD)
    given = parser.parse_args()
    found = list(rows(kinds=given.kinds))
    for row in found:
        if not (row["caught"] and row["accepted"]):
            print(f"{row['kind']}: {row['name']} in {row['dtype']}: {row['verdict']} for "
                  f"{row['wanted']}, its right twin {row['twin']}")  # fmt: skip
    counts = counted(found)
    given.out.write_text(json.dumps({"rows": counts}, indent=1) + "\n")
    print(*counts, sep="\n")
    return int(not all(row["caught"] and row["accepted"] for row in found))


def counted(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each kind and dtype: mistakes, those caught, right twins accepted."""
    counts: dict[tuple[str, str], dict[str, Any]] = {}
    for row in found:
        head = {"kind": row["kind"], "dtype": row["dtype"]}
        none = {"mistakes": 0, "caught": 0, "accepted": 0}
        one = counts.setdefault((row["kind"], row["dtype"]), head | none)
        one["mistakes"] += 1
        one["caught"] += row["caught"]
        one["accepted"] += row["accepted"]
    return list(counts.values())


if __name__ == "__main__":
    sys.exit(main())
