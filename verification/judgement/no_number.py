"""How it comes that an answer is no number: which operation, and from which size on.

The place is found by a bisection along the scale: the candidate alone is asked, a dozen times.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ..inputs.domain import is_float
from ..inputs.structure import Edge
from ..measurement.sample import Sample, outside

STEPS = 14  # of the bisection: three digits of a place among ten powers of two
NUMBERLESS = (ArithmeticError, np.linalg.LinAlgError)  # what Python raises for inf and NaN


def in_words(ask: Callable, edge: Edge, point: tuple, sample: Sample) -> str:
    """ "overflows from about 710 on", "0/0 at all zeros", and the exception, if it is one."""
    raised = f" ({sample.failure})" if sample.failure else ""
    events, error = _events(ask, edge.case.args[: len(point)])
    if error is not None and not _is_numberless(error):
        return f"{sample.failure}, {edge.what}"
    if not edge.scale:
        divides = events[:1] == ["divide by zero"] and not _has_nan(sample)
        what = edge.what.removeprefix("with ")
        return f"{'divides by 0' if divides else '0/0'} at {what}{raised}"
    place = _place(ask, edge, point)
    from_there = f"from about {place:.3g} {'on' if edge.scale > 1.0 else 'down'}"
    how = "overflows" if edge.scale > 1.0 and "overflow" in [*events, "overflow"][:1] else "0/0"
    return f"{how} {from_there}{raised}"


def _is_numberless(error: Exception) -> bool:
    """Also math.log(0.0), which raises ValueError where NumPy answers infinity."""
    return isinstance(error, NUMBERLESS) or "math domain error" in str(error)


def _has_nan(sample: Sample) -> bool:
    wrong = [(got, outside(sample, k)) for k, got in enumerate(sample.got)]
    return any(np.isnan(got[at]).any() for got, at in wrong)


def _events(ask: Callable, args: tuple) -> tuple[list[str], Exception | None]:
    """What NumPy reports meanwhile, in order, and what is raised."""
    events: list[str] = []
    listen = lambda kind, flag: events.append(kind) if kind != "underflow" else None
    try:
        with jax.enable_x64(True), np.errstate(all="call", call=listen):
            ask(args)
    except Exception as error:  # foreign code: it is what is to be described
        return events, error
    return events, None


def _place(ask: Callable, edge: Edge, point: tuple) -> float:
    """The size of the arguments from which on there is no number."""
    moved = [x for x in jax.tree.leaves(point[edge.position]) if _is_movable(x)]
    usual = max(float(np.abs(np.asarray(x, np.float64)).max(initial=0.0)) for x in moved)
    good, bad = usual, usual * edge.scale
    for _ in range(STEPS):
        middle = float(np.sqrt(good) * np.sqrt(bad))
        is_bad = not _answers(ask, _at_size(edge, point, middle))
        good, bad = (good, middle) if is_bad else (middle, bad)
    return bad


def _at_size(edge: Edge, point: tuple, size: float) -> tuple:
    """The point of the edge, with no number larger than `size`; or ours scaled down."""

    def at(x: Any, there: Any) -> Any:
        if not _is_movable(x):
            return x
        if edge.scale > 1.0:
            return np.clip(np.asarray(there, np.float64), -size, size).astype(x.dtype)
        wide = np.asarray(x, np.float64)
        usual = float(np.abs(wide).max(initial=0.0)) or 1.0
        return (wide * (size / usual)).astype(x.dtype)

    moved = jax.tree.map(at, point[edge.position], edge.case.args[edge.position])
    return (*point[: edge.position], moved, *point[edge.position + 1 :])


def _is_movable(x: Any) -> bool:
    return isinstance(x, np.ndarray) and is_float(x) and x.size > 0


def _answers(ask: Callable, args: tuple) -> bool:
    """Whether there are numbers, and nothing else."""
    try:
        with jax.enable_x64(True), np.errstate(all="ignore"):
            return all(np.isfinite(np.asarray(x, np.float64)).all() for x in ask(args))
    except Exception:  # foreign code: what is raised is no number
        return False
