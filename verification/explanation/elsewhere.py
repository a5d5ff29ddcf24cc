"""The right slope at the wrong place: at another number, at the neighbour's, used twice."""

from collections.abc import Callable
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from ..arithmetic.tape import Tape
from .units import At, slope_elsewhere


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
