"""Fourier transforms as products with matrices of roots of unity.

    X_k = sum_j x_j e^(-2 pi i j k / n)

A fast transform does the same products in another order, each root rounded once.
"""

import jax.numpy as jnp
import numpy as np
from jax import lax

from .pairs import Pair, pair
from .roots_of_unity import roots_of_unity


def matrix(n: int, rows: int, columns: int) -> Pair:
    """e^(+2 pi i j k / n), of the first rows and columns."""
    places = np.outer(np.arange(rows), np.arange(columns)) % n
    pick = lambda sine: jnp.take(roots_of_unity.bind(count=n, sine=sine), places, mode="clip")
    return Pair(pick(False), pick(True))


def along(x, axis: int, table):
    """Sum over the axis of x times the rows of a real table."""
    product = lax.dot_general(x, table, (((axis,), (0,)), ((), ())))
    return jnp.moveaxis(product, -1, axis)


def transform(z: Pair, axis: int, sign: float) -> Pair:
    n = z.shape[axis]
    c, s = matrix(n, n, n)
    s = sign * s
    by = lambda x, table: along(x, axis, table)
    return Pair(by(z.re, c) - by(z.im, s), by(z.re, s) + by(z.im, c))


def fft(z, *, fft_type, fft_lengths, **_):
    """All four kinds, along the last axes."""
    kind, lengths = str(fft_type).rpartition(".")[2].upper(), tuple(fft_lengths)
    kind = {"0": "FFT", "1": "IFFT", "2": "RFFT", "3": "IRFFT"}.get(kind, kind)
    axes = range(z.ndim - len(lengths), z.ndim)
    if 0 in lengths or 0 in z.shape:
        raise NotImplementedError("a Fourier transform of nothing")
    if kind == "RFFT":
        z = real_transform(z, lengths[-1])
        axes = axes[:-1]
    sign = 1.0 if kind in ("IFFT", "IRFFT") else -1.0
    for axis in axes[:-1] if kind == "IRFFT" else axes:
        z = transform(pair(z), axis, sign)
    if kind == "IRFFT":
        return back_to_real(z, lengths[-1]) / float(np.prod(lengths))
    count = float(np.prod(lengths))
    return Pair(z.re / count, z.im / count) if kind == "IFFT" else z


def real_transform(x, n: int) -> Pair:
    c, s = matrix(n, n, n // 2 + 1)
    return Pair(along(x, x.ndim - 1, c), -along(x, x.ndim - 1, s))


def back_to_real(z: Pair, n: int):
    """n times the inverse: every frequency but 0 and n/2 stands for two."""
    count = n // 2 + 1
    twice = np.full(count, 2.0)
    twice[0] = 1.0
    if n % 2 == 0:
        twice[-1] = 1.0
    c, s = matrix(n, count, n)
    return along(z.re * twice, z.ndim - 1, c) - along(z.im * twice, z.ndim - 1, s)
