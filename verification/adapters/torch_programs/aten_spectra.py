"""ATen's eigenvalues, singular values, what is made of them: the last two axes are the matrix.

JAX's own factorisations, so that balls enclose them and budgets know how LAPACK rounds.
"""

import jax.numpy as jnp
import numpy as np
from jax import lax

from .aten_linalg import inverse, orthogonal, solved, triangular

SQUARINGS, DEGREE = 6, 30  # the rest of the series is below 2^-110 for a norm of LARGEST
LARGEST = 64.0


def eigh(a, triangle="L", vectors=True):
    """Eigenvalues in ascending order, and vectors; of a one triangle is read."""
    v, w = lax.linalg.eigh(a, lower=triangle.upper() == "L", symmetrize_input=False)
    return w, (v if vectors else None)


def svd(a, full=False, vectors=True, driver=None):
    if not vectors:
        return None, lax.linalg.svd(a, compute_uv=False), None
    u, s, v = lax.linalg.svd(a, full_matrices=full)
    return u, s, v


def least_squares(a, b, rcond=None, driver=None):
    """The shortest x of those with the least ||a x - b||, of a with full rank."""
    is_vector = b.ndim == a.ndim - 1
    b = b[..., None] if is_vector else b
    if a.shape[-2] >= a.shape[-1]:
        q, r = orthogonal(a)
        x = solved(r, q.mT @ b)
    else:
        q, r = orthogonal(a.mT)
        x = q @ solved(r.mT, b)
    x = x[..., 0] if is_vector else x
    rank = np.full(a.shape[:-2], min(a.shape[-2:]))
    return x, _residuals(a, b, x, driver), rank, _singular_values(a, driver)


def _residuals(a, b, x, driver):
    """|a x - b|^2, for the drivers that answer it; none where there are not more rows."""
    if driver in (None, "gelsy") or a.shape[-2] <= a.shape[-1]:
        return np.zeros(0)
    return jnp.sum(jnp.square(a @ x.reshape(*x.shape[: b.ndim - 2], -1, b.shape[-1]) - b), -2)


def _singular_values(a, driver):
    has_them = driver in ("gelsd", "gelss")
    return lax.linalg.svd(a, compute_uv=False) if has_them else np.zeros(0)


def pseudo_inverse(a, atol=None, rtol=None, hermitian=False):
    """(a^T a)^-1 a^T, of a with full rank."""
    if a.shape[-2] < a.shape[-1]:
        return pseudo_inverse(a.mT).mT
    q, r = orthogonal(a)
    return inverse(r) @ q.mT


def exponential(a):
    """sum of a^k / k!, by squaring that of a / 64; NaN for a norm above LARGEST."""
    small = a * 2.0**-SQUARINGS
    one = jnp.broadcast_to(jnp.eye(a.shape[-1], dtype=a.dtype), a.shape)
    total = one
    for k in range(DEGREE, 0, -1):
        total = one + (small @ total) / k
    for _ in range(SQUARINGS):
        total = total @ total
    norm = jnp.max(jnp.sum(jnp.abs(a), -2), -1) if a.size else jnp.zeros(a.shape[:-2])
    return jnp.where((norm <= LARGEST)[..., None, None], total, jnp.nan)


def lu(a, pivot=True):
    """p, l and u of a = p l u."""
    m, n = a.shape[-2:]
    packed, _, order = lax.linalg.lu(a)
    k = min(m, n)
    lower = jnp.tril(packed[..., :k], -1) + jnp.eye(m, k, dtype=a.dtype)
    rows = (order[..., None, :] == jnp.arange(m)[:, None]).astype(a.dtype)
    return rows, lower, jnp.triu(packed[..., :k, :])


def lu_factors(a, pivot=True, check=False):
    packed, pivots, _ = lax.linalg.lu(a)
    return packed, pivots + 1, None


def lu_solved(packed, pivots, b, left=True, adjoint=False):
    """x of p l u x = b, or of x p l u = b; of the transpose where `adjoint`."""
    if not left:
        return lu_solved(packed, pivots, b.mT, True, not adjoint).mT
    lower, upper = jnp.tril(packed, -1) + jnp.eye(packed.shape[-1]), jnp.triu(packed)
    order = lax.linalg.lu_pivots_to_permutation(pivots - 1, packed.shape[-1])
    if not adjoint:
        rows = jnp.take_along_axis(b, order[..., None], -2)
        return triangular(upper, triangular(lower, rows, False), True)
    x = triangular(lower.mT, triangular(upper.mT, b, False), True)
    return jnp.take_along_axis(x, jnp.argsort(order, -1)[..., None], -2)


def lu_unpacked(packed, pivots, data=True, has_pivots=True):
    """p, l and u of the factors in one array, and of exchanges counted from 1."""
    m, n = packed.shape[-2:]
    k = min(m, n)
    none = jnp.zeros(0, packed.dtype)
    lower = jnp.tril(packed[..., :k], -1) + jnp.eye(m, k, dtype=packed.dtype)
    upper = jnp.triu(packed[..., :k, :])
    if has_pivots:
        order = lax.linalg.lu_pivots_to_permutation(jnp.asarray(pivots) - 1, m)
        rows = (order[..., None, :] == jnp.arange(m)[:, None]).astype(packed.dtype)
    return rows if has_pivots else none, *((lower, upper) if data else (none, none))


def reflected(a, tau, b, left=True, transpose=False):
    """q b, or b q, of the product q of all the reflections in a; or of its transpose."""
    m = b.shape[-2 if left else -1]
    whole = jnp.concatenate([a, jnp.zeros((*a.shape[:-1], m - a.shape[-1]), a.dtype)], -1)
    q = householder_product(whole, tau)
    q = q.mT if transpose else q
    return q @ b if left else b @ q


def householder_product(a, tau):
    """The first columns of the product of I - tau_k v_k v_k^T; v_k is 1 below zeros, then a."""
    m, n = a.shape[-2:]
    whole = jnp.broadcast_to(jnp.eye(m, dtype=a.dtype), (*a.shape[:-2], m, m))
    lower = jnp.tril(a, -1) + jnp.asarray(np.eye(m, n), a.dtype)
    for k in range(tau.shape[-1]):
        v = lower[..., k : k + 1]
        whole = whole - tau[..., k, None, None] * ((whole @ v) @ v.mT)
    return whole[..., :n]


SPECTRA = {
    "_linalg_eigh": eigh,
    "_linalg_svd": svd,
    "linalg_lstsq": least_squares,
    "linalg_pinv": pseudo_inverse,
    "linalg_matrix_exp": exponential,
    "matrix_exp": exponential,
    "linalg_lu": lu,
    "linalg_lu_factor_ex": lu_factors,
    "linalg_lu_solve": lu_solved,
    "linalg_householder_product": householder_product,
    "lu_unpack": lu_unpacked,
    "ormqr": reflected,
}
