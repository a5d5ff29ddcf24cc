"""ATen's linear algebra of small matrices, written out: the last two axes are the matrix.

Elimination and substitution are sums and products of entries, so that every arithmetic has them.
Pivots are chosen where the numbers are known to nobody: by comparison, row by row.  Eigenvalues,
singular values and what is made of them: aten_spectra.py.
"""

import jax.numpy as jnp
import numpy as np


def eliminated(a, b):
    """(u, c, sign): u = upper triangle of rows of a by exchange and elimination, c = the same of b.

    Partial pivoting: of the rows left, the first with the largest entry.
    """
    n, sign = a.shape[-1], jnp.ones(a.shape[:-2], a.dtype)
    whole = jnp.concatenate([a, b], -1)
    for k in range(n):
        column = jnp.abs(whole[..., k:, k])
        best = jnp.argmax(column, -1) + k
        sign = jnp.where(best == k, sign, -sign)
        rows = np.arange(n)
        order = jnp.where(rows == k, best[..., None], jnp.where(rows == best[..., None], k, rows))
        whole = jnp.take_along_axis(whole, order[..., None], -2)
        pivot = whole[..., k : k + 1, :]
        for i in range(k + 1, n):
            factor = whole[..., i, k] / whole[..., k, k]
            row = whole[..., i : i + 1, :] - factor[..., None, None] * pivot
            whole = jnp.concatenate([whole[..., :i, :], row, whole[..., i + 1 :, :]], -2)
    return whole[..., :n], whole[..., n:], sign


def back_substituted(u, c):
    """x with u x = c, of an upper triangle u."""
    n, rows = u.shape[-1], []
    for i in reversed(range(n)):
        right = c[..., i, :]
        for row, k in zip(reversed(rows), range(i + 1, n), strict=False):
            right = right - u[..., i, k, None] * row
        rows.append(right / u[..., i, i, None])
    return jnp.stack(rows[::-1], -2) if rows else c


def solved(a, b):
    a, b = spread(a, b)
    u, c, _ = eliminated(a, b)
    return back_substituted(u, c)


def spread(a, b):
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return (jnp.broadcast_to(x, (*lead, *x.shape[-2:])) for x in (a, b))


def solve(a, b, left=True, check=False):
    """x of a x = b, or of x a = b; b is a vector where it has the axes of a without one."""
    is_vector = b.ndim == 1 or (b.ndim == a.ndim - 1 and b.shape == a.shape[:-1])
    b = b[..., None] if is_vector else b
    a, b = (a, b) if left else (a.mT, b.mT)
    x = solved(a, b)
    x = x if left else x.mT
    return (x[..., 0] if is_vector else x), None, None, None


def inverse(a):
    return solved(a, jnp.broadcast_to(jnp.eye(a.shape[-1], dtype=a.dtype), a.shape))


def determinant(a):
    u, _, sign = eliminated(a, jnp.zeros((*a.shape[:-1], 0), a.dtype))
    return sign * jnp.prod(jnp.diagonal(u, axis1=-2, axis2=-1), -1)


def sign_and_log(a):
    u, _, sign = eliminated(a, jnp.zeros((*a.shape[:-1], 0), a.dtype))
    diagonal = jnp.diagonal(u, axis1=-2, axis2=-1)
    return sign * jnp.prod(jnp.sign(diagonal), -1), jnp.sum(jnp.log(jnp.abs(diagonal)), -1)


def triangular(a, b, upper, left=True, unit=False):
    """x of a x = b, or of x a = b, of a triangle; `unit` takes its diagonal for ones."""
    a, b = spread(a, b)
    a, b = (a, b) if left else (a.mT, b.mT)
    upper = upper if left else not upper
    if unit:
        a = jnp.where(jnp.eye(a.shape[-1], dtype=bool), 1, a)
    if not upper:
        x = jnp.flip(back_substituted(jnp.flip(a, (-2, -1)), jnp.flip(b, -2)), -2)
    else:
        x = back_substituted(a, b)
    return x if left else x.mT


def cholesky(a, upper=False):
    """The lower triangle l of a = l l^T, or its transpose; of a the same triangle is read."""
    a = a.mT if upper else a
    n = a.shape[-1]
    zero = jnp.zeros(a.shape[:-2], a.dtype)
    rows: list[list] = [[zero] * n for _ in range(n)]
    for j in range(n):
        for i in range(j, n):
            rest = a[..., i, j]
            for k in range(j):
                rest = rest - rows[i][k] * rows[j][k]
            rows[i][j] = jnp.sqrt(rest) if i == j else rest / rows[j][j]
    lower = jnp.stack([jnp.stack(row, -1) for row in rows], -2) if n else a
    return lower.mT if upper else lower


def from_cholesky(triangle, upper=False):
    """The inverse of l l^T."""
    lower = jnp.tril(triangle.mT if upper else triangle)
    half = triangular(lower, jnp.broadcast_to(jnp.eye(lower.shape[-1]), lower.shape), False)
    return half.mT @ half


def cholesky_solved(b, triangle, upper=False):
    lower = jnp.tril(triangle.mT if upper else triangle)
    return triangular(lower.mT, triangular(lower, b, False), True)


def orthogonal(a, mode="reduced"):
    """q and r, by reflections; r's diagonal has the signs that Householder's have."""
    m, n = a.shape[-2:]
    k, full = min(m, n), mode == "complete"
    q = jnp.broadcast_to(jnp.eye(m, dtype=a.dtype), (*a.shape[:-2], m, m))
    for j in range(min(m - 1, n)):
        x = a[..., j:, j]
        size = jnp.sqrt(jnp.sum(x * x, -1))
        head = x[..., 0] + jnp.where(x[..., 0] >= 0, size, -size)
        v = jnp.concatenate([jnp.zeros((*a.shape[:-2], j)), head[..., None], x[..., 1:]], -1)
        scale = 2 / jnp.sum(v * v, -1)[..., None, None]
        a = a - scale * v[..., :, None] * (v[..., None, :] @ a)
        q = q - scale * (q @ v[..., :, None]) * v[..., None, :]
    r = jnp.triu(a)
    return (q, r) if full else (q[..., :k], r[..., :k, :])


def qr(a, mode="reduced"):
    q, r = orthogonal(a, mode)
    return (q[..., :0] if mode == "r" else q), r


LINALG = {
    "_linalg_solve_ex": solve,
    "linalg_inv_ex": lambda a, check=False: (inverse(a), None),
    "_linalg_det": lambda a: (determinant(a), None, None),
    "_linalg_slogdet": lambda a: (*sign_and_log(a), None, None),
    "linalg_solve_triangular": lambda a, b, upper, left=True, unitriangular=False: triangular(
        jnp.triu(a) if upper else jnp.tril(a), b, upper, left, unitriangular
    ),
    "triangular_solve": lambda b, a, upper=True, transpose=False, unit=False: (
        triangular(
            (jnp.triu(a) if upper else jnp.tril(a)).mT if transpose else a,
            b,
            upper != transpose,
            True,
            unit,
        ),
        a,
    ),
    "linalg_cholesky_ex": lambda a, upper=False, check=False: (cholesky(a, upper), None),
    "cholesky": cholesky,
    "cholesky_inverse": from_cholesky,
    "cholesky_solve": cholesky_solved,
    "_cholesky_solve_helper": cholesky_solved,
    "linalg_qr": qr,
}
