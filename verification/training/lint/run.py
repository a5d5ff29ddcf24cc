"""A recorded run as arrays: a row for each step of whatever was recorded, and what was not."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import ml_dtypes
import numpy as np

from ...adapters.recorded import Row, array, as_step, names, rows
from ...arithmetic.formats import format_of
from ...vocabulary.progress import counted

NARROW = {"bfloat16": ml_dtypes.bfloat16, "float16": np.float16, "float32": np.float32}


class Run(NamedTuple):
    """Steps count from 1.  Arrays have a row for each step; a part that is not whole is empty."""

    weights: Mapping[str, np.ndarray]  # after each step
    start: Mapping[str, np.ndarray]  # before the first
    gradient: Mapping[str, np.ndarray]
    loss: np.ndarray | None
    batches: Sequence[Mapping[str, np.ndarray]]
    replicas: Sequence[Mapping[str, np.ndarray]]  # the weights of each, with a row for each step
    steps: int

    @property
    def floats(self) -> Mapping[str, np.ndarray]:
        return {name: rows for name, rows in self.weights.items() if rows.dtype.kind == "f"}

    def before(self, name: str) -> np.ndarray:
        """The weights before each step, but for the first where the start is not recorded."""
        rows, start = self.weights[name], self.start.get(name)
        return rows[:-1] if start is None else np.concatenate([start[None], rows[:-1]])

    def moves(self, name: str) -> tuple[int, np.ndarray]:
        """The first step whose move is known, and what the weights moved by in it and after it."""
        before, rows = self.before(name), self.weights[name]
        with np.errstate(all="ignore"):
            return self.steps - len(before) + 1, rows[len(rows) - len(before) :] - before


def recorded(run: Any, start: Any = None) -> Run:
    """The run, of a folder, a file, or records.  Raises ValueError, TypeError for what is none."""
    if isinstance(run, str | Path):
        return _run(rows(run), start)
    if not isinstance(run, Iterable):
        raise TypeError(f"run is a {type(run).__name__}; pass a folder, a file, or a list of steps")
    return _run(map(_row, run), start)


def _row(given: Any) -> Row:
    step = as_step(given)
    replicas = [_leaves(tree) for tree in step.replicas or ()]
    loss = None if step.loss is None else array(step.loss)
    return Row(_leaves(step.weights), loss, _leaves(step.gradient), _leaves(step.batch), replicas)


def _leaves(tree: Any) -> dict[str, np.ndarray]:
    values = [array(leaf) for leaf in jax.tree.leaves(tree)]
    return dict(zip(names(tree), values, strict=True))


def _run(given: Iterable[Row], start: Any) -> Run:
    steps = list(counted("steps read", given))
    begun = _leaves(start) if start is not None else {}
    if steps and steps[0].is_start:
        begun, steps = dict(steps[0].weights), steps[1:]
    if not steps:
        raise ValueError("run: there is no step in it; record at least one")
    replicas = [[row.replicas[r] for row in steps] for r in range(_fewest(steps))]
    losses = [row.loss for row in steps]
    known = [x for x in losses if x is not None]
    return Run(
        _stacked("weights", [row.weights for row in steps]),
        {name: _wide(leaf) for name, leaf in begun.items()},
        _stacked("gradient", [row.gradient for row in steps]),
        np.array([_wide(x).reshape(()) for x in known]) if len(known) == len(steps) else None,
        [row.batch for row in steps] if all(row.batch for row in steps) else (),
        [_stacked(f"weights of replica {r}", each) for r, each in enumerate(replicas)],
        len(steps),
    )


def _fewest(steps: Sequence[Row]) -> int:
    return min(len(row.replicas) for row in steps)


def _stacked(part: str, steps: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Name -> a row for each step; empty where a step has none.  Raises ValueError."""
    if not all(steps):
        return {}
    first = {name: np.shape(leaf) for name, leaf in steps[0].items()}
    for k, step in enumerate(steps, 1):
        shapes = {name: np.shape(leaf) for name, leaf in step.items()}
        if shapes != first:
            raise ValueError(f"run: the {part} of step {k} are {shapes}; those of step 1 {first}")
    return {name: np.stack([_wide(step[name]) for step in steps]) for name in first}


def _wide(leaf: Any) -> np.ndarray:
    """Floats of any width as float64: exactly what was recorded."""
    leaf = np.asarray(leaf)
    return leaf if leaf.dtype.kind in "biuSU" else leaf.astype(np.float64)


def unit(values: Iterable[np.ndarray]) -> float:
    """The unit of rounding of the narrowest format in which all the numbers are."""
    known = [x[np.isfinite(x)] for x in values]
    with np.errstate(all="ignore"):
        for name, kind in NARROW.items():
            if all(np.array_equal(x.astype(kind).astype(np.float64), x) for x in known):
                return format_of(name).unit
    return format_of("float64").unit
