"""The whole set of test vectors: written twice alike, small enough, and the truth passes it.

    python -m benchmarks.vectors [--seed 0]

Exports every derivation in every dtype twice and compares byte for byte; then answers every test
with the expected values and judges that.  Exits with 1 where the files differ, are larger than
LARGEST, or a derivation is not `correct` in some dtype.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from verification.vectors import check_vectors, export_vectors

LARGEST = 8_000_000  # bytes of all files


def main(seed: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        one, two = Path(folder) / "one", Path(folder) / "two"
        began = time.perf_counter()
        files = export_vectors(one, seed=seed)
        print(f"{len(files)} files in {time.perf_counter() - began:.1f} s")
        export_vectors(two, seed=seed)
        different = [f.name for f in files if f.read_bytes() != (two / f.name).read_bytes()]
        size = sum(f.stat().st_size for f in files)
        answers = Path(folder) / "answers.json"
        answers.write_text(json.dumps(expected(files)))
        began = time.perf_counter()
        statistics = check_vectors(one, answers)
        tests = sum(t.tests for t in statistics)
        bad = [t.finding for t in statistics if t.finding.verdict != "correct"]
        print(f"{size / 1e6:.2f} MB; {tests} tests judged in {time.perf_counter() - began:.1f} s")
        print(f"{len(statistics)} verdicts, {len(bad)} not correct; differ: {different or 0}")
        print(*bad, sep="\n")
    return int(bool(different or bad) or size > LARGEST)


def expected(files: list[Path]) -> dict[str, object]:
    """tcId -> the middle of the ball."""
    answers = {}
    for file in files:
        groups = json.loads(file.read_text())["testGroups"]
        tests = {test["tcId"]: test for group in groups for test in group["tests"]}
        answers |= {k: tests[test.get("of", k)]["expected"] for k, test in tests.items()}
    return answers


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    sys.exit(main(parser.parse_args().seed))
