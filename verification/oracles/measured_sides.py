"""One-sided gradients of a function that can only be called, beside a point where it has a kink.

column    the gradient at x + s v: central differences with steps s / 256, at s and at s / 2, and
          extrapolated to s = 0.  What the two differ by, what differences forward and backward
          differ by, and the noise of the function are its error
hull      the mixtures of columns.  An answer outside of it is separated from it by a direction d.
          Clarke's derivative along d, the largest slope along d beside x, is looked for: where it
          is larger than any column's the gradient there is one more column, and so on, until the
          answer is inside, or no side is found that lets it in
sides     where random sides come again and again there are few, and the search is believed.  Where
          each is another (a norm at 0, singular values of 0) it may have missed the one that
          matters: an answer is outside only where it is BEYOND times as far out as any side, or
          where the function is convex or concave as far as is seen, and the side towards d, or
          away from it, has the largest slope of all; and no matrix has lost its rank: a factor of
          such a matrix has no derivative

Assumed: beside x the function is smooth on the scale of the distance to x, on each side.  A side
that is not known to SHARP of its slopes tells nothing, and nor does a function that jumps.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..arithmetic.hulls import separation
from ..vocabulary import Silent
from .function_noise import scale_of

FINER = 256.0  # how much shorter differences are than the way to the side
SHARP = 2.0**-6  # of its slopes, to which a side must be known
WIDEST, CLOSEST = 2.0**-5, 2.0**-15  # ways to a side, relative to the coordinates
PROBES, FIRST, ROUNDS = 3, 6, 4  # directions, with their opposites; rounds of a search
ALONE = 2  # of so many sides at most one may be met but once, where all of them are known
BEYOND = 2.0  # times as far as any side: what is outside, however many more sides there are
SIGMAS = 4.0  # of the measured noise that one value may be off by
SPREADS = (0.0, 2.0**-5, 2.0**-4, 2.0**-3, 2.0**-3, 2.0**-2)  # of a side that lies near a kink
CALLS = 2**15  # at one point


class Sides(NamedTuple):
    """Gradients on sides, a row each, and how far off each entry may be."""

    columns: np.ndarray
    error: np.ndarray


class Jump(Silent):
    """The function jumps beside the point."""


class Around:
    """A function around a point, in units of its coordinates; noise is that of one value."""

    def __init__(self, f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, noise: float, rng):
        self.f, self.x, self.scale, self.noise, self.rng = f, x, scale_of(x), noise, rng
        self.left = CALLS
        self.value = float(self.values(np.zeros((1, x.size)))[0])
        self.way = self._way()
        self.step = self.way / FINER
        beside = np.abs(self.values(self.way * self.directions(PROBES)))
        size = np.max(beside, initial=abs(self.value), where=np.isfinite(beside))
        self.noise = max(noise, float(np.finfo(float).eps * size))

    def values(self, places: np.ndarray) -> np.ndarray:
        self.left -= len(places)
        with np.errstate(all="ignore"):
            return self.f(self.x + places * self.scale)

    def _way(self) -> float:
        """Where noise over the step and the square of the way are as large."""
        far = 0.125 * self.directions(PROBES)
        moved = np.abs(self.values(np.concatenate([far, -far])) - self.value)
        slope = 8.0 * float(np.max(moved, initial=0.0, where=np.isfinite(moved)))
        relative = self.noise / slope if slope > self.noise else 0.0
        return float(np.clip(np.cbrt(FINER * relative), CLOSEST, WIDEST))

    def directions(self, count: int) -> np.ndarray:
        """Random ones, a row each; their entries are away from 0."""
        shape = count, self.x.size
        return self.rng.choice([-1.0, 1.0], shape) * self.rng.uniform(0.25, 1.0, shape)

    def slopes(self, places: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """The slopes along a direction, at several places."""
        up, down = (self.values(places + sign * self.step * direction) for sign in (1.0, -1.0))
        return (up - down) / (2.0 * self.step)

    @property
    def rounding(self) -> float:
        """Of a slope."""
        return SIGMAS * self.noise / self.step

    def has_kink(self) -> bool:
        """Whether slopes on several sides stay apart as the sides come nearer.

        Opposite sides are not enough: a median of three equal numbers is the same on both.
        """
        ways = self.directions(PROBES)
        places = self.way * np.concatenate([ways, -ways])
        for v in self.directions(2):
            far, near = self.slopes(places, v), self.slopes(places / 2, v)
            limit = (2.0 * near - far)[np.isfinite(far) & np.isfinite(near)]
            if not limit.size:
                continue
            room = 8.0 * self.rounding + self.way * np.abs(limit).max()
            if np.ptp(limit) > room:
                return True
        return False

    def side(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """The gradient on a side and its error; None where it is not known.  Raises Jump."""
        (far, apart), (near, nearer) = (self._gradient(s * v) for s in (self.way, self.way / 2))
        column = 2.0 * near - far
        error = np.abs(near - far) + np.maximum(apart, nearer) + 3.0 * self.rounding
        size = np.abs(column).max(initial=0.0)
        if not np.isfinite(error).all() or (error > SHARP * size + 4.0 * self.rounding).any():
            return None
        place = self.way * v
        rise = float(self.values(place[None])[0]) - self.value
        room = 4.0 * (np.abs(place) @ error) + 8.0 * self.noise
        if abs(rise - place @ column) > room:
            raise Jump("the function jumps beside the point")
        return column, error

    def _gradient(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Central differences, and what those forward and backward differ by, at half the step."""
        h = self.step / 2
        steps = h * np.eye(len(place))
        up, down, here = (self.values(place + s) for s in (steps, -steps, np.zeros((1, 1))))
        return (up - down) / (2.0 * h), np.abs(up - 2.0 * here + down) / h

    def highest(self, direction: np.ndarray, tried: list[np.ndarray]) -> tuple[np.ndarray, float]:
        """The side with the largest slope along a direction, among many; and that slope."""
        size = len(direction)
        order = np.linspace(1.0, 0.5, size)
        ways = [order, -order, order[::-1], -order[::-1], *tried[-size:]]
        spread = 2.0**-3 * self.directions(4)
        along = direction / np.abs(direction).max()
        ways += [along, -along, *(along + spread[:2]), *(spread[2:] - along)]
        ways += [*self.directions(size + FIRST)]
        rows = np.array(ways)
        best, slope = self._best(rows, direction)
        for _ in range(ROUNDS):
            flipped = np.where(np.eye(size, dtype=bool), -best, best)
            found = self.slopes(self.way * flipped, direction)
            better = found > slope + self.rounding
            if not better.any():
                break
            every = np.where(better, -best, best)
            rows = np.array([best, flipped[np.nanargmax(found)], every])
            best, slope = self._best(rows, direction)
        return best, self._limit(best, direction)

    def is_regular(self, columns: np.ndarray, room: np.ndarray, apart: np.ndarray) -> bool:
        """Whether it bends one way alone, as far as is seen: convex there, or concave.

        Along every direction a convex function rises most on the side that this leads to, and a
        concave one on the opposite side.
        """
        ways = np.array([apart / np.abs(apart).max(), *self.directions(2 * FIRST)])
        rises = np.array([[self._limit(s * v, v) for s in (1.0, -1.0)] for v in ways])
        least = (ways @ columns.T).max(axis=1) - np.abs(ways) @ room
        return bool((rises >= least[:, None] - self.rounding).all(axis=0).any())

    def _limit(self, side: np.ndarray, direction: np.ndarray) -> float:
        """The slope along a direction, on a side of the point itself."""
        far, near = self.slopes(self.way * np.array([side, side / 2]), direction)
        return float(2.0 * near - far)

    def _best(self, rows: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, float]:
        found = self.slopes(self.way * rows, direction)
        found = np.where(np.isfinite(found), found, -np.inf)
        at = int(np.argmax(found))
        return rows[at], float(found[at])


def sides(around: Around, answer: np.ndarray, room: np.ndarray, has_rank: bool = True) -> Sides:
    """Columns among whose mixtures the answer is to within its room, unless it is wrong.

    Raises Silent where that cannot be told: Jump where the function jumps.
    """
    tried, found, few = _first(around)
    answer, room = answer * around.scale, room * around.scale
    if not few and not np.isfinite(answer).all():
        raise Silent("it has more sides than can be told")
    while around.left > 0:
        columns = np.array([column for column, _ in found])
        error = np.max([e for _, e in found], axis=0)
        apart = _separation(columns, answer, room + error)
        if apart is None:
            return Sides(columns / around.scale, error / around.scale)
        v, slope = around.highest(apart, tried)
        slopes = columns @ apart
        slack = np.abs(apart) @ error + around.rounding * np.abs(apart).sum()
        if not slope > slopes.max() + slack:
            out = float(np.where(apart == 0.0, 0.0, answer) @ apart)
            far = _is_far(slopes, out)
            if few or (has_rank and (far or around.is_regular(columns, error, apart))):
                return Sides(columns / around.scale, error / around.scale)
            raise Silent("it has more sides than can be told")
        way, one = _smooth(around, v, apart, float(slopes.max()))
        tried.append(way)
        found.append(one)
    raise Silent(f"more than {CALLS} calls do not tell its sides")


def _is_far(slopes: np.ndarray, answer: float) -> bool:
    middle = float(slopes.mean())
    return answer - middle > BEYOND * float(slopes.max() - middle)


def _first(around: Around) -> tuple[list, list, bool]:
    """Sides that are smooth, their opposites, and whether there are but few of them."""
    ways = around.directions(FIRST)
    halves = [[(v, one) for v in half if (one := around.side(v))] for half in (ways, -ways)]
    every = [*halves[0], *halves[1]]
    if not every:
        raise Silent("none of its sides is smooth")
    alone = sum(_alone([one for _, one in half]) for half in halves)  # opposites may be the same
    return [v for v, _ in every], [one for _, one in every], ALONE * alone <= len(every)


def _alone(found: list[tuple[np.ndarray, np.ndarray]]) -> int:
    """How many gradients were met but once."""
    alike = [[bool((np.abs(a - b) <= e + f).all()) for b, f in found] for a, e in found]
    return sum(sum(row) == 1 for row in alike)


def _smooth(around: Around, v: np.ndarray, apart: np.ndarray, best: float) -> tuple:
    """The side, or one beside it where the next kink is too near; its slope is above the best."""
    for spread in SPREADS:
        way = v + spread * around.directions(1)[0]
        one = around.side(way)
        if one is not None and one[0] @ apart > best:
            return way, one
    raise Silent("a side that matters is not smooth")


def _separation(columns: np.ndarray, answer: np.ndarray, room: np.ndarray) -> np.ndarray | None:
    """Along entries that are numbers alone."""
    known = np.isfinite(answer) & np.isfinite(room)
    d = separation(columns[:, known], answer[known], room[known]) if known.any() else None
    if d is None:
        return None
    out = np.zeros(len(answer))
    out[known] = d
    return out
