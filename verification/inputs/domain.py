"""What all draws of somebody's sampler have in common, array by array: the domain of a gradient.

A gradient by hand may rely on it: labels, probabilities, one-hot rows, unit vectors, sorted,
symmetric or triangular data, permutations and random keys keep their law at edges; what is
positive stays positive, and what ranges.py tells of numbers holds on.
"""

from collections.abc import Iterable
from functools import reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from . import ranges
from .ranges import Numbers

CLOSE = 1e-6  # sums that are equal but for the rounding of the narrowest dtype that can show a law
TELLING = 32  # draws
WORDS = 4  # a random key has at most as many words


class Law(NamedTuple):
    """What holds of one array at every draw; `low` and `high` are of integers, entry by entry."""

    shape: tuple[int, ...]
    negative: bool  # some entry, at some draw
    positive: bool
    zero: bool
    free: bool  # nothing suggests a law, at some draw
    constrained: bool  # constant sums or norms
    ordered: np.ndarray  # along each axis: 1 where it never falls, -1 where it never rises
    symmetric: bool
    definite: bool  # symmetric, and positive in every direction
    permutation: bool
    absent: np.ndarray  # entries that are always 0, as those beside a triangle
    low: np.ndarray
    high: np.ndarray
    numbers: Numbers

    @property
    def may_be_zero(self) -> bool:
        """Whether it is 0 somewhere, or on both sides of it; what is 0 by law does not count."""
        absent = bool(self.absent.any())
        return (self.zero and not absent) or (self.negative and self.positive)

    @property
    def constant(self) -> bool:
        return bool((self.low == self.high).all())


class Domain:
    """What the points that were drawn have in common: as many of them as it takes to tell a law."""

    def __init__(self):
        self.draws: list[list[Law]] = []
        self.tree = None

    def drawn(self, point: tuple) -> tuple:
        tree = jax.tree.structure(point)
        self.tree = self.tree or tree
        if tree == self.tree and len(self.draws) < TELLING:
            self.draws.append(laws(point))
        return point

    @property
    def laws(self) -> list[Law]:
        return shared(self.draws)


def laws(point: tuple) -> list[Law]:
    """Of every leaf of one draw."""
    return list(map(law, jax.tree.leaves(point)))


def shared(draws: Iterable[list[Law]]) -> list[Law]:
    """Of every leaf, what several draws of one structure show."""
    return [reduce(common, several) for several in zip(*draws, strict=True)]


def law(leaf: Any) -> Law:
    """What one draw shows."""
    x = _numbers(leaf)
    counts = _counts(x)
    constrained = is_constrained(x)
    return Law(
        shape=x.shape,
        negative=_falls_below(x),
        positive=_rises_above(x),
        zero=bool((x == 0).any()),
        free=_is_unlike_any_law(x) and not constrained,
        constrained=constrained,
        ordered=order(x),
        symmetric=(symmetric := _is_symmetric(x)),
        definite=symmetric and is_definite(x),
        permutation=is_permutation(x),
        absent=_absent(x),
        low=x if counts else np.zeros(0),
        high=x if counts else np.zeros(0),
        numbers=ranges.numbers(np.array(x)),  # the caller may write into his own
    )


def _numbers(leaf: Any) -> np.ndarray:
    """The array; of a key nothing, and of narrow floats float64."""
    x = np.zeros(0) if is_key(leaf) else np.asarray(leaf)
    return x.astype(np.float64, copy=False) if is_float(x) else x


def _counts(x: np.ndarray) -> bool:
    """Whether its range says it all."""
    return x.dtype.kind in "iu"


def _falls_below(x: np.ndarray) -> bool:
    return _counts(x) or bool((x < 0).any())


def _rises_above(x: np.ndarray) -> bool:
    return _counts(x) or bool((x > 0).any())


def _absent(x: np.ndarray) -> np.ndarray:
    return np.asarray((x == 0) & (not _counts(x)))


def _is_symmetric(x: np.ndarray) -> bool:
    square = len(set(x.shape[-2:])) == 1 and x.ndim >= 2
    return square and np.allclose(x, np.swapaxes(x, -1, -2))


def common(one: Law, other: Law) -> Law:
    """What two draws both show."""
    alike, numbers = one.shape == other.shape, ranges.shared(one.numbers, other.numbers)
    both = lambda pick, a, b: pick(a, b) if a.shape == b.shape else np.zeros(0)
    return Law(
        shape=one.shape,
        negative=one.negative or other.negative,
        positive=one.positive or other.positive,
        zero=one.zero or other.zero,
        free=one.free or other.free,
        constrained=(one.constrained and other.constrained) or numbers.constrained,
        ordered=both(lambda a, b: np.where(a == b, a, 0), one.ordered, other.ordered),
        symmetric=one.symmetric and other.symmetric,
        definite=one.definite and other.definite,
        permutation=one.permutation and other.permutation,
        absent=one.absent & other.absent if alike else np.zeros(one.shape, bool),
        low=both(np.minimum, one.low, other.low),
        high=both(np.maximum, one.high, other.high),
        numbers=numbers,
    )


def lawless(law: Law) -> Law:
    """The array as one of which nothing is known: where its owner says that it varies."""
    unknown = np.zeros(0)
    return Law(
        shape=law.shape,
        negative=True,
        positive=True,
        zero=True,
        free=True,
        constrained=False,
        ordered=np.zeros(0),
        symmetric=False,
        definite=False,
        permutation=False,
        absent=unknown,
        low=unknown,
        high=unknown,
        numbers=ranges.numbers(unknown),
    )


def keeps(held: Law, x: np.ndarray) -> bool:
    """Whether an array obeys the law of the draws; it is asked for no more than the law says."""
    n = _numbers(x)
    zeros = lambda: _absent(n)
    obeyed = (
        held.negative or not _falls_below(n),
        held.positive or not _rises_above(n),
        held.may_be_zero or bool((zeros() == held.absent).all()),
        not held.constrained or is_constrained(n),
        _keeps_order(held.ordered, x),
        not held.symmetric or _is_symmetric(n),
        not held.definite or (_is_symmetric(n) and is_definite(n)),
        not held.permutation or is_permutation(n),
        held.absent.shape != x.shape or not held.absent.any() or bool(zeros()[held.absent].all()),
        not held.low.size or held.constant or _is_between(held, x),
        ranges.keeps(held.numbers, x),
    )
    return all(obeyed)


def order(x: np.ndarray) -> np.ndarray:
    """Along each axis of several numbers: 1 where it never falls, -1 where it never rises, else 0.

    An axis of two is in order by accident: it counts only as the first, and as rising.
    """
    return np.array([_order(x, k) for k in range(x.ndim)], int)


def _order(x: np.ndarray, axis: int) -> int:
    if x.shape[axis] > (1 if axis == 0 else 2) and _never_falls(x, axis):
        return 1
    return -1 if x.shape[axis] > 2 and _never_rises(x, axis) else 0


def _never_falls(x: np.ndarray, axis: int) -> bool:
    x = np.moveaxis(x, axis, 0)
    return bool((x[1:] >= x[:-1]).all())


def _never_rises(x: np.ndarray, axis: int) -> bool:
    return _never_falls(np.flip(x, axis), axis)  # booleans have no negative, and unsigned ones wrap


def _keeps_order(ordered: np.ndarray, x: np.ndarray) -> bool:
    if ordered.shape != (x.ndim,):
        return True
    ways = {1: _never_falls, -1: _never_rises}
    return all(ways[int(sign)](x, axis) for axis, sign in enumerate(ordered) if sign)


def _is_between(held: Law, x: np.ndarray) -> bool:
    return held.low.shape != x.shape or bool(((held.low <= x) & (x <= held.high)).all())


def is_definite(x: np.ndarray) -> bool:
    """Whether all eigenvalues of symmetric matrices are more than their rounding above 0."""
    if not np.isfinite(x).all() or not x.size:
        return False
    values = np.linalg.eigvalsh(x)
    room = x.shape[-1] * np.finfo(np.float64).eps * np.abs(values).max()
    return bool((values > room).all())


def is_key(leaf: Any) -> bool:
    """Whether it is a key of jax.random, of either style."""
    dtype = getattr(leaf, "dtype", None)
    if dtype is None:
        return False
    if jnp.issubdtype(dtype, jax.dtypes.prng_key):
        return True
    shape: tuple[int, ...] = np.shape(leaf)
    return dtype == np.uint32 and len(shape) > 0 and 2 <= shape[-1] <= WORDS


def is_float(x: np.ndarray) -> bool:
    return x.dtype.kind == "f" or x.dtype.name == "bfloat16"


def is_free(x: np.ndarray) -> bool:
    """Whether nothing suggests a law: both signs, no integers, no constant sums, no symmetry."""
    return _is_unlike_any_law(x) and not is_constrained(x)


def _is_unlike_any_law(x: np.ndarray) -> bool:
    """As far as sums do not tell."""
    x = np.asarray(x, np.float64)
    if x.ndim == 0 or not ((x < 0).any() and (x > 0).any()) or (x == np.rint(x)).all():
        return False
    if x.ndim == 2 and x.shape[0] == x.shape[1] and np.allclose(x, x.T):
        return False
    return not (x.shape[0] > 2 and (np.diff(x, axis=0) >= 0).all())


def is_constrained(x: np.ndarray) -> bool:
    """Whether several sums, or sums of squares, along an axis are all the same."""
    x = np.asarray(x, np.float64)
    if not np.isfinite(x).all():
        return False
    x = x / np.abs(x).max(initial=1e-300)  # so that no square overflows
    return any(_constant(f(x, axis)) for f in (_sum, _squares) for axis in range(x.ndim))


def is_permutation(x: np.ndarray) -> bool:
    """Whether integers are all of 0 to n - 1 along an axis, once each."""
    if x.dtype.kind not in "iu" or x.size < 2:
        return False
    return any(
        n > 1 and bool((np.moveaxis(np.sort(x, axis), axis, -1) == np.arange(n)).all())
        for axis, n in enumerate(x.shape)
    )


def _sum(x, axis):
    return x.sum(axis) / max(float(np.abs(x).sum()), 1e-300)


def _squares(x, axis):
    return (x * x).sum(axis) / max(float((x * x).sum()), 1e-300)


def _constant(sums) -> bool:
    return np.size(sums) > 1 and bool(np.ptp(sums) <= CLOSE)
