"""Values over real balls: every output is proven to hold the exact one.

A gauge (the signs of vectors) and the rows that are exchanged in lu are those of the float program
at the middles of the balls: any other is as right, and none is the function's.  Where balls cannot
tell eigenvalues apart, or prove that an inverse exists, nothing is known.
"""

from functools import partial

import numpy as np
from flint import acb_mat, arb, ctx

from ...vocabulary import Undecided
from . import floats
from .batches import (
    balls,
    identity,
    kept,
    lower,
    mat,
    middles,
    over_batch,
    product,
    solved,
    stacked,
    unknown,
    upper,
    zeros,
)

ENOUGH = 512  # bits at which eigenvalues that are not told apart are said to coincide


# --- triangles -------------------------------------------------------------------------------


def triangle(a, *, lower: bool, unit_diagonal: bool) -> np.ndarray:
    """The part of a that a triangular solve reads."""
    strict = int(unit_diagonal)
    part = _lower(a, strict) if lower else upper(a, strict)
    return part + identity(len(a)) if unit_diagonal else part


_lower = lower


def triangular_solve(a, b, *, left_side, lower, transpose_a, conjugate_a, unit_diagonal, **_):
    """op(T) x = b, or x op(T) = b."""

    def one(a, b):
        t = triangle(a, lower=lower, unit_diagonal=unit_diagonal)
        turned = transpose_a == left_side
        matrix = t.T if turned else t
        return [solved(matrix, b) if left_side else solved(matrix, b.T).T]

    return over_batch(one, (2, 2), a, b)[0]


def symmetric(x: np.ndarray, reads_lower: bool = True) -> np.ndarray:
    """The symmetric matrix whose one triangle is that of x."""
    part = lower(x) if reads_lower else upper(x)
    return part + kept(part, ~np.eye(len(x), dtype=bool)).T


def cholesky(x, **_):
    """L with L L^T = x, of the lower triangle of x; column by column."""
    return over_batch(lambda a: [factor(symmetric(a))], (2,), x)[0]


def factor(a: np.ndarray) -> np.ndarray:
    a, n = a.copy(), len(a)
    out = zeros(a.shape)
    for j in range(n):
        out[j, j] = arb(a[j, j]).sqrt()
        out[j + 1 :, j] = a[j + 1 :, j] / out[j, j]
        rest = out[j + 1 :, j]
        a[j + 1 :, j + 1 :] = a[j + 1 :, j + 1 :] - rest[:, None] * rest[None, :]
    return out


def lu(x, **_):
    """L and U in one, the rows exchanged, and their order."""
    packed, pivots, order = over_batch(_lu, (2,), x)
    return packed, pivots.astype(np.int32), order.astype(np.int32)


def _lu(a):
    _, pivots, order = floats.lu_with_pivots(middles(a))
    a = balls(a)[order]
    for j in range(min(a.shape)):
        a[j + 1 :, j] = a[j + 1 :, j] / a[j, j]
        a[j + 1 :, j + 1 :] = a[j + 1 :, j + 1 :] - a[j + 1 :, j, None] * a[None, j, j + 1 :]
    return a, pivots, order


def tridiagonal(low, diagonal, high) -> np.ndarray:
    """The matrix of three diagonals; low[0] and high[-1] are outside."""
    n = len(diagonal)
    out, at = zeros((n, n)), np.arange(n)
    out[at, at] = diagonal
    out[at[1:], at[:-1]] = low[1:]
    out[at[:-1], at[1:]] = high[:-1]
    return out


def tridiagonal_solve(low, diagonal, high, b, **_):
    one = lambda dl, d, du, b: [solved(tridiagonal(dl, d, du), b)]
    return over_batch(one, (1, 1, 1, 2), low, diagonal, high, b)[0]


# --- orthogonal factors ----------------------------------------------------------------------


def qr(x, *, full_matrices, pivoting=False, **_):
    """Q and R: R R^T is the Cholesky factorisation of A^T A, up to signs."""
    if pivoting:
        raise Undecided("a QR factorisation with pivoting has no rule")
    return tuple(over_batch(partial(_qr, full_matrices), (2,), x))


def _qr(full: bool, a):
    m, n = a.shape
    k = min(m, n)
    first = balls(a[:, :k])
    sign = np.where(np.diagonal(floats.triangle_of_qr(middles(a))) < 0, -1, 1).astype(int)
    r = sign[:, None] * factor(product(first.T, first)).T
    q = solved(r.T, first.T).T
    if n > m:
        r = np.concatenate([r, product(q.T, balls(a[:, k:]))], axis=1)
    if full and m > n:  # what completes the basis is not unique
        q = np.concatenate([q, unknown((m, m - n))], axis=1)
        r = np.concatenate([r, zeros((m - n, n))])
    return q, r


def eigenpairs(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of a symmetric matrix in rising order, and unit vectors in columns."""
    n = len(a)
    if not all(v.is_finite() for v in a.flat):
        return unknown((n,)), unknown((n, n))
    try:
        values, vectors = acb_mat(mat(a)).eig(right=True)
    except ValueError as why:
        if ctx.prec >= ENOUGH:
            raise Undecided("eigenvalues or singular values coincide: a kink") from why
        return unknown((n,)), unknown((n, n))
    order = sorted(range(n), key=lambda k: float(values[k].real.mid()))
    columns = [_real([vectors[i, k] for i in range(n)]) for k in order]
    return _listed([values[k].real for k in order]), stacked(columns).T


def _real(column: list) -> np.ndarray:
    """A complex multiple of a real vector, as a unit vector."""
    largest = max(column, key=lambda v: float(abs(v).mid()))
    real = _listed([(v / largest).real for v in column])
    return real / arb((real * real).sum()).sqrt()


def _listed(numbers: list) -> np.ndarray:
    out = np.empty(len(numbers), object)
    out[:] = numbers
    return out


def turned(vectors: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Signs of columns: those that make them nearer to `like`."""
    return np.where((middles(vectors) * like).sum(0) < 0, -1, 1).astype(int)


def eigh(x, *, lower, **_):
    """Vectors and values, in this order, of one triangle of x."""

    def one(a):
        s = symmetric(a, lower)
        values, vectors = eigenpairs(s)
        return vectors * turned(vectors, floats.vectors_of_eigh(middles(s))), values

    return tuple(over_batch(one, (2,), x))


def svd(x, *, full_matrices, compute_uv, **_):
    """Singular values, falling; then U and V^T."""
    outs = over_batch(partial(singular_values, full_matrices and compute_uv), (2,), x)
    return tuple(outs if compute_uv else outs[:1])


def singular_values(full: bool, a):
    u, s, v = _singular_vectors(balls(a))
    sign = turned(u, floats.left_of_svd(middles(a)))
    u, v = u * sign, v * sign
    if full:  # what completes a basis is not unique
        u = np.concatenate([u, unknown((len(u), len(u) - len(s)))], axis=1)
        v = np.concatenate([v, unknown((len(v), len(v) - len(s)))], axis=1)
    return s, u, v.T


def _singular_vectors(a):
    """Of the smaller of A^T A and A A^T: eigenvalues s^2, and u = A v / s."""
    if a.shape[0] < a.shape[1]:
        v, s, u = _singular_vectors(a.T)
        return u, s, v
    values, v = eigenpairs(product(a.T, a))
    s = np.asarray(np.frompyfunc(arb.sqrt, 1, 1)(values[::-1]), object)
    v = v[:, ::-1]
    return product(a, v) / s, s, v


VALUES = {
    "triangular_solve": triangular_solve,
    "cholesky": cholesky,
    "lu": lu,
    "tridiagonal_solve": tridiagonal_solve,
    "qr": qr,
    "eigh": eigh,
    "svd": svd,
}
