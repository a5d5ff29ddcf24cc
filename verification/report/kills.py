"""The kill table in the report: a reduced one made in the run, and the whole one's counts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import faults
from ..selftest import kill_table

WHOLE = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "kill_table.json"
REDUCED = {  # derivation -> each n-th twin is planted
    "tanh": 11,
    "mse": 16,
    "dense": 29,
    "layer_norm": 43,
    "embedding": 23,
}
NAMED = ("tanh",)  # where the explanations are asked for
QUICK = ("tanh", "dense")


def rows(seed: int = 0, quick: bool = False, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """One row for each twin and dtype: derivation, fault, class, level, place, dtype, status,
    oracle, why, case, explained: the rank of the right explanation, 0 where it is not there, None
    where nobody was asked; in float64 alone, and of those of NAMED."""
    found = []
    for name in names or chosen(quick):
        for dtype in kill_table.DTYPES:
            named = name in NAMED and dtype == "float64"
            ask = kill_table.explainer() if named else kill_table.not_asked
            every = REDUCED[name]
            found += kill_table.rows([name], (dtype,), every, cases=1, seed=seed, ask=ask)
    return found


def right(seed: int = 0, quick: bool = False, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The right gradients judged in the same run: derivation, dtype, way, cases, alarms."""
    return kill_table.false_alarms(names or chosen(quick), kill_table.DTYPES, 1, seed)


def chosen(quick: bool) -> tuple[str, ...]:
    return QUICK if quick else tuple(REDUCED)


def summary() -> dict[str, Any]:
    """The counts of the whole table, as it was last made; empty where it is not there."""
    if not WHOLE.exists():
        return {}
    document = json.loads(WHOLE.read_text())
    return document["summary"] | {"how": document["how"]}


def mistakes() -> list[dict[str, str]]:
    """The catalogue: name, class, level, description."""
    return [
        {"name": one.name, "class": one.kind, "level": one.level, "description": one.description}
        for one in faults.mistakes().values()
    ]
