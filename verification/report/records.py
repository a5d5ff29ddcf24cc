"""Tables that were measured once: what benchmarks/ holds, and the sentence that says how.

What takes hours is no part of a run.  It is read from a file of the repository, and every table
that is made of one says so.  Where the repository is not there, there are no rows.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
HERE, RECORDED = "this run", "recorded"


def record(name: str, folder: Path | None = None) -> dict[str, Any]:
    """benchmarks/NAME.json; empty where it is not there."""
    path = (folder or FOLDER) / f"{name}.json"
    if not path.exists():
        return {}
    found = json.loads(path.read_text("utf-8"))
    return found if isinstance(found, dict) else {"rows": found}


def how(name: str, found: Mapping[str, Any]) -> str:
    """Recorded by `python -m benchmarks.updates` in 84 min, with seed 7, optax 0.2.8."""
    made = found.get("how", {}) if isinstance(found.get("how"), Mapping) else {}
    said = {**found, **made}
    parts = [
        f"{package} {version}" for package, version in sorted(said.get("versions", {}).items())
    ]
    parts += [f"Python {said['python']}"] if isinstance(said.get("python"), str) else []
    parts = [f"seed {said['seed']}", *parts] if "seed" in said else parts
    time = f" in {max(round(said['seconds'] / 60), 1)} min" if "seconds" in said else ""
    with_ = f", with {', '.join(parts)}" if parts else ""
    return f"Recorded in benchmarks/{name}.json by python -m benchmarks.{name}{time}{with_}."
