"""Cotangents over real balls, by the implicit theorem: from the enclosed outputs alone.

A line in the table: (cotangents of the outputs, outputs, *operands, **params) -> one cotangent for
each operand, of one matrix each.  A cotangent above is 0 where nothing arrives.

Sources: Giles, An extended collection of matrix derivative results (2008); Murray, Differentiation
of the Cholesky decomposition (2016); Townsend, Differentiating the SVD (2016); Seeger et al.,
Auto-differentiating linear algebra (2017).  The tests derive each again, from differences.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from flint import arb

from .batches import (
    RANKS,
    balls,
    identity,
    kept,
    lower,
    over_batch,
    product,
    solved,
    unknown,
    upper,
    zeros,
)
from .enclosed import singular_values, triangle, tridiagonal

Balls = np.ndarray
HALF = arb(1) / 2


def nothing(x: Balls) -> bool:
    """Whether every entry is 0, and not only near it."""
    return all(arb(v).is_zero() for v in x.flat)


def from_triangular_solve(
    above, outs, a, b, *, left_side, lower, transpose_a, unit_diagonal, **_
) -> list:
    """op(T) x = b: b' = op(T)^-T d, and op(T)' = -b' x^T on the triangle that is read."""
    (d,), (x,) = above, outs
    t = triangle(a, lower=lower, unit_diagonal=unit_diagonal)
    matrix = t.T if transpose_a == left_side else t  # of x, or of x^T
    d, x = (d, x) if left_side else (d.T, x.T)
    of_b = solved(matrix.T, d)
    of_matrix = -product(of_b, x.T)
    of_t = of_matrix.T if transpose_a == left_side else of_matrix
    strict = int(unit_diagonal)
    of_t = _lower(of_t, strict) if lower else upper(of_t, strict)
    return [of_t, of_b if left_side else of_b.T]


_lower = lower


def halved(x: Balls) -> Balls:
    """The lower triangle, with half of the diagonal."""
    return kept(x, np.tri(len(x), k=-1, dtype=bool)) + HALF * kept(x, np.eye(len(x), dtype=bool))


def on_triangle(x: Balls, reads_lower: bool = True) -> Balls:
    """The cotangent of a symmetric matrix, as that of the one triangle that is read."""
    both = x + x.T - kept(x, np.eye(len(x), dtype=bool))
    return lower(both) if reads_lower else upper(both)


def from_cholesky(above, outs, x, **_) -> list:
    """x' = L^-T sym(phi(L^T L')) L^-1, phi the lower triangle with half of the diagonal."""
    (d,), (factor,) = above, outs
    middle = halved(product(factor.T, lower(d)))
    middle = HALF * (middle + middle.T)
    half_way = solved(factor.T, middle)  # L^-T M
    return [on_triangle(solved(factor.T, half_way.T).T)]


def from_lu(above, outs, x, **_) -> list:
    """(P x)' = L^-T (stril(L^T L') + triu(U' U^T)) U^-T, and what hangs over beside it."""
    d, (packed, _, order) = above[0], outs
    k = min(x.shape)
    low, up = lower(packed[:k, :k], 1) + identity(k), upper(packed[:k, :k])
    of_low, of_up = lower(d[:k, :k], 1), upper(d[:k, :k])
    of_rows = zeros(x.shape)
    if len(x) > k:  # rows below: L_2 = x_2 U^-1
        of_rows[k:] = solved(up, d[k:].T).T
        of_up = of_up - upper(product(packed[k:].T, of_rows[k:]))
    if x.shape[1] > k:  # columns beside: U_2 = L^-1 x_2
        of_rows[:, k:] = solved(low.T, d[:, k:])
        of_low = of_low - lower(product(of_rows[:, k:], packed[:, k:].T), 1)
    middle = lower(product(low.T, of_low), 1) + upper(product(of_up, up.T))
    of_rows[:k, :k] = solved(up, solved(low.T, middle).T).T
    out = zeros(x.shape)
    out[order] = of_rows
    return [out]


def from_tridiagonal_solve(above, outs, low, diagonal, high, b, **_) -> list:
    (d,), (x,) = above, outs
    of_b = solved(tridiagonal(low, diagonal, high).T, d)
    of_matrix = -product(of_b, x.T)
    of_low, of_high = zeros(low.shape), zeros(high.shape)
    of_low[1:], of_high[:-1] = np.diagonal(of_matrix, -1), np.diagonal(of_matrix, 1)
    return [of_low, np.diagonal(of_matrix).copy(), of_high, of_b]


def from_qr(above, outs, x, **_) -> list:
    """x' = (Q' + Q copyltu(R R'^T - Q'^T Q)) R^-T, of the square part of R; the rest is Q R_2."""
    (of_q, of_r), (q, r) = above, outs
    m, n = x.shape
    k = min(m, n)
    if not nothing(of_q[:, k:]):
        return [unknown(x.shape)]  # what completes a basis is not unique
    q, of_q, of_r = q[:, :k], of_q[:, :k], upper(of_r[:k])
    of_rest = product(q, of_r[:, k:]) if n > k else zeros((m, 0))
    if n > k:
        of_q = of_q + product(x[:, k:], of_r[:, k:].T)
    square, of_square = r[:k, :k], of_r[:, :k]
    inner = product(square, of_square.T) - product(of_q.T, q)
    inner = lower(inner) + lower(inner, 1).T
    return [np.concatenate([solved(square, (of_q + product(q, inner)).T).T, of_rest], axis=1)]


def apart(values: Balls) -> Balls:
    """1 / (w_j - w_i), and 0 on the diagonal."""
    gaps = values[None, :] - values[:, None] + identity(len(values))
    return kept(1 / gaps, ~np.eye(len(values), dtype=bool))


def from_eigh(above, outs, x, *, lower, **_) -> list:
    """x' = V (diag(w') + F o (V^T V')) V^T, F_ij = 1 / (w_j - w_i)."""
    (of_vectors, of_values), (vectors, values) = above, outs
    inner = identity(len(values)) * of_values
    if not nothing(of_vectors):
        inner = inner + apart(values) * product(vectors.T, of_vectors)
    full = product(vectors, inner, vectors.T)
    return [on_triangle(HALF * (full + full.T), lower)]


def from_svd(above, outs, x, **params) -> list:
    """x' = U (diag(s') + (J + J^T) S + S (K + K^T)) V^T + (1 - U U^T) U' S^-1 V^T (and across).

    J = F o (U^T U'), K = F o (V^T V'), F_ij = 1 / (s_j^2 - s_i^2).
    """
    k = min(x.shape)
    s, u, v = outs if len(outs) == 3 else singular_values(False, x)
    u, v, inner = u[:, :k], v[:k].T, identity(k) * above[0]
    if all(map(nothing, above[1:])):
        return [product(u, inner, v.T)]
    if not (nothing(above[1][:, k:]) and nothing(above[2][k:])):
        return [unknown(x.shape)]  # what completes a basis is not unique
    of_u, of_v = above[1][:, :k], above[2][:k].T
    f = apart(s * s)
    of_left, of_right = f * product(u.T, of_u), f * product(v.T, of_v)
    inner = inner + (of_left + of_left.T) * s[None, :] + s[:, None] * (of_right + of_right.T)
    out = product(u, inner, v.T)
    if len(x) > k:
        out = out + product(_beside(u, of_u / s), v.T)
    if x.shape[1] > k:
        out = out + product(u, _beside(v, of_v / s).T)
    return [out]


def _beside(basis: Balls, x: Balls) -> Balls:
    """(1 - B B^T) x."""
    return x - product(basis, product(basis.T, x))


ONE_MATRIX: dict[str, Callable] = {
    "triangular_solve": from_triangular_solve,
    "cholesky": from_cholesky,
    "lu": from_lu,
    "tridiagonal_solve": from_tridiagonal_solve,
    "qr": from_qr,
    "eigh": from_eigh,
    "svd": from_svd,
}


def pullback(name: str) -> Callable:
    """(cotangents above, outputs, operands, params) -> cotangents of the operands."""

    def rule(above: Sequence, outs: Sequence, ins: Sequence, params: Mapping) -> list:
        filled = [
            zeros(out.shape) if d is None else balls(d) for d, out in zip(above, outs, strict=True)
        ]
        ranks_out, ranks_in = RANKS[name]
        one = lambda *parts: ONE_MATRIX[name](
            parts[: len(outs)], parts[len(outs) : 2 * len(outs)], *parts[2 * len(outs) :], **params
        )
        ranks_out = ranks_out[: len(outs)]
        return over_batch(one, (*ranks_out, *ranks_out, *ranks_in), *filled, *outs, *ins)

    return rule


PULLBACKS = {name: pullback(name) for name in ONE_MATRIX}
