"""Balls of flint as balls of float64: how thin they are, and what is left of them."""

import math
from collections.abc import Iterator
from operator import sub

import numpy as np
from flint import arb

from ..vocabulary import Ball

THIN = 60  # bits of relative accuracy at which an enclosure is good enough
PART = 2**16  # entries that are looked at together
FLOOR = arb(2) ** -1200  # far below every float64: nothing is told apart down there


def fatness(leaves: list[np.ndarray]) -> float:
    """Bits that the widest entry lacks; 0 when all are thin, inf where one is unbounded."""
    return max((_lacking(few) for leaf in leaves for few in _in_parts(leaf)), default=0.0)


def _lacking(entries: list[arb]) -> float:
    if not all(map(arb.is_finite, entries)):
        return math.inf
    bits = list(map(arb.rel_accuracy_bits, entries))
    if min(bits) >= THIN:
        return 0.0
    wide = (b for x, b in zip(entries, bits, strict=True) if b < THIN and not abs(x) < FLOOR)
    return float(THIN - min(wide, default=THIN))


def to_ball(leaf: np.ndarray) -> Ball:
    """The middle as two float64, and a radius that also covers what they leave out."""
    found = [np.zeros((3, 0)), *map(_middles, _in_parts(leaf))]
    mid, tail, rad = (part.reshape(leaf.shape) for part in np.concatenate(found, axis=1))
    return Ball(mid, tail, rad, proven=True)


def _middles(entries: list[arb]) -> np.ndarray:
    """Middle, tail and radius of each; where nothing is known the radius is infinite."""
    mid = np.array(list(map(float, entries)))
    after = list(map(sub, entries, mid.tolist()))
    tail = np.array(list(map(float, after)))
    rests = list(map(arb.abs_upper, map(sub, after, tail.tolist())))
    rest = np.array(list(map(float, rests)))
    exact = [x == 0 for x in rests] if not rest.all() else False
    rad = np.where(exact, 0.0, np.nextafter(rest, np.inf))
    known = np.isfinite(mid) & np.isfinite(rad)
    return np.where(known, (mid, tail, rad), [[0.0], [0.0], [np.inf]])


def _in_parts(leaf: np.ndarray) -> Iterator[list[arb]]:
    """The entries of a leaf in turn, so many that their lists are small beside it."""
    flat = np.asarray(leaf, object).reshape(-1)
    return (flat[k : k + PART].tolist() for k in range(0, len(flat), PART))
