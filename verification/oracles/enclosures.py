"""Balls of flint as balls of float64: how thin they are, and what is left of them."""

import math

import numpy as np
from flint import arb

from ..vocabulary import Ball

THIN = 60  # bits of relative accuracy at which an enclosure is good enough
FLOOR = arb(2) ** -1200  # far below every float64: nothing is told apart down there


def fatness(leaves: list[np.ndarray]) -> float:
    """Bits that the widest entry lacks; 0 when all are thin, inf where one is unbounded."""
    return max((_lacking(x) for leaf in leaves for x in leaf.flat), default=0.0)


def _lacking(x: arb) -> float:
    if not x.is_finite():
        return math.inf
    lacking = THIN - x.rel_accuracy_bits()
    return float(lacking) if lacking > 0 and not abs(x) < FLOOR else 0.0


def to_ball(leaf: np.ndarray) -> Ball:
    """The middle as two float64, and a radius that also covers what they leave out."""
    parts = np.frompyfunc(_parts, 1, 3)(leaf)
    mid, tail, rad = (np.asarray(part, dtype=np.float64) for part in parts)
    return Ball(mid, tail, rad, proven=True)


def _parts(x: arb) -> tuple[float, float, float]:
    mid = float(x.mid())
    if not x.is_finite() or math.isinf(mid):
        return 0.0, 0.0, math.inf
    tail = float((x - mid).mid())
    rest = (x - mid - tail).abs_upper()
    return mid, tail, 0.0 if rest == 0 else math.nextafter(float(rest), math.inf)
