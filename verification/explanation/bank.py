"""Slopes that people write instead of the right one: of z, what goes in, and a, what comes out.

Or the right slope in the wrong place: at another number, at the neighbour's, used twice.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
from scipy import special

from ..arithmetic.tape import Tape
from .units import At, slope_elsewhere

Array = Any  # NumPy hands out bare numbers for 0-d arrays
ROOT_2, ROOT_2_PI = np.sqrt(2.0), np.sqrt(2.0 * np.pi)
GATE, CUBIC = np.sqrt(2.0 / np.pi), 0.044715


class Slope(NamedTuple):
    """A formula, and its value at (z, a)."""

    formula: str
    of: Callable[[Array, Array], Array]


sigmoid = special.expit


def _sigmoid_slope(z: Array) -> Array:
    return sigmoid(z) * sigmoid(-z)


def _tanh_slope(z: Array) -> Array:
    return 1.0 - np.tanh(z) ** 2


def _gelu_slope(z: Array) -> Array:
    return special.ndtr(z) + z * np.exp(-0.5 * z * z) / ROOT_2_PI


def _gelu_tanh_slope(z: Array) -> Array:
    t = np.tanh(GATE * (z + CUBIC * z**3))
    return 0.5 * (1.0 + t) + 0.5 * z * (1.0 - t * t) * GATE * (1.0 + 3.0 * CUBIC * z * z)


def _gelu_tanh_without_three(z: Array) -> Array:
    t = np.tanh(GATE * (z + CUBIC * z**3))
    return 0.5 * (1.0 + t) + 0.5 * z * (1.0 - t * t) * GATE * (1.0 + CUBIC * z * z)


def _silu_slope(z: Array) -> Array:
    return sigmoid(z) + z * _sigmoid_slope(z)


def _leak(alpha: float) -> Callable[[Array, Array], Array]:
    return lambda z, a: np.where(z > 0.0, 1.0, alpha)


LEAKS = (0.01, 0.1, 0.2, 0.02, 0.3, 0.25)
BANK: tuple[Slope, ...] = (
    Slope("1", lambda z, a: np.ones_like(z)),
    Slope("0", lambda z, a: np.zeros_like(z)),
    Slope("z, the argument itself", lambda z, a: z),
    Slope("a, the value itself", lambda z, a: a),
    Slope("1 - a", lambda z, a: 1.0 - a),
    Slope("1 + a", lambda z, a: 1.0 + a),
    Slope("a (1 - a), the slope of a sigmoid by its value", lambda z, a: a * (1.0 - a)),
    Slope("z (1 - z), a (1 - a) with z in place of a", lambda z, a: z * (1.0 - z)),
    Slope("1 - a^2, the slope of tanh by its value", lambda z, a: 1.0 - a * a),
    Slope("1 - z^2, 1 - a^2 with z in place of a", lambda z, a: 1.0 - z * z),
    Slope("1 + a^2", lambda z, a: 1.0 + a * a),
    Slope("a^2", lambda z, a: a * a),
    Slope("z^2", lambda z, a: z * z),
    Slope("the slope of a sigmoid at z", lambda z, a: _sigmoid_slope(z)),
    Slope("the slope of a sigmoid at a, its value", lambda z, a: _sigmoid_slope(a)),
    Slope("the slope of tanh at z", lambda z, a: _tanh_slope(z)),
    Slope("the slope of tanh at a, its value", lambda z, a: _tanh_slope(a)),
    Slope("1 - tanh z", lambda z, a: 1.0 - np.tanh(z)),
    Slope("sigmoid z", lambda z, a: sigmoid(z)),
    Slope("sigmoid of -z", lambda z, a: sigmoid(-z)),
    Slope("tanh z", lambda z, a: np.tanh(z)),
    Slope("exp z", lambda z, a: np.exp(z)),
    Slope("exp of -z", lambda z, a: np.exp(-z)),
    Slope("exp a", lambda z, a: np.exp(a)),
    Slope("1/z", lambda z, a: 1.0 / z),
    Slope("1/a", lambda z, a: 1.0 / a),
    Slope("1/(1 + z)", lambda z, a: 1.0 / (1.0 + z)),
    Slope("1/z^2", lambda z, a: 1.0 / z**2),
    Slope("1/(1 + z^2)", lambda z, a: 1.0 / (1.0 + z * z)),
    Slope("log z", lambda z, a: np.log(z)),
    Slope("sqrt z", lambda z, a: np.sqrt(z)),
    Slope("1/sqrt z", lambda z, a: 1.0 / np.sqrt(z)),
    Slope("z^(-3/2)", lambda z, a: z**-1.5),
    Slope("z^3", lambda z, a: z**3),
    Slope("sin z", lambda z, a: np.sin(z)),
    Slope("cos z", lambda z, a: np.cos(z)),
    Slope("cos a", lambda z, a: np.cos(a)),
    Slope("sign z", lambda z, a: np.sign(z)),
    Slope("|z|", lambda z, a: np.abs(z)),
    Slope("1 where z > 0, else 0", lambda z, a: np.where(z > 0.0, 1.0, 0.0)),
    Slope("1 where z < 0, else 0", lambda z, a: np.where(z < 0.0, 1.0, 0.0)),
    Slope("1 where a > 0, else 0", lambda z, a: np.where(a > 0.0, 1.0, 0.0)),
    Slope("max(z, 0), the value of relu", lambda z, a: np.maximum(z, 0.0)),
    Slope("1 where |z| < 1, else 0", lambda z, a: np.where(np.abs(z) < 1.0, 1.0, 0.0)),
    Slope("1 where 0 < z < 6, else 0", lambda z, a: np.where((z > 0) & (z < 6), 1.0, 0.0)),
    *(Slope(f"that of a leak of {alpha:g}", _leak(alpha)) for alpha in LEAKS),
    *(
        Slope(
            f"that of a leak of {alpha:g} with the sides swapped",
            lambda z, a, alpha=alpha: np.where(z > 0.0, alpha, 1.0),
        )
        for alpha in LEAKS
    ),
    Slope("exp z where z < 0, else 1", lambda z, a: np.where(z > 0, 1.0, np.exp(z))),
    Slope("P(z) alone: the path through the density is missing", lambda z, a: special.ndtr(z)),
    Slope("the slope of the erf form of gelu", lambda z, a: _gelu_slope(z)),
    Slope("the slope of the tanh form of gelu", lambda z, a: _gelu_tanh_slope(z)),
    Slope(
        "that of the tanh form of gelu without the 3 of the cube",
        lambda z, a: _gelu_tanh_without_three(z),
    ),
    Slope(
        "the gate of the tanh form of gelu alone: its path is missing",
        lambda z, a: 0.5 * (1.0 + np.tanh(GATE * (z + CUBIC * z**3))),
    ),
    Slope("the slope of silu", lambda z, a: _silu_slope(z)),
    Slope("the slope of silu at a, its value", lambda z, a: _silu_slope(a)),
    Slope("exp(-z^2 / 2) / sqrt(2 pi)", lambda z, a: np.exp(-0.5 * z * z) / ROOT_2_PI),
    Slope("exp(-z^2)", lambda z, a: np.exp(-z * z)),
)


# --- the right slope in the wrong place -----------------------------------------------------------


class Elsewhere(NamedTuple):
    """A formula, and its value at one occurrence of a unit."""

    formula: str
    of: Callable[[Tape, At], Any]


def _at(formula: str, where: Callable[[Any, Any], Any]) -> Elsewhere:
    """The slope at where(z, a)."""

    def of(tape: Tape, at: At) -> Any:
        z, a = tape.numbers[at.enters], tape.numbers[at.leaves]
        return slope_elsewhere(tape, at, np.asarray(where(z, a)))

    return Elsewhere(f"that at {formula}", of)


def _made(formula: str, make: Callable[[Any, Any, Any], Any]) -> Elsewhere:
    """make(slope, z, a)."""
    of = lambda tape, at: make(
        np.broadcast_to(at.slope, tape.numbers[at.enters].shape),
        tape.numbers[at.enters],
        tape.numbers[at.leaves],
    )
    return Elsewhere(formula, of)


def _through(dtype: Any) -> Callable[[Any, Any], Any]:
    return lambda z, a: np.asarray(z).astype(dtype).astype(np.float64)


ARGUMENTS: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (  # for z, by z and its value a
    ("a, its value", lambda z, a: a),
    ("-z", lambda z, a: -z),
    ("2 z", lambda z, a: 2.0 * z),
    ("z/2", lambda z, a: 0.5 * z),
    *((f"z clipped to {c:g}", lambda z, a, c=c: np.clip(z, -c, c)) for c in (0.5, 1.0)),
    ("the mean of z", lambda z, a: np.full_like(z, z.mean())),
    ("z rounded to bfloat16", _through(ml_dtypes.bfloat16)),
    ("z rounded to float16", _through(np.float16)),
    ("z rounded to float32", _through(np.float32)),
)
ELSEWHERE: tuple[Elsewhere, ...] = (
    *(_at(formula, where) for formula, where in ARGUMENTS),
    _made("its square: the slope is multiplied in twice", lambda s, z, a: s * s),
    _made("its inverse, the slope of the inverse function", lambda s, z, a: 1.0 / s),
    _made("its absolute value", lambda s, z, a: np.abs(s)),
    _made("a / z, the value over the argument", lambda s, z, a: a / z),
    _made("the slope times z", lambda s, z, a: s * z),
    _made("the slope times a", lambda s, z, a: s * a),
    _made("the slope over z", lambda s, z, a: s / z),
    *(
        _made(
            f"that of the neighbour along axis {axis}",
            lambda s, z, a, x=axis, n=n: np.roll(s, n, x),
        )
        for axis in (-1, 0)
        for n in (1, -1)
    ),
)


# --- right slopes, to say what it should be -------------------------------------------------------


RIGHT: tuple[Slope, ...] = (
    Slope("1", lambda z, a: np.ones_like(z)),
    Slope("0", lambda z, a: np.zeros_like(z)),
    Slope("-1", lambda z, a: -np.ones_like(z)),
    Slope("1 - a**2", lambda z, a: 1.0 - a * a),
    Slope("a * (1 - a)", lambda z, a: a * (1.0 - a)),
    Slope("1 where z > 0, else 0", lambda z, a: np.where(z > 0.0, 1.0, 0.0)),
    Slope("1 where 0 < z < 6, else 0", lambda z, a: np.where((z > 0) & (z < 6), 1.0, 0.0)),
    Slope("1 where |z| < 1, else 0", lambda z, a: np.where(np.abs(z) < 1.0, 1.0, 0.0)),
    Slope("sign(z)", lambda z, a: np.sign(z)),
    Slope("2 * z", lambda z, a: 2.0 * z),
    Slope("3 * z**2", lambda z, a: 3.0 * z * z),
    Slope("4 * z**3", lambda z, a: 4.0 * z**3),
    Slope("a", lambda z, a: a),
    Slope("-a", lambda z, a: -a),
    Slope("1 + a", lambda z, a: 1.0 + a),
    Slope("1 + a**2", lambda z, a: 1.0 + a * a),
    Slope("cos(z)", lambda z, a: np.cos(z)),
    Slope("-sin(z)", lambda z, a: -np.sin(z)),
    Slope("cosh(z)", lambda z, a: np.cosh(z)),
    Slope("sinh(z)", lambda z, a: np.sinh(z)),
    Slope("1 / z", lambda z, a: 1.0 / z),
    Slope("1 / (1 + z)", lambda z, a: 1.0 / (1.0 + z)),
    Slope("-a**2", lambda z, a: -a * a),
    Slope("-2 * a / z", lambda z, a: -2.0 * a / z),
    Slope("1 / (2 * a)", lambda z, a: 0.5 / a),
    Slope("-a**3 / 2", lambda z, a: -0.5 * a**3),
    Slope("1 / (1 + z**2)", lambda z, a: 1.0 / (1.0 + z * z)),
    Slope("1 / (1 + |z|)**2", lambda z, a: 1.0 / (1.0 + np.abs(z)) ** 2),
    Slope("2 * exp(-z**2) / sqrt(pi)", lambda z, a: 2.0 * np.exp(-z * z) / np.sqrt(np.pi)),
    Slope("sigmoid(z)", lambda z, a: sigmoid(z)),
    Slope("sigmoid(-z)", lambda z, a: sigmoid(-z)),
    Slope("1 where z > 0, else exp(z)", lambda z, a: np.where(z > 0.0, 1.0, np.exp(z))),
    Slope("sigmoid(z) * (1 + z * (1 - sigmoid(z)))", lambda z, a: _silu_slope(z)),
    Slope("P(z) + z * p(z), with the normal distribution's P and p", lambda z, a: _gelu_slope(z)),
    Slope("the slope of the tanh form of gelu", lambda z, a: _gelu_tanh_slope(z)),
    *(Slope(f"1 where z > 0, else {c:g}", _leak(c)) for c in LEAKS),
)
CLOSE = 2.0**-30  # of its length: one formula and another that is none of it differ by more


def formula_of(seen: Sequence[tuple[Array, Array, Array]]) -> str:
    """The first formula with these slopes, of (z, a, slope) over all cases; empty where none has.

    Of fewer than three entries too many would have them.
    """
    z, a, slope = (np.concatenate([np.ravel(x[k]) for x in seen]) for k in range(3))
    if np.unique(z).size < 3:
        return ""
    return next((one.formula for one in RIGHT if alike(one.of(z, a), slope)), "")


def alike(one: Array, other: Array) -> bool:
    """Whether two arrays of numbers are one, up to a few roundings."""
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return False
    apart = np.sqrt(np.square(one - other).sum())
    return bool(apart <= CLOSE * np.sqrt(np.square(other).sum()))
