"""Training loops, right and wrong: what benchmarks.training_runs has written last."""

from collections.abc import Mapping
from typing import Any

from ..heat import Heat
from ..records import FOLDER, how, record
from ..tables import NUMBER, VERDICT, Column, Table
from .section import Part, Section, together

NAME = "training_runs"
RIGHT = "right"  # how the name of a right loop begins
LONG = "200 steps"  # the kind of the rows that name none
COLUMNS = (
    Column("loop", "Mistake in the loop"),
    Column("kind", "Loop"),
    Column("dtype", "Dtype"),
    Column("verdict", "Verdict", VERDICT),
    Column("step", "Named at step", NUMBER),
    Column("named", "Named first"),
    Column("reason", "Why"),
)
LEAD = (
    "Whole training loops, judged step by step: batches, gradients, updates and schedules. A cell "
    "has the step at which the mistake is named, which is the first at which it shows. It is red "
    "where a right loop is refused, or a mistake is missed, named wrongly, or at another step."
)
REFUSED = "a right training loop was refused"
MISSED = "a mistake in a training loop was missed, or not named where it shows"


def work(part: str, seed: int, quick: bool) -> Part:
    return Part(list(map(row, record(NAME, FOLDER).get("rows", []))))


def row(one: Mapping[str, Any]) -> dict[str, Any]:
    """A loop's row; `seen` is what stands in its cell."""
    right = one["loop"].startswith(RIGHT)
    kept = {key: one[key] for key in ("loop", "dtype", "verdict", "step", "reason")}
    kept |= {"kind": one.get("kind", LONG), "named": one["named first"]}
    kept["seen"] = str(one["verdict"] if one["step"] is None else one["step"])
    if right and one["verdict"] == "correct" or not right and named(one):
        return kept | {"bad": 0.0}
    return kept | {"bad": 2.0, "act": REFUSED if right else MISSED}


def named(one: Mapping[str, Any]) -> bool:
    """Whether the mistake is called wrong, by its name, at the step at which it shows."""
    here = one["step"] == one["shows at"]
    return one["verdict"] == "wrong" and one["named first"] == one["loop"] and here


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    rows = tuple(together(parts))
    if not rows:
        return ()
    heat = Heat("loop", ("kind", "dtype"), "bad", ("seen",))
    note = how(NAME, record(NAME, FOLDER))
    title = "Mistakes in training loops"
    return (Table("training-runs", title, LEAD, COLUMNS, rows, notes=(note,), heat=heat),)


SECTION = Section(("training loops",), work, tables)
