"""Gradient checkers side by side, up to a million parameters: false alarms and what each sees.

    python -m benchmarks.peers_by_size [--resume]

Some minutes; what would take hours is not run, and its row says so.  A checker
whose package is not installed has rows that say so.  Writes peers_by_size.json and
peers_by_size.md beside this file, and again after each row: --resume goes on from there.
"""

import json
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from verification.report import peers
from verification.report.findings.writing import write_text
from verification.report.peers import LEGEND, tables

HERE = Path(__file__).parent
PACKAGES = ("jax", "jaxlib", "chex", "torch", "scipy", "numpy")


def versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def markdown(rows: list[dict], made_with: dict[str, str]) -> str:
    said = ", ".join(f"{name} {number}" for name, number in made_with.items())
    parts = ["# Gradient checkers side by side", "", *LEGEND, ""]
    for title, table, notes in tables(rows):
        parts += [f"## {title}", "", *table, "", *[f"- {note}" for note in notes], ""]
    return "\n".join([*parts, "Made by `python -m benchmarks.peers_by_size`.", f"{said}."]) + "\n"


def write(rows: list[peers.Row], made_with: dict[str, str]) -> None:
    finite = lambda row: {k: str(v) if v == peers.NEVER else v for k, v in row._asdict().items()}
    plain = [finite(row) for row in rows]
    document = {"versions": made_with, "rows": plain}
    write_text(HERE / "peers_by_size.json", json.dumps(document, indent=1) + "\n")
    write_text(HERE / "peers_by_size.md", markdown(plain, made_with))


def rows_before() -> list[peers.Row]:
    """The rows of a run that was broken off."""
    path = HERE / "peers_by_size.json"
    found = json.loads(path.read_text())["rows"] if path.exists() else []
    endless = lambda value: peers.NEVER if value == str(peers.NEVER) else value
    return [peers.Row(**{name: endless(value) for name, value in row.items()}) for row in found]


def main() -> int:
    rows: list[peers.Row] = []
    known = rows_before() if "--resume" in sys.argv[1:] else []
    made_with, start = versions(), time.perf_counter()
    for row in peers.full(known=known):
        rows.append(row)
        write(rows, made_with)
        print(f"{time.perf_counter() - start:7.1f} s  {row}", flush=True)
    ours = [row for row in rows if row.checker == "refnet"]
    return int(any(row.correct != "accepted" for row in ours))


if __name__ == "__main__":
    sys.exit(main())
