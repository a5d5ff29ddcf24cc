"""Every spelling of a variant over many settings: is it inside the budget at each of them?

The truth is a wider format with its own running error, for all settings at once: longdouble for
float64, float64 below.  With `proof` it is proven, setting by setting.
"""

from typing import NamedTuple

import numpy as np

from ..adapters.update_libraries import Cell
from ..arithmetic.formats import extended, format_of
from ..derivations.rules import VARIANTS, Variant
from ..measurement.error import beyond
from . import many, vectors
from .running import RunningError
from .spelled import SPELLINGS
from .truth import proven
from .vectors import Layout, Sequence, layout


class Spelled(NamedTuple):
    """One spelling of one variant over drawn settings."""

    variant: str
    spelling: str
    dtype: str
    settings: int
    outside: int  # settings with an entry outside its budget
    worst: float  # the largest error in budgets


def spelled(
    name: str, dtype: str, count: int, seed: int, of: Variant | None = None, proof: bool = False
) -> list[Spelled]:
    """A row for each spelling of a variant; `of`, if given, is what is spelled in its place."""
    variant, where = VARIANTS[name], layout(vectors.params_of(VARIANTS[name]))
    runs = many.settings(Cell(name, "", len), count, dtype, seed, where)
    groups = list(many.together(runs, variant))
    truths = [(_truths(variant, g, where, dtype, proof), g) for g in groups]
    rows = []
    for spelling, make in SPELLINGS.items():
        numbers = make(where.slices, format_of(dtype).name)
        worst = [_worst(of or variant, numbers, g, told, where) for told, g in truths]
        ratios = np.concatenate(worst)
        outside = int((~(ratios <= 1.0)).sum())
        rows.append(Spelled(name, spelling, dtype, count, outside, float(ratios.max())))
    return rows


def _truths(
    variant: Variant, runs: list[Sequence], where: Layout, dtype: str, proof: bool
) -> tuple:
    """What is right, what that may be off by itself, and what rounding allows."""
    allowed = many.bounds(variant, runs, where, dtype)
    if proof:
        return [proven(variant, run, where) for run in runs], None, allowed
    wider = RunningError(where.slices, format_of("float64"))
    if dtype == "float64":
        wider = RunningError(where.slices, extended(), np.longdouble)
    wide = many.side_by_side(variant, runs, wider)
    value, error = (np.stack([getattr(w, n) for w in wide], axis=1) for n in ("value", "error"))
    return value, error, allowed


def _worst(variant: Variant, numbers, runs: list[Sequence], told: tuple, where: Layout):
    """The largest error of each run in budgets; NaN is outside."""
    truth, own, allowed = told
    with np.errstate(all="ignore"):
        steps = many.side_by_side(variant, runs, numbers)
        got = np.stack([getattr(w, "value", lambda w=w: w)() for w in steps], axis=1)
        got = np.broadcast_to(got, allowed.shape).astype(np.result_type(got, np.float64))
        if own is None:
            error = np.stack([_beyond(g, t, where) for g, t in zip(got, truth, strict=True)])
        else:
            error = np.maximum(np.abs(got - truth) - own, 0.0)
        ratio = np.where(error == 0.0, 0.0, error / allowed)
        ratio = np.where(np.isnan(ratio) & np.isfinite(allowed), np.inf, np.nan_to_num(ratio))
    return ratio.reshape(len(runs), -1).max(axis=1)


def _beyond(rows: np.ndarray, truth: list, where: Layout) -> np.ndarray:
    pairs = zip(where.leaves_of(rows), truth, strict=True)
    return np.concatenate([beyond(a, b).reshape(len(rows), -1) for a, b in pairs], axis=1)
