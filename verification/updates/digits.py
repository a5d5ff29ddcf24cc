"""Is a rule right, and only its digits lost?  What a narrower format explains.

Something in the rule may be kept or computed in a narrower format.  Then the answers are numbers
of that format; or their errors are of its size and have no pattern: at runs that are a few of its
units away every rounding is drawn anew, and the error of a wrong formula stays what it was.
"""

from typing import Any

import numpy as np

from ..arithmetic.formats import format_of
from ..derivations.rules import COUNTS, Variant
from ..measurement.higher_precision import Told
from ..measurement.sample import Sample
from . import explain
from .evaluation import Answering
from .numbers import Floats
from .rule import RATE
from .running import RunningError
from .truth import Trajectory, plainly, roughly, rounding, trajectory
from .vectors import Layout, Sequence

BELOW = {"float64": ("float32", "bfloat16"), "float32": ("float16", "bfloat16")}
REDRAWN = 6  # runs; an error without a pattern agrees with all of them in sign once in 2^6
APART = 16.0  # units of the narrower format between the runs
LEAST = 16  # changes of an entry that tell a pattern from none
ALIKE = 0.75  # share of errors with the same sign; without a pattern it is a half
OPERATIONS = 16.0  # roundings of a rate or a constant that is computed in float32


HALVES = ("float16", "bfloat16")
EQUAL = 0.9  # share of the weights; a tie that is rounded otherwise moves one entry by a unit
NEAR = 4.0  # units of the largest number that an entry has been


class _Stored(Floats):
    """Float64, but for the parameters at the end of a step: they are rounded to a format."""

    def __init__(self, slices: Any, name: str):
        super().__init__(slices)
        self.held = format_of(name).name

    def written(self, w, decays: bool):
        return w.astype(self.held).astype(w.dtype)


def stored(variant: Variant, sequence: Sequence, where: Layout, rows: np.ndarray) -> str:
    """The half format to which weights are rounded after every step; "" for none.

    Where people meet it: parameters in bfloat16 that an optimizer in float32 writes back to.
    """
    for name in HALVES:
        if not _held(rows, name):
            continue
        told = plainly(variant, sequence, where, _Stored(where.slices, name))
        largest = np.maximum.accumulate(np.abs(told))
        with np.errstate(invalid="ignore"):  # of infinities
            near = np.abs(rows - told) <= NEAR * format_of(name).unit * largest
        same = rows == told
        if np.where(np.isfinite(told), near, same).all() and np.mean(same) >= EQUAL:
            return name
    return ""


def digits_lost(
    sample: Sample, variant: Variant, layout: Layout, dtype: str, one: Answering | None = None
) -> Told:
    """Whether a narrower format explains the answers, and no variant and no mistake does.

    Where nobody can be asked again, errors of float32's size are believed to have no pattern.
    """
    held = stored(variant, sample.args[0], layout, explain.rows_of(sample.got))
    if held and dtype not in HALVES:
        return Told(True, f"it is as if the weights were rounded to {held} after every step")
    name = narrower(one, variant, layout, dtype, sample)
    if not name or any(e.fits for e in explain.explained((sample,), variant, layout, dtype)):
        return Told(False, "")
    return Told(True, f"something is kept or computed in {name}")


def narrower(
    one: Answering | None, variant: Variant, where: Layout, dtype: str, sample: Sample
) -> str:
    """The widest of the formats below dtype that explains the answers; "" if none does."""
    sequence, rows = sample.args[0], explain.rows_of(sample.got)
    if not np.isfinite(rows).all():
        return ""
    for name in BELOW.get(dtype, ()):
        if name == "float32" and _off(rows, constants(variant, sequence, where)) <= 1.0:
            return name
        if _off(rows, rounding(variant, sequence, where, name)) > 1.0:
            continue
        if _held(rows, name) or (one is None and name == "float32"):
            return name
        if one is not None and not patterned(one, variant, where, dtype, sample, name):
            return name
    return ""


def _off(rows: np.ndarray, told: Trajectory) -> float:
    return explain.distance(rows, told)


def _held(rows: np.ndarray, name: str) -> bool:
    """Whether every number is one of the format."""
    with np.errstate(over="ignore"):
        return np.array_equal(rows.astype(format_of(name).name).astype(np.float64), rows)


def constants(variant: Variant, sequence: Sequence, where: Layout) -> Trajectory:
    """The rule in float64, but for its hyperparameters and rates: those are computed in float32."""
    unit = OPERATIONS * format_of("float32").unit
    return trajectory(variant, sequence, where, _Constants(where.slices, unit, sequence.rates))


class _Constants(RunningError):
    """Numbers of float64; scalars that were given are off by some roundings of another format.

    A schedule ends near 0 with the error of its largest rate.
    """

    def __init__(self, slices: Any, unit: float, rates: tuple[float, ...]):
        super().__init__(slices, format_of("float64"))
        self.off, self.rates = unit, rates

    def scalar(self, x: Any):
        out = super().scalar(x)
        size = max(map(abs, self.rates)) if x in self.rates and x else np.abs(out.value)
        return out.raised(self.off * size)


def patterned(
    one: Answering, variant: Variant, where: Layout, dtype: str, sample: Sample, name: str
) -> bool:
    """Whether the errors are the same ones at runs that differ by units of the narrower format."""
    sequence, rate = sample.args
    errors = _errors(variant, where, dtype, sequence, explain.rows_of(sample.got))
    rng = np.random.default_rng(0)
    for _ in range(REDRAWN):
        near, its_rate = _near(sequence, rate, format_of(name).unit, one, dtype, rng)
        answers = one.evaluate(near, its_rate, where, dtype)
        if answers.failure:
            return True
        others = _errors(variant, where, dtype, near, answers.rows)
        seen = (errors != 0.0) & (others != 0.0)
        if seen.sum() < LEAST:
            return True
        if np.mean(np.sign(errors[seen]) == np.sign(others[seen])) < ALIKE:
            return False
    return True


def _errors(
    variant: Variant, where: Layout, dtype: str, sequence: Sequence, rows: np.ndarray
) -> np.ndarray:
    """What every step added to the error of every entry; 0 where it is within the budget."""
    bound = rounding(variant, sequence, where, dtype).allowed
    off = rows - roughly(variant, sequence, where)
    added = np.diff(off, axis=0, prepend=0.0)
    return np.where(np.isfinite(added) & (np.abs(added) > 2.0 * bound), added, 0.0)


def _near(
    sequence: Sequence, rate: Any, unit: float, one: Answering, dtype: str, rng
) -> tuple[Sequence, Any]:
    """A run of the same kind, all its numbers off by a few units; whole ones stay."""
    held = format_of(dtype).name
    factor = lambda shape=(): 1.0 + APART * unit * rng.uniform(-1.0, 1.0, shape)
    near = lambda x: np.asarray(x * factor(np.shape(x))).astype(held).astype(np.float64)
    h = {
        n: float(near(x)) if one.accepts(n) and n not in COUNTS and float(near(x)) < 1.0 else x
        for n, x in sequence.hyperparameters.items()
    }
    rates, its = sequence.rates, rate
    if one.accepts(RATE) and not callable(rate):
        by = factor()
        its = float(np.float64(rate * by).astype(held))
        rates = tuple(float(np.float64(r * by).astype(held)) for r in rates)
        its = rates[0] if rate == sequence.rates[0] else its
    return Sequence(h, near(sequence.params), near(sequence.gradients), rates), its
