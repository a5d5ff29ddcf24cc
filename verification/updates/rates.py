"""Is it the rule at other rates?  The factor of every step, and the schedule that it is.

Where weights do not enter a rule but by what is added to them, another schedule multiplies every
step by a number of its own.  The numbers are fitted step by step; they explain nothing unless every
entry of every step of every run lies within what rounding allows.  They are the same in all runs,
or hang on hyperparameters, such as the length of a warm-up or a bias correction.
"""

from collections.abc import Callable, Iterator

import numpy as np

from ..arithmetic.formats import format_of
from .truth import Trajectory
from .vectors import Sequence

SHOWN = 4  # factors in a sentence
ENTRIES = 4  # at least, that one number for each step explains, where every run has its own
CLOSE = 2.0**-12  # relative, or some units of a narrower format: a form is a name, not a verdict
FORMS: tuple[tuple[str, Callable, Callable], ...] = (  # text, a of a factor at step t, factor at t
    ("{a:.6g}^t", lambda c, t: c ** (1 / t), lambda a, t: a**t),
    ("{a:.6g}^(t - 1)", lambda c, t: c ** (1 / (t - 1)), lambda a, t: a ** (t - 1)),
    ("1 / (1 + {a:.6g} t)", lambda c, t: (1 / c - 1) / t, lambda a, t: 1 / (1 + a * t)),
    (
        "1 / (1 + {a:.6g} (t - 1))",
        lambda c, t: (1 / c - 1) / (t - 1),
        lambda a, t: 1 / (1 + a * (t - 1)),
    ),
    ("t^{a:.6g}", lambda c, t: np.log(c) / np.log(t), lambda a, t: t**a),
    ("1 + {a:.6g} t", lambda c, t: (c - 1) / t, lambda a, t: 1 + a * t),
    ("1 + {a:.6g} (t - 1)", lambda c, t: (c - 1) / (t - 1), lambda a, t: 1 + a * (t - 1)),
    ("min({a:.6g} t, 1)", lambda c, t: c / t, lambda a, t: np.minimum(a * t, 1)),
)


def schedule(
    runs: list[Sequence], rows: list[np.ndarray], own: list[Trajectory], dtype: str
) -> tuple[str, float] | None:
    """What multiplies the steps, in words, and the largest error left, in budgets; or None."""
    fits = [_factors(*each) for each in zip(runs, rows, own, strict=True)]
    kept = [fit for fit in fits if fit is not None]
    if not kept or len(kept) < len(fits):
        return None
    longest = max((c for c, _ in kept), key=len)
    alike = all(_near(c, longest[: len(c)], dtype) for c, _ in kept)
    if all(_constant(c, dtype) for c, _ in kept):  # a factor of all steps is no schedule
        return None
    if not alike and min(map(_moving, own)) < ENTRIES:
        return None
    shown = ", ".join(f"{c:.6g}" for c in longest[:SHOWN])
    named = next(_names(longest, dtype), "") if alike else ""
    what = f"{named} times what it should be at step t" if named else "multiplied by a schedule"
    also = "" if alike else " that depends on the hyperparameters; in one run"
    said = f"the rate is {what}{also}: {shown}, ... times at steps 1 to {SHOWN}"
    return said, max(r for _, r in kept)


def _constant(c: np.ndarray, dtype: str) -> bool:
    known = c[np.isfinite(c)]
    return _near(known, np.full_like(known, known[0]), dtype)


def _moving(own: Trajectory) -> int:
    """How many entries move in some step: one number for each step must explain them all."""
    return int((np.ptp(own.values, axis=0) > 0.0).sum())


def _factors(run: Sequence, rows: np.ndarray, own: Trajectory) -> tuple[np.ndarray, float] | None:
    """The factor of each step, and the error that is left; None where they explain nothing."""
    before = np.vstack([run.params, own.values[:-1]])
    here = np.vstack([run.params, rows[:-1]])
    spread = own.allowed + np.vstack([np.zeros_like(run.params), own.allowed[:-1]])
    with np.errstate(invalid="ignore"):  # of infinities
        true, got = own.values - before, rows - here
    known = np.isfinite(spread) & (spread > 0) & np.isfinite(true) & np.isfinite(got)
    weight = np.where(known, 1.0 / np.where(known, spread, 1.0), 0.0)
    one, other = np.where(known, true, 0.0) * weight, np.where(known, got, 0.0) * weight
    square = (one * one).sum(axis=1)
    c = np.where(square > 0, (one * other).sum(axis=1) / np.where(square > 0, square, 1.0), np.nan)
    if not (np.isfinite(got).all() and np.isfinite(c).any()):
        return None
    left = (
        np.abs(other - np.nan_to_num(c)[:, None] * one) / (1.0 + np.abs(np.nan_to_num(c)))[:, None]
    )
    residual = float(left.max()) / 2.0  # the factor is fitted to numbers that are off themselves
    return (c, residual) if residual <= 1.0 else None


def _near(one: np.ndarray, other: np.ndarray, dtype: str) -> bool:
    """Equal but for the digits of a fit; a step at which nothing moves has no factor."""
    both = np.isfinite(one) & np.isfinite(other)
    close = max(CLOSE, 64.0 * format_of(dtype).unit)
    return bool(np.all(np.abs(one - other)[both] <= close * np.abs(other)[both]))


def _names(c: np.ndarray, dtype: str) -> Iterator[str]:
    """The forms that all factors have, by the constant of the third step."""
    t = np.arange(1, len(c) + 1)
    with np.errstate(all="ignore"):
        for text, constant, factor in FORMS:
            a = constant(c[2], 3) if len(c) > 2 else np.nan
            if np.isfinite(a) and _near(c, factor(a, t), dtype):
                yield text.format(a=a)
