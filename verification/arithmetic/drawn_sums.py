"""Random rounding of sums and products of matrices: how far one sum's roundings wander, and draws.

What the undisturbed terms say of it is the same for all draws, and dear: see Noise.once.
"""

from typing import NamedTuple

import numpy as np

from .any_order import unrounded
from .arrays import matrices
from .formats import Format
from .loops import InOrder, along, in_order, of_products
from .moves import landing
from .namespaces import cumsum as cumulative
from .namespaces import dot, scatter_sum
from .noise import Noise, sum_spread, underflow
from .samples import Samples, apply
from .shaken import ABSOLUTE, is_large, is_slim, shaken

SPARSE = 8  # so many times as many entries as are rounded: those are shaken alone
NO_LOOP = InOrder(np.zeros(()), np.zeros(()))  # sums that go by another order


class Spread(NamedTuple):
    """Of a sum: the deviation of its roundings, and where its terms alone may be too large."""

    deviation: np.ndarray
    beyond: np.ndarray


def spread_of(target: Format, value, n: int, root, loop: InOrder, products=False) -> Spread | None:
    """Of a sum of n terms; root: sqrt V.  Its terms' sizes add up to sqrt(n V) at most."""
    if n < 2 and not products:
        return None
    deviation = sum_spread(target, n, value, root, products, loop.path, loop.drift)
    if products:
        deviation = deviation + np.sqrt(n) * np.minimum(underflow(target), root)
    deviation = deviation.astype(np.float32) if is_slim(deviation) else deviation
    beyond = np.sqrt(n) * root > target.largest
    return Spread(deviation, beyond if beyond.any() else np.zeros((), bool))


def summed(noise: Noise, x: Samples, spread: Spread | None) -> Samples:
    """The sum x, rounded."""
    if spread is None:
        return x
    if is_large(x.value):
        return Samples(x.value, _beyond(spread, _shaken(noise, x, spread.deviation)))
    rows = noise.rows(x.rows)
    draw = noise.draw(x.value, np.sign(rows))
    draws = _beyond(spread, rows + spread.deviation * draw)
    return Samples(x.value, noise.settle(draws, draw))


def _beyond(spread: Spread, draws: np.ndarray) -> np.ndarray:
    return np.where(spread.beyond, np.inf, draws) if spread.beyond.any() else draws


def _shaken(noise: Noise, x: Samples, deviation: np.ndarray) -> np.ndarray:
    """Where anything was added at all: of a table, few rows are read."""
    deviation = np.broadcast_to(deviation, x.shape)
    places = np.flatnonzero(deviation)
    if SPARSE * len(places) > x.size:
        return shaken(noise, x.rows, deviation, ABSOLUTE)
    rows = np.array(noise.rows(x.rows)).reshape(-1, x.size)
    few = shaken(noise, rows[:, places], deviation.ravel()[places], ABSOLUTE)
    rows[:, places] = few
    return rows.reshape(-1, *x.shape)


def _top(x) -> float:
    """The largest size: squares are taken over it, or those of small numbers would be 0."""
    largest = float(np.max(abs(x), initial=0.0))
    return largest if 0.0 < largest < np.inf else 1.0


def reduce_sum(noise, x, axes, **_):
    axes = tuple(map(int, axes))
    total = apply(
        lambda v: v.sum(axes), x, of_rows=lambda rows: rows.sum(tuple(axis + 1 for axis in axes))
    )
    return summed(noise, total, noise.once(lambda: _spread_along(noise.target, x, axes)))


def _spread_along(target: Format, x: Samples, axes: tuple[int, ...]) -> Spread | None:
    """None, too, where exact terms come to an exact sum."""
    n, terms = int(np.prod([x.shape[i] for i in axes], dtype=int)), x.value
    if x.exact and unrounded(target, terms, axes).all():
        return None
    top = _top(terms)
    root = top * np.sqrt(((terms / top) ** 2).sum(axes))
    return spread_of(target, terms.sum(axes), n, root, in_order(target, along(terms, axes), top))


def cumsum(noise, x, axis, reverse, **_):
    total = lambda v: cumulative(v, axis, reverse)
    top = _top(x.value)
    root = top * np.sqrt(total((x.value / top) ** 2))
    sums = apply(total, x, of_rows=lambda rows: cumulative(rows, axis + 1, reverse))
    return summed(noise, sums, spread_of(noise.target, sums.value, x.shape[axis], root, NO_LOOP))


def scatter_add(noise, x, indices, updates, **params):
    total = lambda a, b, into=None: scatter_sum(a, indices, b, params, into)

    def undisturbed():
        top = max(_top(x.value), _top(updates.value))
        into = landing(x.shape, indices, updates.shape, params)
        root = top * np.sqrt(total((x.value / top) ** 2, (updates.value / top) ** 2, into))
        n = 1 + int(np.bincount(into[into >= 0], minlength=1).max())
        value = total(x.value, updates.value, into)
        return value, spread_of(noise.target, value, n, root, NO_LOOP), into

    value, spread, into = noise.once(undisturbed)
    if x.exact and updates.exact:
        return summed(noise, Samples(value), spread)
    rows = zip(noise.rows(x.rows), noise.rows(updates.rows), strict=True)
    sums = [total(a, b, into) for a, b in rows]
    draws = sums[0][None] if len(sums) == 1 else np.stack(sums)
    return summed(noise, Samples(value, draws), spread)


def dot_general(noise, a, b, dimension_numbers, **_):
    value, spread = noise.once(
        lambda: _undisturbed(noise.target, a.value, b.value, dimension_numbers)
    )
    draws = None if a.exact and b.exact else _dot(a.rows, b.rows, dimension_numbers)
    return summed(noise, Samples(value, draws), spread)


def _undisturbed(target: Format, a, b, dimension_numbers) -> tuple[np.ndarray, Spread | None]:
    """The product of the values, and its spread."""
    n = int(np.prod([a.shape[i] for i in dimension_numbers[0][0]], dtype=int))
    product = lambda p, q: dot(p, q, dimension_numbers)
    of_a, of_b = _top(a), _top(b)
    root = of_a * of_b * np.sqrt(product((a / of_a) ** 2, (b / of_b) ** 2))
    value = np.asarray(product(a, b))
    (left, _), (right, _) = _stacks(a[None], b[None], dimension_numbers)
    loop = of_products(target, left[0], right[0], of_a * of_b)
    loop = InOrder(*(part.reshape(value.shape) for part in loop))
    return value, spread_of(target, value, n, root, loop, products=True)


def _dot(a, b, dimension_numbers):
    """A general product of samples: axes as in dot_general, which does not count the first."""
    (a4, free_a), (b4, free_b) = _stacks(a, b, dimension_numbers)
    batch = tuple(a.shape[i + 1] for i in dimension_numbers[1][0])
    out = a4 @ b4
    return out.reshape(len(out), *batch, *free_a, *free_b)


def _stacks(a, b, dimension_numbers):
    """Samples of matrices, (samples, batch, rows, columns), and the free sizes of each operand."""
    (contract_a, contract_b), (batch_a, batch_b) = dimension_numbers
    left = _sampled_matrices(a, batch_a, contract_a, contract_last=True)
    return left, _sampled_matrices(b, batch_b, contract_b, contract_last=False)


def _sampled_matrices(x, batch, contract, contract_last: bool):
    after = lambda axes: tuple(axis + 1 for axis in axes)
    stack, free = matrices(x, (0, *after(batch)), after(contract), contract_last)
    return stack.reshape(len(x), len(stack) // len(x), *stack.shape[1:]), free


SUMS = {
    "reduce_sum": reduce_sum,
    "cumsum": cumsum,
    "scatter-add": scatter_add,
    "dot_general": dot_general,
}
