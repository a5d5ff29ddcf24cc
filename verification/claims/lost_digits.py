"""Claim C11: dL/da da/dz and a - y are equal on paper, and not in floating point.

Every operation is rounded to the dtype (none is fused); the truth is sigma(z) - y in proven balls.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import sympy
from flint import arb
from jax import Array

from refnet import sigmoid

from ..arithmetic.balls import sigma
from ..vocabulary import Claim, Evidence, Judged
from . import symbols
from .one_neuron import fused_slope, fused_slope_of_squares, loss_slope
from .symbols import U, Y
from .trial import Trial, earned, failed

DTYPES = ("float16", "bfloat16", "float32", "float64")
PER_UNIT, LARGEST = 16, 720  # |z| = 1/16, 2/16, ..., 720: float64 ends near 708
LOSSES = (1, 10, 50, 100)  # per cent
CORNERS = {"y=1, z>0": (1.0, 1), "y=0, z>0": (0.0, 1), "y=1, z<0": (1.0, -1), "y=0, z<0": (0.0, -1)}


def composed(z: Array, y: Array) -> Array:
    """dL/da da/dz, both from the formulas of C2 and C3."""
    a = sigmoid(z)
    return loss_slope(a, y) * (a * (1.0 - a))


def stable(z: Array, y: Array) -> Array:
    """(1 - y) sigma(z) - y sigma(-z): nothing is subtracted from 1."""
    return (1.0 - y) * sigmoid(z) - y * sigmoid(-z)


ON_PAPER = {"dL/da da/dz": composed, "(1 - y) sigma(z) - y sigma(-z)": stable}
EXTRA_FACTOR = {"(a - y) a (1 - a)": fused_slope_of_squares}
FORMS = {"composed": composed, "fused": fused_slope, "stable": stable}


class Row(NamedTuple):
    """Where a form first loses so many per cent, and first is NaN; None: nowhere on the grid."""

    dtype: str
    form: str
    corner: str
    loses: dict[str, float | None]
    nan: float | None
    before_nan: float | None  # relative error at the last |z| before


# --- on paper ------------------------------------------------------------------------------


def equal_on_paper(forms: dict[str, Callable]) -> Trial:
    """All forms against a - y, for all z = log u and all y."""
    at = lambda form: symbols.formula(form, sympy.log(U), Y)
    trials = [
        symbols.equal(f"{name} = a - y", at(form), at(fused_slope)) for name, form in forms.items()
    ]
    return Trial(all(t.holds for t in trials), " ".join(t.says for t in trials))


# --- in floating point ---------------------------------------------------------------------


def truths() -> tuple[np.ndarray, np.ndarray]:
    """sigma(-|z|) and sigma(|z|) on the grid: balls, then the nearest float64 of each."""
    zs = [arb(k) / PER_UNIT for k in range(1, PER_UNIT * LARGEST + 1)]
    small, large = ([float(sigma(sign * z).mid()) for z in zs] for sign in (-1, 1))
    return np.array(small), np.array(large)


def table() -> list[Row]:
    """One row per dtype, form and corner."""
    with jax.enable_x64(True):
        small, large = truths()
        return [row for dtype in DTYPES for row in _rows(jnp.dtype(dtype), small, large)]


def _rows(dtype, small: np.ndarray, large: np.ndarray) -> list[Row]:
    grid = np.arange(1, PER_UNIT * LARGEST + 1) / PER_UNIT
    size = np.unique(np.asarray(jnp.asarray(grid, dtype), np.float64))  # those the dtype can hold
    place = (size * PER_UNIT).astype(int) - 1
    rows = []
    for form in FORMS:
        for corner, (y, sign) in CORNERS.items():
            z, label = jnp.asarray(sign * size, dtype), jnp.full(size.shape, y, dtype)
            got = np.asarray(FORMS[form](z, label), np.float64)
            saturated = (y == 1) == (sign > 0)
            truth = (1 - 2 * y) * (small if saturated else large)[place]
            error = np.abs(got - truth) / np.abs(truth)
            rows.append(_row(str(dtype), form, corner, size, error))
    return rows


def _row(dtype: str, form: str, corner: str, size: np.ndarray, error: np.ndarray) -> Row:
    lost = np.isnan(error)
    first = lambda hit: float(size[np.argmax(hit)]) if hit.any() else None
    loses = {str(p): first(lost | (error >= p / 100)) for p in LOSSES}
    before = float(error[max(np.argmax(lost) - 1, 0)]) if lost.any() else None
    return Row(dtype, form, corner, loses, first(lost), before)


def turns_nan(form: str, rows: list[Row]) -> Trial:
    """NaN from where a rounds to 1: e^-z at 2^-p, p the bits of the dtype, within one bit."""
    seen, holds = [], True
    for dtype in DTYPES:
        first = {_find(rows, dtype, form, f"y={y}, z>0").nan for y in (0, 1)}
        bits = 1 - round(math.log2(float(jnp.finfo(dtype).eps)))
        low, high = (bits - 1) * math.log(2), (bits + 2) * math.log(2)
        holds = holds and all(z is not None and low <= z <= high for z in first)
        places = " or ".join("nowhere" if z is None else f"from z = {z:g}" for z in first)
        seen.append(f"{dtype} {places}")
    return Trial(
        holds, f"For either label and z > 0 the {form} form is NaN in {', in '.join(seen)}."
    )


def loses_all_before(form: str, rows: list[Row]) -> Trial:
    """Not one binary digit is left at the last z before NaN; and digits go long before."""
    row = _find(rows, "float32", form, "y=1, z>0")
    one, before, nan = row.loses["1"], row.before_nan, row.nan
    if one is None or before is None or nan is None:
        return Trial(False, f"In float32 the {form} form is never NaN.")
    return Trial(
        before >= 0.5 and one < nan,
        f"In float32 it has lost 1 % at z = {one:g} and is off by {before:.0%} just before it is "
        "NaN.",
    )


def other_side(rows: list[Row]) -> Trial:
    """For z < 0 nothing is subtracted: only underflow ends it."""
    nan = [_find(rows, "float32", "composed", f"y={y}, z<0").nan for y in (0, 1)]
    underflow = -math.log(float(jnp.finfo("float32").tiny))
    return Trial(
        all(z is not None and z > underflow - 1 for z in nan),
        "For z < 0 it lasts until a underflows, in float32 at |z| = "
        f"{' and '.join(map(str, nan))} for y = 0 and 1: z matters, not |z|.",
    )


def keeps_digits(form: str, rows: list[Row]) -> Trial:
    """No corner of float32 or float64 loses 1 % before the truth itself underflows."""
    ends = {d: -math.log(float(jnp.finfo(d).tiny)) - 1 for d in ("float32", "float64")}
    found = [(r.dtype, r.corner, r.loses["1"]) for r in rows if r.form == form and r.dtype in ends]
    bad = [f"{d}, {c}: at {z:g}" for d, c, z in found if z is not None and z < ends[d]]
    if bad:
        return Trial(False, f"the {form} form loses 1 % in {bad[0]}.")
    return Trial(
        True,
        f"The {form} form is off by less than 1 % in {' and '.join(ends)} until underflow.",
    )


def _find(rows: list[Row], dtype: str, form: str, corner: str) -> Row:
    return next(r for r in rows if r[:3] == (dtype, form, corner))


def worst_corners(rows: list[Row]) -> list[dict[str, Any]]:
    """The table of dtype and form: the smallest |z| over the four corners."""
    least = lambda values: min((v for v in values if v is not None), default=None)
    return [
        {
            "dtype": dtype,
            "form": form,
            "loses": {str(p): least(r.loses[str(p)] for r in group) for p in LOSSES},
            "nan": least(r.nan for r in group),
        }
        for dtype in DTYPES
        for form in FORMS
        if (group := [r for r in rows if r[:2] == (dtype, form)])
    ]


def judge_digits(seed: int) -> Judged:
    rows = table()
    return Judged(
        Evidence.PROVED,
        earned(
            equal_on_paper(ON_PAPER),
            turns_nan("composed", rows),
            loses_all_before("composed", rows),
            other_side(rows),
            keeps_digits("stable", rows),
        ),
        " ".join(
            (
                failed("a factor a (1 - a) more", equal_on_paper(EXTRA_FACTOR)),
                failed("the stable form is NaN there too", turns_nan("stable", rows)),
                failed("a - y keeps its digits", keeps_digits("fused", rows)),
            )
        ),
        numbers={"forms": worst_corners(rows), "corners": [row._asdict() for row in rows]},
    )


C11 = Claim(
    "C11",
    "$dL/da \\, da/dz$ and the fused $a - y$ are equal on paper; in float32 the composed form is "
    "NaN from $z$ about 17, where $a$ rounds to 1, and has lost every digit before.",
    judge_digits,
)
