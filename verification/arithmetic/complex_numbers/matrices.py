"""Factorisations of complex matrices by real ones of twice the size.

z is [[a, -b], [b, a]], entry by entry: then a triangle stays one, and the Cholesky factor of that
is that of the factor.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from .pairs import Pair, conj, div, mul, pair


def spread(z: Pair):
    """(..., m, n) -> (..., 2 m, 2 n), each entry as a matrix of four."""
    rows = jnp.stack([jnp.stack([z.re, -z.im], -1), jnp.stack([z.im, z.re], -1)], -2)
    *batch, m, n = z.shape
    return jnp.swapaxes(rows, -2, -3).reshape(*batch, 2 * m, 2 * n)


def gathered(x) -> Pair:
    return Pair(x[..., 0::2, 0::2], x[..., 1::2, 0::2])


def turn(z: Pair) -> Pair:
    return Pair(jnp.swapaxes(z.re, -1, -2), jnp.swapaxes(z.im, -1, -2))


def cholesky(z, **_):
    return gathered(lax.linalg.cholesky(spread(z), symmetrize_input=False))


def triangular_solve(a, b, *, left_side, lower, transpose_a, conjugate_a, unit_diagonal):
    """By a solve of the real matrix, whose triangle is one of blocks."""
    a, b = pair(a), pair(b)
    a = conj(a) if conjugate_a else a
    strict = -1 if unit_diagonal else 0
    part = lambda x: jnp.tril(x, strict) if lower else jnp.triu(x, -strict)
    t = Pair(part(a.re), part(a.im))
    if unit_diagonal:
        t = Pair(t.re + jnp.eye(t.shape[-1]), t.im)
    t = turn(t) if transpose_a == left_side else t
    right = b if left_side else turn(b)
    x = gathered(jnp.linalg.solve(spread(t), spread(right)))
    return x if left_side else turn(x)


def lu(z, **_):
    """Partial pivoting by |re| + |im|, as LAPACK has it; no real LU has its pattern of rows."""
    one = lambda re, im: _lu(Pair(re, im))
    for _ in z.shape[:-2]:
        one = jax.vmap(one)
    return one(*z)


def _lu(z: Pair):
    m, n = z.shape
    order, pivots = jnp.arange(m, dtype=jnp.int32), []
    for j in range(min(m, n)):
        best = j + jnp.argmax(jnp.abs(z.re[j:, j]) + jnp.abs(z.im[j:, j])).astype(jnp.int32)
        pivots.append(best)
        rows = jnp.arange(m, dtype=jnp.int32)
        rows = jnp.where(rows == j, best, jnp.where(rows == best, j, rows))
        z, order = Pair(z.re[rows], z.im[rows]), order[rows]
        column = div(Pair(z.re[j + 1 :, j], z.im[j + 1 :, j]), Pair(z.re[j, j], z.im[j, j]))
        outer = mul(
            Pair(column.re[:, None], column.im[:, None]),
            Pair(z.re[None, j, j + 1 :], z.im[None, j, j + 1 :]),
        )
        put = lambda x, c, o, j=j: x.at[j + 1 :, j].set(c).at[j + 1 :, j + 1 :].add(-o)
        z = Pair(put(z.re, column.re, outer.re), put(z.im, column.im, outer.im))
    return z, jnp.array(pivots, jnp.int32), order


MATRICES: dict[str, Callable] = {
    "cholesky": cholesky,
    "triangular_solve": triangular_solve,
    "lu": lu,
}
