"""What a gradient may be at a point with ties: the convex hull of the one-sided gradients.

Ties that do not depend on each other are blocks, and the hull is the sum of theirs; where no blocks
are seen, all sides that are met are one.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..vocabulary import Undecided
from .blocks import by_coordinates, by_planes
from .one_sided import MOST, Beside, Jump, Side, directions
from .sides import Parts, Seen, all_seen, kept, numbers, step

RUNS = 256  # gradients beside one point
WORK = 2**20  # products in all of them
FIRST = 4  # directions, with their opposites, that show whether the side matters
AGAIN = 8  # more of them where it does not seem to: a median is the same entry on opposite sides
MANY = 128  # sides that are met where there are no blocks


class Hull(NamedTuple):
    """What the gradient may be: of all wanted entries end to end."""

    sides: list[Side]  # one at least; all alike where there is no choice
    columns: np.ndarray
    blocks: np.ndarray
    exact: bool
    known: np.ndarray  # entries with finite one-sided derivatives


def hull(beside: Beside, products: int) -> Hull:
    """The subgradients at the point; an entry along which the function jumps is not known.

    A value that the program has at the point alone, as where(x == 0, 1, 0) has, is no jump; but
    what moves that value, and otherwise than the limit, as count(x != 0) y does in y, is not known.

    Raises Undecided where the function has no value, or jumps, on every side.
    """
    try:
        return _hull(beside, products)
    except Jump:
        if beside.has_limit():
            found = _hull(beside, products)
            return found._replace(known=found.known & ~beside.is_otherwise(found.sides[0]))
        beside.hold_jumping()
        if not beside.held.any() or beside.held.all():
            raise
        return _hull(beside, products)


def _hull(beside: Beside, products: int) -> Hull:
    rng = np.random.default_rng(beside.size)
    seen = Seen(beside, int(min(RUNS, max(2 * FIRST, WORK // max(products, 1)))))
    known = _first(seen, rng)
    if _alike(seen, known) and _alike(_again(seen, rng), known):
        return Hull(seen.sides, _cleaned(seen, known), np.zeros(1, int), True, known)
    for ways in (by_planes, by_coordinates):
        try:
            return Hull(seen.sides, *ways(seen, rng, known), known)
        except Undecided:
            continue
    return Hull(seen.sides, *_many(seen, rng, known), known)


def _first(seen: Seen, rng) -> np.ndarray:
    """Opposite sides, and the entries that have a derivative on them."""
    known = np.asarray(~seen.beside.held)
    for v in directions(FIRST // 2, seen.beside.size, rng):
        for direction in (v, -v):
            side = seen(direction)
            if not side.value.is_finite():  # the edge of what the function is defined on
                seen.sides.pop()
                seen.directions.pop()
                continue
            known &= seen.beside.steady(side, direction)
    if not seen.sides:
        raise Undecided("the function has no value beside the point")
    return known


def _again(seen: Seen, rng) -> Seen:
    """As many more sides as may be looked at."""
    for v in directions(min(AGAIN, seen.left), seen.beside.size, rng):
        if not seen(v).value.is_finite():
            seen.sides.pop()
            seen.directions.pop()
    return seen


def _alike(seen: Seen, known: np.ndarray) -> bool:
    first, *others = (side.slopes[known] for side in seen.sides)
    near = seen.beside.resolution
    return all(
        bool(abs(a - b) < (1 + abs(a)) * near)
        for other in others
        for a, b in zip(first, other, strict=True)
    )


def _cleaned(seen: Seen, known: np.ndarray) -> np.ndarray:
    """The gradient on the first side, with 0 where there is none."""
    return np.where(known, numbers(seen.sides[0]), 0.0)[None]


def _many(seen: Seen, rng, known: np.ndarray) -> Parts:
    """Sides towards every entry, in order, anywhere, as one block; and whether these are all."""
    base, found = seen.sides[0], [np.zeros(seen.beside.size)]
    fresh, start = 0, np.where(known, numbers(base), 0.0)
    for side in seen.sides:
        fresh = kept(found, step(seen.beside, side, base, known), fresh)
    for direction in _every_way(seen.beside.size, rng):
        if len(found) > MANY or not seen.left or all_seen(fresh, len(found), seen.beside.size):
            break
        fresh = kept(found, step(seen.beside, seen(direction), base, known), fresh)
    exact = all_seen(fresh, len(found), seen.beside.size)
    return Parts(start + np.array(found), np.zeros(len(found), int), exact)


def _every_way(size: int, rng) -> Iterator[np.ndarray]:
    order = np.linspace(1.0, 0.5, size)
    yield from (order, -order, order[::-1], -order[::-1])
    spread = directions(2 * size, size, rng) * 2.0**-64
    if size <= MOST:
        for i in range(size):
            yield np.eye(size)[i] + spread[2 * i]
            yield -np.eye(size)[i] + spread[2 * i + 1]
    while True:
        yield directions(1, size, rng)[0]
