"""Square matrices beside a matrix of weights: x x^T and x^T x, and their inverse roots.

They lie in one vector, leaf after leaf, as the weights do; axis -2 has the side of the rows, -1
that of the columns.  A leaf with fewer than two axes is one row.

An inverse root is a function of a symmetric matrix: where A is off by E, A^(-1/p) is off by

    |E| / p (least eigenvalue of A - |E|)^(-1/p - 1)

in Frobenius norm, for every divided difference of x^(-1/p) is a slope in between.  To E belongs the
backward error of the eigenvalues, ROUNDED n units of |A|.
Source: Higham, Functions of Matrices (2008), theorem 3.30 and chapter 7.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx

from ..vocabulary import Undecided
from .newton_schulz import as_matrices
from .vectors import Slices

ROUNDED = 10  # of eigenvalues by LAPACK, its tests allow thirty
SINGULAR = "the root of a matrix that may be singular"
MOST, DIGITS = 400, 2  # steps of Newton; how many times the working precision


def sides(where: Slices, axis: int) -> Iterator[tuple[slice, int]]:
    """The place of each square matrix in the vector of its side, and its size."""
    end = 0
    for _, rows, columns in as_matrices(where):
        n = rows if axis == -2 else columns
        yield slice(end, end + n * n), n
        end += n * n


def eye(where: Slices, axis: int) -> np.ndarray:
    return np.concatenate([np.eye(n).ravel() for _, n in sides(where, axis)])


def gram(x: np.ndarray, where: Slices, axis: int) -> np.ndarray:
    """x x^T of each leaf for axis -2, x^T x for -1."""
    out = []
    for m in _leaves(x, where):
        square = m @ m.swapaxes(-1, -2) if axis == -2 else m.swapaxes(-1, -2) @ m
        out.append(square.reshape(*x.shape[:-1], -1))
    return np.concatenate(out, axis=-1)


def times(a: np.ndarray, x: np.ndarray, where: Slices, axis: int) -> np.ndarray:
    """a x of each leaf for axis -2, x a for -1."""
    out = []
    for m, (s, n) in zip(_leaves(x, where), sides(where, axis), strict=True):
        square = a[..., s].reshape(*a.shape[:-1], n, n)
        product = square @ m if axis == -2 else m @ square
        out.append(product.reshape(*product.shape[:-2], -1))
    return np.concatenate(out, axis=-1)


def lengths(where: Slices, axis: int, summed: int) -> np.ndarray:
    """How many products an entry of a `gram` (summed 0) or of `times` (summed 1) is the sum of."""
    out = []
    for _, rows, columns in as_matrices(where):
        n, other = (rows, columns) if axis == -2 else (columns, rows)
        out.append(np.full(n * other if summed else n * n, n if summed else other, np.float64))
    return np.concatenate(out)


def _leaves(x: np.ndarray, where: Slices) -> Iterator[np.ndarray]:
    for s, rows, columns in as_matrices(where):
        yield x[..., s].reshape(*x.shape[:-1], rows, columns)


def each(f, a: np.ndarray, where: Slices, axis: int) -> np.ndarray:
    """f of every square matrix."""
    square = lambda s, n: a[..., s].reshape(*a.shape[:-1], n, n)
    made = [f(square(s, n)).reshape(*a.shape[:-1], n * n) for s, n in sides(where, axis)]
    return np.concatenate(made, axis=-1)


def root(a: np.ndarray, p: int) -> np.ndarray:
    """a^(-1/p) in floats, by eigenvalues; in wider ones, which have none, as `enclosed`."""
    wide = a.dtype == np.longdouble != np.float64
    held = a.dtype if wide or a.dtype in (np.float32, np.float64) else np.float64
    finite = np.where(np.isfinite(a), a, 0.0).astype(held)
    with np.errstate(all="ignore"):
        x = _coupled(finite, p) if wide else _by_eigenvalues(finite, p)
    return np.where(np.isfinite(a), x, np.nan).astype(a.dtype)


def _by_eigenvalues(a: np.ndarray, p: int) -> np.ndarray:
    values, q = np.linalg.eigh(a)
    return (q * (values ** (-1.0 / p))[..., None, :]) @ q.swapaxes(-1, -2)


def _coupled(a: np.ndarray, p: int) -> np.ndarray:
    """Newton's coupled iteration for many matrices, until none comes nearer."""
    one, whole = np.eye(a.shape[-1]), np.trace(a, axis1=-1, axis2=-2)[..., None, None]
    x, m = one * whole ** (a.dtype.type(-1.0) / p), a / whole
    before = np.inf
    for _ in range(MOST):
        t = ((p + 1) * one - m) / p
        x, m = x @ t, _power(t, p) @ m
        off = np.nanmax(np.abs(one - m), initial=0.0)
        if not off < before or off == 0.0:
            break
        before = off
    return x


def _power(x: Any, p: int) -> Any:
    out = x
    for _ in range(p - 1):
        out = out @ x if isinstance(x, np.ndarray) else out * x
    return out


def root_error(a: np.ndarray, off: np.ndarray, p: int, unit: float) -> np.ndarray:
    """What the inverse root of each matrix may be off by; `off` is of its entries."""
    a = a.astype(np.float64)
    known = np.asarray(np.isfinite(a + off).all(axis=(-1, -2), keepdims=True))
    held = np.where(known, a, np.eye(a.shape[-1]))
    known = known[..., 0, 0]
    n, whole = a.shape[-1], np.linalg.norm(held, axis=(-1, -2))
    backward = ROUNDED * n * unit * whole
    by = np.where(known, np.linalg.norm(off, axis=(-1, -2)), np.inf) + backward
    least = np.linalg.eigvalsh(held).min(axis=-1) - by
    with np.errstate(all="ignore"):
        carried = by / p * least ** (-1.0 / p - 1.0)
        own = ROUNDED * n * unit * np.sqrt(n) * least ** (-1.0 / p)
    total = np.where((least > 0.0) & known, carried + own, np.inf)
    return np.broadcast_to(total[..., None, None], a.shape)


def enclosed(a: np.ndarray, p: int) -> np.ndarray:
    """a^(-1/p) in balls.  Raises Undecided where a may be singular.

    Any positive x is the inverse root of x^-p, and that of a is no further from it than the
    distance of x^-p and a allows.
    """
    n = len(a)
    with ctx.workprec(DIGITS * ctx.prec):
        held = arb_mat(a.tolist())
        x = _approached(held.mid(), p)
        try:
            inverse = _power(x, p).inv()
        except ZeroDivisionError:
            raise Undecided(SINGULAR) from None
        off, least = _size(held - inverse), _size(x) ** -p
        low = least - off
        if not (low > 0 and all(_corner(x, k).det() > 0 for k in range(1, n + 1))):
            raise Undecided(SINGULAR)
        room = arb(0, (off / p * low ** (arb(-1) / p - 1)).abs_upper())
        out = np.empty((n, n), object)
        out[:] = [[entry + room for entry in row] for row in x.tolist()]
    return out


def _approached(a: arb_mat, p: int) -> arb_mat:
    """A symmetric matrix near a^(-1/p), by Newton's coupled iteration from below."""
    n, whole, enough = a.nrows(), a.trace(), arb(2) ** (-ctx.prec // 2)
    if not whole > 0:
        raise Undecided(SINGULAR)
    one = arb_mat([[int(i == j) for j in range(n)] for i in range(n)])
    x, m = one * whole ** (arb(-1) / p), a * (1 / whole)
    for _ in range(MOST):
        t = ((one * (p + 1) - m) * (arb(1) / p)).mid()
        x, m = (x * t).mid(), (_power(t, p) * m).mid()
        if _size(one - m) < enough:
            break
    return _symmetric(x)


def _symmetric(x: arb_mat) -> arb_mat:
    return ((x + x.transpose()) * (arb(1) / 2)).mid()


def _corner(x: arb_mat, k: int) -> arb_mat:
    return arb_mat([row[:k] for row in x.tolist()[:k]])


def _size(m: arb_mat) -> arb:
    """An upper bound of the Frobenius norm."""
    return sum((x.abs_upper() ** 2 for x in m.entries()), arb(0)).sqrt()
