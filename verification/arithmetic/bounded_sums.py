"""Running error bounds of sums: in any order, and in the format that sums run in."""

from typing import Any

import jax
import numpy as np
from jax import lax

from .any_order import joined, opposite, terms, unrounded
from .bounded import Bounded, infinite, rounded, zero
from .formats import Format
from .moves import landing
from .namespaces import cumsum as cumulative
from .namespaces import dot, is_traced, namespace, scatter_sum, where
from .watched import added, smallest


def gamma(unit: float, n):
    """n u / (1 - n u): what n roundings in a row may do.  Higham 2002, lemma 3.1."""
    small = n * unit
    return where(small < 1.0, small / where(small < 1.0, 1.0 - small, 1.0), np.inf)


def add(target, x, y, **_):
    """Several terms may be added in another order: see any_order.py.

    With an infinity, as of a mask, a sum is that infinity, and not rounded.
    """
    parts = joined(terms(x.value, x.parts, x.error), terms(y.value, y.parts, y.error))
    parts = parts._replace(error=parts.error + started(target, x, y))
    error = parts.error + (parts.count - 2) * target.unit * parts.partial
    value = x.value + y.value
    exact = ((value == 0) & (error == 0)) | endless(value, x, y)
    total = rounded(target, value, error, exact=exact)
    return Bounded(total.value, total.bound, parts=parts)


def sub(target, x, y, **_):
    """What cancels here is the program's choice: a difference is no sum of several terms."""
    value, error = x.value - y.value, started(target, x, y)
    if not (x.exact and y.exact):
        error = error + x.error + y.error
    return rounded(target, value, error, exact=((value == 0) & (error == 0)) | endless(value, x, y))


def endless(value, x: Bounded, y: Bounded):
    """Where a sum is infinite because one of the two was."""
    return (abs(value) == np.inf) & (infinite(x) | infinite(y))


def started(target, x, y):
    """A kernel may start the sum of x with y, a bias or a buffer: then y sees all its roundings."""
    error = 0.0
    for total, start in ((x, y), (y, x)):
        if total.terms:
            error = error + gamma(target.sums, total.terms) * abs(start.value)
    return error


def negated(x: Bounded) -> Bounded:
    return Bounded(-x.value, x.bound, parts=x.parts and opposite(x.parts))


def dot_general(target, a, b, dimension_numbers, **_):
    """(A + E)(B + F) - AB, and gamma_n |A||B|: two products of sizes, one where A is exact."""
    n = int(np.prod([a.shape[i] for i in dimension_numbers[0][0]], dtype=int))
    product = lambda p, q: dot(p, q, dimension_numbers)
    size_a, size_b = abs(a.value), abs(b.value)
    factor = gamma(target.sums, n)
    if np.isinf(factor):
        return Bounded(product(a.value, b.value), np.inf)
    error = product(size_a, factor * size_b + b.error)
    if not a.exact:
        error = error + product(a.error, size_b + b.error)
    exact = (error == 0) & _no_underflow(a, b, factor)
    value = product(a.value, b.value)
    reach = _reach(target, product, n, a, b)
    lower = error + n * smallest(target)
    added(target, error, lower, exact)
    return summed(target, value, lower, reach, exact, n)


def _reach(target: Format, product, n: int, a: Bounded, b: Bounded):
    """|A||B| with their errors; 0 where even n max|A| max|B| is within the range of the format."""
    size_a, size_b = (abs(x.value) + x.error for x in (a, b))
    xp = namespace(size_a, size_b)
    small = n * xp.max(size_a, initial=0.0) * xp.max(size_b, initial=0.0) <= target.largest
    sizes = lambda: product(size_a, size_b)
    if is_traced(small):
        shape = jax.eval_shape(sizes).shape
        return lax.cond(small, lambda: xp.zeros(shape), sizes)
    return 0.0 if small else sizes()


def _no_underflow(a: Bounded, b: Bounded, factor):
    """Whether a product of sizes that is 0 in float64 is 0 indeed."""
    smallest = lambda x: _smallest(x.value) if x.exact else _smallest(x.value, x.error)
    return smallest(a) * smallest(b) * factor > 1e-290


def _smallest(*parts):
    xp = namespace(*parts)
    least = [xp.min(where(p == 0, np.inf, abs(p)), initial=np.inf) for p in parts]
    return xp.minimum(1e300, xp.min(xp.stack([xp.asarray(m, xp.float64) for m in least])))


def summed(target: Format, value, error, reach, exact: Any = False, terms: int = 0) -> Bounded:
    """A sum that ends in the result's format: one rounding more, where it runs in a finer one.

    `reach` is the sum of the sizes: in some order a part of the sum is nearly as large.
    """
    error = where(reach + error <= target.largest, error, np.inf)
    total = rounded(target, value, error, float(target.sums < target.unit), exact=exact)
    return Bounded(total.value, total.bound, terms)


def reduce_sum(target, x, axes, **_):
    axes = tuple(map(int, axes))  # of NumPy, in some programs
    n = int(np.prod([x.shape[i] for i in axes], dtype=int))
    moved, size = x.error.sum(axes), abs(x.value).sum(axes)
    error = moved + gamma(target.sums, max(n - 1, 0)) * size
    exact = zero(x).all(axes)
    if x.exact:
        exact = exact | unrounded(target, x.value, axes)
        n = 0 if not is_traced(exact) and exact.all() else n  # nothing may be started with it
    return summed(target, x.value.sum(axes), error, moved + size, exact, n)


def cumsum(target, x, axis, reverse, **_):
    total = lambda a: cumulative(a, axis, reverse)
    moved, size = total(x.error), total(abs(x.value))
    error = moved + gamma(target.sums, x.shape[axis] - 1) * size
    return summed(target, total(x.value), error, moved + size)


def scatter_add(target, x, indices, updates, **params):
    total = lambda a, b: scatter_sum(a, indices, b, params)
    size = total(abs(x.value), abs(updates.value))
    n = largest_share(x.shape, indices, updates.value, params)
    moved = total(x.error, updates.error)
    error = moved + gamma(target.sums, n) * size
    return summed(target, total(x.value, updates.value), error, moved + size)


def largest_share(shape, indices, updates, params):
    """How many terms the longest of the sums has, besides the entry itself."""
    if is_traced(indices):
        xp = namespace(updates, indices)
        ones = xp.ones(updates.shape)
        return xp.max(scatter_sum(xp.zeros(shape), indices, ones, params), initial=0.0)
    into = landing(shape, indices, updates.shape, params)
    return int(np.bincount(into[into >= 0], minlength=1).max())
