"""One matrix at a time: rules for matrices, applied along the leading axes of a batch."""

from collections.abc import Callable, Sequence

import numpy as np
from flint import arb, arb_mat

from .floats import in_use

UNKNOWN = arb.nan()
RANKS = {  # axes of each output and operand that are not of the batch
    "triangular_solve": ((2,), (2, 2)),
    "cholesky": ((2,), (2,)),
    "lu": ((2, 1, 1), (2,)),
    "tridiagonal_solve": ((2,), (1, 1, 1, 2)),
    "qr": ((2, 2), (2,)),
    "eigh": ((2, 1), (2,)),
    "svd": ((1, 2, 2), (2,)),
}


def over_batch(rule: Callable, ranks: Sequence[int], *arrays: np.ndarray) -> list[np.ndarray]:
    """rule(*matrices) -> outputs, for every place of a batch; ranks[i] axes of operand i are its.

    All operands have the same batch, as JAX's primitives have it.
    """
    batch = arrays[0].shape[: arrays[0].ndim - ranks[0]]
    rows = [a.reshape(-1, *a.shape[a.ndim - r :]) for a, r in zip(arrays, ranks, strict=True)]
    outs = [rule(*matrices) for matrices in zip(*rows, strict=True)]
    return [stacked(column).reshape(*batch, *column[0].shape) for column in zip(*outs, strict=True)]


def stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    out = np.empty((len(parts), *parts[0].shape), parts[0].dtype)
    for k, part in enumerate(parts):
        out[k] = part
    return out


# --- matrices of balls -----------------------------------------------------------------------


def balls(x: np.ndarray) -> np.ndarray:
    """Every entry as a ball: what is summed or moved may hold plain zeros."""
    return np.asarray(np.frompyfunc(arb, 1, 1)(x), object)


def mat(x: np.ndarray) -> arb_mat:
    return arb_mat(x.shape[0], x.shape[1], [arb(v) for v in x.ravel().tolist()])


def array(m) -> np.ndarray:
    out = np.empty(m.nrows() * m.ncols(), object)
    out[:] = m.entries()
    return out.reshape(m.nrows(), m.ncols())


def product(*factors: np.ndarray) -> np.ndarray:
    total = mat(factors[0])
    for factor in factors[1:]:
        total = total * mat(factor)
    return array(total)


def solved(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a^-1 b; nothing is known where a is not proven to have an inverse."""
    if not b.size:
        return b
    try:
        return array(mat(a).solve(mat(b)))
    except ZeroDivisionError:
        return unknown(b.shape)


def unknown(shape) -> np.ndarray:
    return np.full(shape, UNKNOWN, object)


def zeros(shape) -> np.ndarray:
    return np.full(shape, arb(0), object)


def identity(n: int) -> np.ndarray:
    return balls(np.eye(n, dtype=int).astype(object))


def lower(x: np.ndarray, below: int = 0) -> np.ndarray:
    """The triangle i >= j + below; the rest is 0, also where x is not known."""
    return kept(x, np.tri(len(x), x.shape[1], -below, dtype=bool))


def upper(x: np.ndarray, above: int = 0) -> np.ndarray:
    return kept(x, ~np.tri(len(x), x.shape[1], above - 1, dtype=bool))


def kept(x: np.ndarray, where: np.ndarray) -> np.ndarray:
    out = zeros(x.shape)
    out[where] = x[where]
    return out


def middles(x: np.ndarray) -> np.ndarray:
    """The nearest floats, for LAPACK."""
    return in_use(np.frompyfunc(lambda v: float(arb(v).mid()), 1, 1)(x))
