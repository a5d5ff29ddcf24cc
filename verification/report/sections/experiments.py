"""Training: batch sizes over many seeds, with bands, and whether a training run keeps its band."""

from collections.abc import Mapping
from typing import Any

from .. import experiments
from ..tables import NUMBER, Column, Table
from .section import Part, Section, together

SWEEPS = "sweeps"
COLUMNS = (
    Column("experiment", "Data"),
    Column("batch", "Batch"),
    Column("seeds", "Seeds", NUMBER),
    Column("rate", "Best rate", NUMBER),
    Column("inside", "Inside the rates tried"),
    Column("target", "Loss to reach", NUMBER),
    Column("arrived", "Arrived", NUMBER),
    Column("epochs_median", "Epochs, median", NUMBER),
    Column("gain", "Full batch's epochs over these"),
)
LEAD = (
    "The full batch, small batches and single examples, each at its own best learning rate, over "
    "many seeds: how many passes over the data until the training loss is at most the target. The "
    "ratio is paired by seed, with its interval."
)


QUICKLY = "A quick run trains none of these."


def work(part: str, seed: int, quick: bool) -> Part:
    """The sweeps, which a quick run leaves out."""
    if quick:
        return Part([])
    return Part(
        list(map(row, experiments.rows(seed, quick))), figures=experiments.figures(seed, quick)
    )


def row(found: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in found.items() if key not in ("rate_inside", "gain")}
    return kept | {
        "inside": "yes" if found["rate_inside"] else "no",
        "gain": gain(found["gain"], found["level"]),
    }


def gain(factor: Mapping[str, float] | None, level: float) -> str:
    """2.4, between 2.1 and 2.8 at 99 %."""
    if factor is None:
        return "not every seed arrived"
    mean, low, high = (f"{factor[key]:.3g}" for key in ("mean", "low", "high"))
    return mean if low == high else f"{mean}, between {low} and {high} at {100 * level:g} %"


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    rows = tuple(together(parts))
    notes = () if rows else (QUICKLY,)
    return (Table("experiments", "Experiments", LEAD, COLUMNS, rows, notes=notes),)


SECTION = Section((SWEEPS,), work, tables)
