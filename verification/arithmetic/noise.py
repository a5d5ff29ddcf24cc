"""The model of one rounding, and the random numbers that stand for it.

In a format of unit u:

    elementary operation   s.d. k u / sqrt 3, k its bound in ulps (1 for + - *)
    sum of n terms         s.d. u sqrt((n/9 + 1/6) S^2 + (n/18) V), S the sum, V the sum of squares
    dot product            the same with S = A.B, V = A^2.B^2, and V/3 more for the products

The sums are those of a walk that ends at S and wanders by V: over random signs S^2 is V on average
and the variance n/6 V; terms of one sign add n/9 S^2, as they do in a loop that adds in order.
A plain loop over the terms may do more: see loops.py.  Where sums run in a finer format, u is that
format's, and one rounding of the result follows.  Half of the variance of each operation is one
number for the whole array: equal operands are rounded alike, so that errors of equal rows add up.

Source: Parker, Monte Carlo Arithmetic (1997); Higham & Mary, A new approach to probabilistic
rounding error analysis (2019).
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .formats import Format
from .namespaces import namespace

DRAWS = 32
T = TypeVar("T")


class Noise:
    """The format that rounds, and the draws: numbers `first` to `first + count` of the 32.

    `kept`: what all draws of one program at one point have in common, where they are drawn in
    several runs; the first run fills it.
    """

    def __init__(self, target: Format, first: int, count: int, seed: int, kept: dict | None = None):
        self.target, self.numbers, self.seed = target, np.arange(first, first + count), seed
        self.kept, self.asked = kept, 0
        self.grid = 2.0 * target.unit * target.tiny  # spacing of the subnormal numbers
        self.flushed = underflow(target) == target.tiny
        self.operations = 0

    def draw(self, like, lean: Any = 1.0):
        """(count, *like.shape) of unit variance: a number for each entry, and one for all of them.

        `lean` turns the common one: an entry's own sign, where sums lean away from zero.  Normal,
        not of one size: what is not linear answers to the large ones.
        """
        self.operations += 1
        rng = np.random.default_rng([self.seed, self.operations, int(self.numbers[0])])
        own = rng.standard_normal((len(self.numbers), *like.shape), np.float32)
        common = rng.standard_normal(len(self.numbers), np.float32)
        both = own + lean * common.astype(np.float64).reshape(-1, *(1,) * like.ndim)
        return 0.5**0.5 * both

    def once(self, find: Callable[[], T]) -> T:
        """find(), which depends on no draw: found by the first run, and kept for the others."""
        self.asked += 1
        if self.kept is None:
            return find()
        if self.asked not in self.kept:
            self.kept[self.asked] = find()
        return self.kept[self.asked]

    def settle(self, draws, noise, flushed: bool = False):
        """Underflow and overflow of a result."""
        size = abs(draws)
        small = (size < self.target.tiny) & (size > 0.0)
        over = ~(size <= self.target.largest)
        if not (small | over).any():
            return draws
        draws = np.where(over & (draws == draws), np.copysign(np.inf, draws), draws)
        shaken = draws + (self.grid / 12**0.5) * noise
        if flushed or self.flushed:
            odd = (self.numbers % 2 == 1).reshape(-1, *(1,) * (draws.ndim - 1))
            shaken = np.where(odd, 0.0, shaken)
        return np.where(small, shaken, draws)

    def rows(self, draws):
        """All draws, also where they are alike."""
        shape = (len(self.numbers), *draws.shape[1:])
        return np.broadcast_to(draws, shape)


def underflow(target: Format) -> float:
    """What underflow may take: the smallest normal number, or one step of the subnormal grid.

    float16 keeps its subnormals in arithmetic: it is computed in float32, or gradually.
    """
    return 2.0 * target.unit * target.tiny if target.name == "float16" else target.tiny


def sum_spread(
    target: Format, n: Any, total, root, products: bool, path: Any = 0.0, drift: Any = 0.0
):
    """The standard deviation of a sum of n terms, root the root of the sum of their squares.

    path and drift are those of a plain loop over the terms: see loops.py.
    """
    whole, walk = (n / 9 + 1 / 6) ** 0.5, (n / 18 + products / 3) ** 0.5
    xp = namespace(total, root, path, drift)
    spread = xp.maximum(target.sums * xp.hypot(whole * total, walk * root), path)
    spread = xp.hypot(spread, drift)
    return xp.hypot(spread, (target.sums < target.unit) * target.unit / 3**0.5 * total)
