"""The same primitives in floats, in NumPy: many matrices at once, on leading axes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax
import numpy as np

Array = Any
LAPACK = ContextVar("the float type whose run has the word on signs", default="float64")


@contextmanager
def signs_of(dtype: str) -> Iterator[None]:
    """Signs of vectors are those that JAX gives them in a dtype; LAPACK has two float types."""
    token = LAPACK.set("float64" if dtype in ("", "float64") else "float32")
    try:
        yield
    finally:
        LAPACK.reset(token)


def in_use(x: Array) -> Array:
    return x.astype(LAPACK.get())


def lu_with_pivots(a: Array) -> tuple[Array, Array, Array]:
    """L and U in one, the pivots of partial pivoting from 0, and the order of the rows."""
    a, order = np.array(a), np.arange(len(a))
    pivots = np.arange(min(a.shape))
    with np.errstate(all="ignore"):
        for j in pivots:
            pivots[j] = best = j + int(np.argmax(abs(a[j:, j])))
            a[[j, best]], order[[j, best]] = a[[best, j]], order[[best, j]]
            if a[j, j] != 0:
                a[j + 1 :, j] /= a[j, j]
            a[j + 1 :, j + 1 :] -= a[j + 1 :, j, None] * a[None, j, j + 1 :]
    return a, pivots, order


def lu_in_order(a: Array, order: Array) -> Array:
    """L and U in one, of the rows in this order."""
    a = np.take_along_axis(a, order[..., None], -2).copy()
    for j in range(min(a.shape[-2:])):
        a[..., j + 1 :, j] /= a[..., j, j, None]
        a[..., j + 1 :, j + 1 :] -= a[..., j + 1 :, j, None] * a[..., j, None, j + 1 :]
    return a


def orders(a: Array) -> Array:
    """Of every matrix, the order in which partial pivoting takes its rows."""
    flat = a.reshape(-1, *a.shape[-2:])
    return np.array([lu_with_pivots(m)[2] for m in flat], int).reshape(a.shape[:-1])


def symmetric(x: Array, lower: bool = True) -> Array:
    part = np.tril(x) if lower else np.triu(x)
    return part + np.swapaxes(np.tril(x, -1) if lower else np.triu(x, 1), -1, -2)


def safe(f: Callable, shapes: Callable) -> Callable:
    """f, or NaN of these shapes where LAPACK finds no answer, matrix by matrix."""

    def rule(x):
        x = np.asarray(x)
        good = np.isfinite(x).all((-1, -2))
        try:
            if good.all():
                return f(x)
        except np.linalg.LinAlgError:
            pass
        if x.ndim == 2:
            return tuple(np.full(shape, np.nan) for shape in shapes(*x.shape))
        outs = zip(*(rule(m) for m in x), strict=True)
        return tuple(np.stack(column) for column in outs)

    return rule


cholesky = safe(lambda x: (np.linalg.cholesky(x),), lambda n, _: [(n, n)])
_eigh = safe(lambda x: np.linalg.eigh(x)[::-1], lambda n, _: [(n, n), (n,)])
_svd = safe(
    lambda x: np.linalg.svd(x, full_matrices=False)[:3],
    lambda m, n: [(m, min(m, n)), (min(m, n),), (min(m, n), n)],
)
qr = safe(np.linalg.qr, lambda m, n: [(m, min(m, n)), (min(m, n), n)])


def eigh(x: Array) -> tuple[Array, Array]:
    """Vectors and values."""
    vectors, values = _eigh(x)
    return vectors, values


def svd(x: Array) -> tuple[Array, Array, Array]:
    """Values, U and V^T."""
    u, s, vt = _svd(x)
    return s, u, vt


def solve(a: Array, b: Array) -> Array:
    """a^-1 b; NaN where a is singular."""
    if not b.size:
        return b
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            return np.full(b.shape, np.nan)
        return np.stack([solve(m, c) for m, c in zip(a, b, strict=True)])


def triangular_solve(a, b, *, left_side, lower, transpose_a, unit_diagonal, **_) -> Array:
    part = np.tril(a, -unit_diagonal) if lower else np.triu(a, +unit_diagonal)
    t = part + np.eye(a.shape[-1]) if unit_diagonal else part
    turn = lambda x: np.swapaxes(x, -1, -2)
    matrix = turn(t) if transpose_a == left_side else t
    return solve(matrix, b) if left_side else turn(solve(matrix, turn(b)))


def tridiagonal_solve(low, diagonal, high, b, **_) -> Array:
    n = diagonal.shape[-1]
    a, at = np.zeros((*diagonal.shape, n)), np.arange(n)
    a[..., at, at] = diagonal
    a[..., at[1:], at[:-1]] = low[..., 1:]
    a[..., at[:-1], at[1:]] = high[..., :-1]
    return solve(a, b)


# --- signs, as the program itself has them ---------------------------------------------------


def _by_jax(factors: Callable) -> Callable:
    """One of the outputs of JAX's own factorisation: other builds of LAPACK have other signs."""

    def rule(x: Array) -> Array:
        with jax.enable_x64(True), jax.ensure_compile_time_eval():
            return np.asarray(factors(jax.numpy.asarray(x)), np.float64)

    return rule


vectors_of_eigh = _by_jax(lambda x: jax.lax.linalg.eigh(x, symmetrize_input=False)[0])
left_of_svd = _by_jax(lambda x: jax.lax.linalg.svd(x, full_matrices=False)[0])
triangle_of_qr = _by_jax(lambda x: jax.lax.linalg.qr(x, full_matrices=False)[1])
