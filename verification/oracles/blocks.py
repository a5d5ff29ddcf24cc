"""Ties that can be led to either side one by one: what the gradient changes by at each.

What can be led to either side while the rest stays where it is, is a block; what the gradient
changes by is a column of it.  There are two ways to see blocks.

by planes        the point lies on a plane for every tied difference.  Halfway round a circle of
                 directions each plane is crossed once: where the changes add up, whatever the
                 side, each plane is a block.  Planes that depend on each other (several units
                 of a layer at 0) cannot have all signs at once, but a program may take any share
                 of each, as long as it is the same one wherever the program meets that plane
by coordinates   entries of the arguments that no tied difference has in common
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from ..vocabulary import Undecided
from .one_sided import MOST, directions
from .sides import SAME, Parts, Seen, all_seen, kept, numbers, same, step

MANY = 96  # sides of one block that are met
CHECKS = 8  # random sides at which the blocks must add up

# --- by planes -----------------------------------------------------------------------------------


def by_planes(seen: Seen, rng, known: np.ndarray) -> Parts:
    """Every plane is a block.  Raises Undecided where the changes do not add up."""
    v, w = directions(2, seen.beside.size, rng)
    one, other = seen(v).rates, seen(w).rates
    planes = _planes(one, other)
    angles = np.array([angle for angle, _ in planes])
    between = 0.5 * (
        np.array([angles[-1] - np.pi, *angles]) + np.array([*angles, angles[0] + np.pi])
    )
    sides = [seen(_unit(np.cos(a) * v + np.sin(a) * w)) for a in between]
    base, signs = sides[0], np.sign(sides[0].rates)
    changes = [step(seen.beside, b, a, known) for a, b in pairwise(sides)]
    for side, angle in zip(sides, between, strict=True):
        met = np.concatenate([rows for _, rows in planes])
        if (np.sign(np.cos(angle) * one + np.sin(angle) * other) != np.sign(side.rates))[met].any():
            raise Undecided("the differences do not change at linear rates")
    for u in directions(CHECKS, seen.beside.size, rng):
        seen(u)
    for side in seen.sides:
        over = [np.sign(side.rates[rows[0]]) != signs[rows[0]] for _, rows in planes]
        added = sum(
            (c for c, o in zip(changes, over, strict=True) if o), np.zeros(seen.beside.size)
        )
        same(step(seen.beside, side, base, known), added, changes)
    zero = np.zeros(len(changes[0]))
    columns = [
        np.where(known, numbers(base), 0.0),
        *(c for change in changes for c in (zero, change)),
    ]
    return Parts(np.array(columns), np.array([0, *np.repeat(range(1, len(changes) + 1), 2)]), True)


def _planes(one: np.ndarray, other: np.ndarray) -> list[tuple[float, list[int]]]:
    """The angles at which differences change sign on the circle, and the differences that do."""
    changing = np.maximum(np.abs(one), np.abs(other)) > SAME
    angles = np.arctan2(-one, other) % np.pi
    planes: list[tuple[float, list[int]]] = []
    for row in sorted(np.flatnonzero(changing), key=lambda k: angles[k]):
        if planes and angles[row] - planes[-1][0] < SAME:
            planes[-1][1].append(int(row))
        else:
            planes.append((float(angles[row]), [int(row)]))
    if not planes:
        raise Undecided("no difference changes its sign")
    return planes


def _unit(direction: np.ndarray) -> np.ndarray:
    return direction / np.abs(direction).max()


# --- by coordinates ------------------------------------------------------------------------------


def by_coordinates(seen: Seen, rng, known: np.ndarray) -> Parts:
    """Groups of entries that no difference shares.  Raises Undecided for too many entries."""
    (start,) = directions(1, seen.beside.size, rng)
    base, groups = seen(start), _groups(seen, start)
    columns, of, exact = [np.where(known, numbers(base), 0.0)], [0], True

    def led(group: list[int], to: np.ndarray) -> np.ndarray:
        direction = start.copy()
        direction[group] = to
        return step(seen.beside, seen(direction), base, known)

    for number, group in enumerate(groups, 1):
        found, whole = _columns(group, led, rng)
        columns += found
        of += [number] * len(found)
        exact &= whole
    for v in directions(CHECKS, seen.beside.size, rng):
        added = sum((led(group, v[group]) for group in groups), np.zeros(seen.beside.size))
        same(step(seen.beside, seen(v), base, known), added, columns)
    return Parts(np.array(columns), np.array(of), exact)


def _groups(seen: Seen, start: np.ndarray) -> list[list[int]]:
    """Entries that some difference has in common, directly or by others."""
    if (size := seen.beside.size) > MOST:
        raise Undecided("more entries than are moved one by one")
    before = seen(start).rates
    links: list[list[int]] = [[] for _ in before]
    for i in range(size):
        moved = start.copy()
        moved[i] *= -1.0
        for row in np.flatnonzero(np.abs(seen(moved).rates - before) > SAME):
            links[row].append(i)
    return _together([link for link in links if link])


def _columns(group: list[int], led: Callable, rng) -> tuple[list[np.ndarray], bool]:
    """What the gradient changes by on every side of one block, and whether that is all."""
    found, fresh, count = [led(group, np.ones(len(group)))], 0, len(group)
    for target in _targets(count, rng):
        fresh = kept(found, led(group, target), fresh)
        if count > 1 and all_seen(fresh, len(found), count):
            return found, True
    return found, count == 1


def _targets(count: int, rng) -> Iterator[np.ndarray]:
    """Sides of a block: all the same way, in order, towards each entry, then anything."""
    one = np.ones(count)
    yield one
    yield -one
    if count == 1:
        return
    order = np.linspace(0.5, 1.0, count)
    yield from (order, order[::-1])
    for k in range(count):
        yield directions(1, count, rng)[0] * 2.0**-10 + np.eye(count)[k]
        yield directions(1, count, rng)[0] * 2.0**-10 - np.eye(count)[k]
    for _ in range(MANY):
        yield directions(1, count, rng)[0]


def _together(links: list[list[int]]) -> list[list[int]]:
    """Groups of what is linked, directly or by others."""
    groups: list[set[int]] = []
    for link in map(set, links):
        near = [g for g in groups if g & link]
        groups = [g for g in groups if not g & link] + [link.union(*near)]
    return [sorted(g) for g in groups]
