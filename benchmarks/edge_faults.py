"""Every mistake that only an edge shows, in float64 and float32: which are found, which twins pass.

python -m benchmarks.edge_faults [KIND ...]
"""

import sys
from collections import Counter

from verification.faults.edges import KINDS
from verification.selftest.edge_faults import rows


def main(kinds: list[str]) -> int:
    counts: Counter[tuple[str, str, bool]] = Counter()
    for row in rows(kinds=kinds or KINDS):
        whole = row["caught"] and row["accepted"]
        counts[row["kind"], row["dtype"], whole] += 1
        if not whole:
            print(f"{row['kind']}: {row['name']} in {row['dtype']}: {row['verdict']} for "
                  f"{row['wanted']}, its right twin {row['twin']}")  # fmt: skip
    for kind in kinds or KINDS:
        for dtype in sorted({d for k, d, _ in counts if k == kind}):
            good, bad = (counts[kind, dtype, whole] for whole in (True, False))
            print(f"{kind}, {dtype}: {good} of {good + bad}")
    return int(any(count for (*_, whole), count in counts.items() if not whole))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
