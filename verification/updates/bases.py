"""Eigenbases of the square matrices beside a matrix of weights: in floats, their error, enclosed.

Columns are eigenvectors by rising eigenvalue.  Their signs are free, and nobody may hang on them.
Where A is off by E, the i-th eigenvector turns by an angle whose sine is at most

    |E| / (gap_i - |E|),     gap_i the distance to the nearest other eigenvalue,

so that no entry changes by more than sqrt 2 times as much.
Source: Davis & Kahan, The rotation of eigenvectors by a perturbation III (1970).
"""

import numpy as np
from flint import acb_mat, arb, arb_mat

from ..vocabulary import Undecided
from .sides import ROUNDED

ALIKE = "the basis of a matrix whose eigenvalues may be equal"
REFINED = 3  # steps from float64 to a wider float: each doubles the digits


def basis(a: np.ndarray) -> np.ndarray:
    """The eigenvectors in floats."""
    wide = a.dtype == np.longdouble != np.float64
    held = a.dtype if a.dtype in (np.float32, np.float64) else np.dtype(np.float64)
    finite = np.where(np.isfinite(a), a, 0.0)
    q = np.linalg.eigh(finite.astype(held))[1]
    if wide:
        q = refined(finite, q.astype(a.dtype))
    return np.where(np.isfinite(a).all(axis=(-1, -2), keepdims=True), q, np.nan).astype(a.dtype)


def refined(a: np.ndarray, q: np.ndarray) -> np.ndarray:
    """q (I + e), e of first order: Ogita & Aishima, Iterative refinement (2018)."""
    n = a.shape[-1]
    for _ in range(REFINED):
        turned = q.swapaxes(-1, -2)
        off, inner = np.eye(n) - turned @ q, turned @ a @ q
        diagonal = lambda x: np.diagonal(x, axis1=-2, axis2=-1)
        values = diagonal(inner) / (1 - diagonal(off))
        gaps = values[..., None, :] - values[..., :, None]
        with np.errstate(all="ignore"):
            e = np.where(np.eye(n) > 0, off / 2, (inner + values[..., None, :] * off) / gaps)
        q = q + q @ e
    return q


def basis_error(a: np.ndarray, off: np.ndarray, unit: float) -> np.ndarray:
    """What each entry of the basis may be off by; `off` is of the entries of a."""
    a = a.astype(np.float64)
    known = np.asarray(np.isfinite(a + off).all(axis=(-1, -2)))
    n = a.shape[-1]
    held = np.where(known[..., None, None], a, np.diag(np.arange(float(n))))
    whole = np.linalg.norm(held, axis=(-1, -2))
    by = np.where(known, np.linalg.norm(off, axis=(-1, -2)), np.inf) + ROUNDED * n * unit * whole
    values = np.linalg.eigvalsh(held)
    apart = np.abs(values[..., :, None] - values[..., None, :]) + np.where(np.eye(n) > 0, np.inf, 0)
    with np.errstate(all="ignore"):
        room = apart.min(axis=-1, initial=np.inf) - 2.0 * by[..., None]
        turn = np.where(room > 0.0, np.sqrt(2.0) * by[..., None] / room, np.inf)
    turn = turn + ROUNDED * n * unit if n > 1 else np.where(known[..., None], 0.0, np.inf)
    return np.broadcast_to(turn[..., None, :], a.shape)


def enclosed(a: np.ndarray) -> np.ndarray:
    """The eigenvectors in balls.  Raises Undecided where eigenvalues may be equal."""
    n = len(a)
    out = np.empty((n, n), object)
    if n == 1:
        out[0, 0] = arb(1)
        return out
    try:
        values, vectors = acb_mat(arb_mat(a.tolist())).eig(right=True)
    except ValueError:
        raise Undecided(ALIKE) from None
    order = sorted(range(n), key=lambda i: float(values[i].real.mid()))
    if not all(values[i].real < values[j].real for i, j in zip(order, order[1:], strict=False)):
        raise Undecided(ALIKE)
    for place, i in enumerate(order):
        column = [vectors[row, i] for row in range(n)]
        largest = max(column, key=lambda x: float(abs(x).mid()))
        real = [(x / largest).real for x in column]  # a real vector times one complex number
        whole = sum((x * x for x in real), arb(0)).sqrt()
        out[:, place] = [x / whole for x in real]
    return out
