"""What a variant does on given vectors: proven, and with the rounding that it may show."""

from collections import deque
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from flint import ctx

from ..arithmetic.formats import format_of
from ..derivations.rules import Variant, run
from ..measurement.tolerance import lost
from ..oracles import ball, rational
from ..vocabulary import Ball
from .drawn import with_draws
from .numbers import Exact, Floats, balls, rationals
from .rounded import Formats
from .running import Beside, RunningError
from .vectors import Layout, Sequence

BITS = 256  # of working precision: a step loses a few bits, and a sequence has a few dozen


class Trajectory(NamedTuple):
    """The parameters after every step, as float64, and what a correct run may be off by."""

    values: np.ndarray  # (steps, entries)
    allowed: np.ndarray

    @property
    def silence(self) -> str:
        """Why nothing is known of an entry; or nothing, where all are."""
        known = np.isfinite(self.allowed).all()
        return "" if known else "rounding may leave no digit there, turn a comparison, or overflow"


def proven(variant: Variant, sequence: Sequence, layout: Layout) -> list[Ball]:
    """The exact parameters after every step, leaf by leaf: fractions where the rule is rational."""
    if variant.rational:
        rows = exactly(variant, sequence, rationals(layout.slices))
        return [rational.to_ball(leaf) for leaf in layout.leaves_of(rows)]
    with ctx.workprec(BITS):
        rows = exactly(variant, sequence, balls(layout.slices))
        return [ball.to_ball(leaf) for leaf in layout.leaves_of(rows)]


def in_float64(variant: Variant, sequence: Sequence, layout: Layout) -> list[Ball]:
    """The parameters of a long run, with the running error of float64: no proof."""
    bound = rounding(variant, sequence, layout, "float64")
    known = np.isfinite(bound.allowed) & np.isfinite(bound.values)
    values = layout.leaves_of(np.where(known, bound.values, 0.0))
    errors = layout.leaves_of(np.where(known, bound.allowed, np.inf))
    pairs = zip(values, errors, strict=True)
    return [Ball(value, np.zeros(value.shape), error, proven=False) for value, error in pairs]


def exactly(variant: Variant, sequence: Sequence, numbers: Exact) -> np.ndarray:
    """The parameters after every step, in numbers that do not round."""
    return np.stack(_run(variant, sequence, numbers))


def rounding(variant: Variant, sequence: Sequence, layout: Layout, dtype: str) -> Trajectory:
    """The parameters after every step in float64, and their running error bound in the dtype.

    The last few are kept: the judge, the truth of a long run and the mistakes ask for the same.
    """
    asked = (variant, sequence, layout, dtype)
    for known, told in _ROUNDED:
        if all(a is b for a, b in zip(known, asked, strict=True)):
            return told
    told, *wide = _bounds(variant, sequence, layout, dtype)
    if dtype != "float64":
        told = told._replace(allowed=_drawn(variant, sequence, layout, told, dtype))
    _ROUNDED.extend(((*asked[:3], "float64"), one) for one in wide)
    _ROUNDED.append((asked, told))
    return told


def _bounds(variant: Variant, sequence: Sequence, layout: Layout, dtype: str) -> list[Trajectory]:
    """The bound in the dtype; with that in float64, which is asked for next, if it costs little."""
    target = format_of(dtype)
    if dtype == "float64" or variant.matrices:
        return [trajectory(variant, sequence, layout, RunningError(layout.slices, target))]
    both = Formats(target, format_of("float64"))
    values, errors = tried(variant, sequence, layout, Beside(layout.slices, both), 2)
    return [Trajectory(*one) for one in zip(values, errors, strict=True)]


_ROUNDED: deque[tuple[tuple, Trajectory]] = deque(maxlen=8)


def _drawn(
    variant: Variant, sequence: Sequence, layout: Layout, told: Trajectory, dtype: str
) -> np.ndarray:
    """The bound, and where it says nothing of a number what random rounding does to it."""
    if not np.isfinite(told.values).all():
        return told.allowed
    target = format_of(dtype)
    least = lost(target, sequence[1:3])
    return with_draws(partial(_run, variant, sequence), *told, least, layout, target)


def trajectory(
    variant: Variant, sequence: Sequence, layout: Layout, numbers: RunningError
) -> Trajectory:
    """The parameters after every step and their bound, in numbers with a running error."""
    values, errors = tried(variant, sequence, layout, numbers, 1)
    return Trajectory(values[0], errors[0])


def tried(
    variant: Variant, sequence: Sequence, layout: Layout, numbers: RunningError, rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Values and bounds: (rows, steps, entries)."""
    with np.errstate(all="ignore"):
        steps = _run(variant, sequence, numbers)
    shape = (rows, layout.size)
    values = np.stack([np.broadcast_to(w.value, shape) for w in steps], 1).astype(np.float64)
    errors = np.stack([np.broadcast_to(w.error, shape) for w in steps], 1).astype(np.float64)
    return values, np.where(np.isnan(errors) | np.isnan(values), np.inf, errors)


def roughly(
    variant: Variant, sequence: Sequence, layout: Layout, dtype: str = "float64"
) -> np.ndarray:
    """The parameters after every step in plain floats; NaN where that breaks down."""
    return plainly(variant, sequence, layout, Floats(layout.slices, format_of(dtype).name))


def plainly(variant: Variant, sequence: Sequence, layout: Layout, numbers: Floats) -> np.ndarray:
    """The same in the floats that are handed in."""
    shape = (len(sequence.gradients), layout.size)
    try:
        with np.errstate(all="ignore"):
            steps = _run(variant, sequence, numbers)
            return np.array([np.broadcast_to(w, shape[1:]) for w in steps], np.float64)
    except ArithmeticError:
        return np.full(shape, np.nan)


def _run(variant: Variant, sequence: Sequence, numbers: Any) -> list:
    return run(
        variant,
        numbers,
        sequence.hyperparameters,
        numbers.vector(sequence.params),
        [numbers.vector(g) for g in sequence.gradients],
        [numbers.scalar(r) for r in sequence.rates],
    )
