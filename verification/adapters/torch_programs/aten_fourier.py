"""ATen's Fourier transforms, and what makes, reads and conjugates complex numbers.

X_k = sum_j x_j e^(-+ 2 pi i j k / n), times 1, n^(-1/2) or 1 / n for a norm of 0, 1 or 2
"""

import math

import jax.numpy as jnp
from jax import lax


def scale(shape, axes, norm: int) -> float:
    n = math.prod(shape[axis] for axis in axes)
    return (1.0, n**-0.5, 1.0 / n)[norm]


def of_complex(x, axes, norm, forward):
    if not axes:
        return x
    times = scale(x.shape, axes, norm)
    if forward:
        return times * jnp.fft.fftn(x, axes=tuple(axes))
    return times * jnp.fft.ifftn(x, axes=tuple(axes), norm="forward")


def of_real(x, axes, norm, onesided):
    run = jnp.fft.rfftn if onesided else jnp.fft.fftn
    return scale(x.shape, axes, norm) * run(x, axes=tuple(axes))


def to_real(x, axes, norm, last):
    """The last of the axes is half of one of length `last`."""
    sizes = [x.shape[axis] for axis in axes[:-1]] + [last]
    times = (1.0, math.prod(sizes) ** -0.5, 1.0 / math.prod(sizes))[norm]
    return times * jnp.fft.irfftn(x, s=sizes, axes=tuple(axes), norm="forward")


FOURIER = {
    "_fft_c2c": of_complex,
    "_fft_r2c": of_real,
    "_fft_c2r": to_real,
    "view_as_real": lambda x: jnp.stack([jnp.real(x), jnp.imag(x)], -1),
    "view_as_complex": lambda x: lax.complex(x[..., 0], x[..., 1]),
    "complex": lambda re, im: lax.complex(*jnp.broadcast_arrays(re, im)),
    "polar": lambda r, angle: lax.complex(r * jnp.cos(angle), r * jnp.sin(angle)),
    "_conj": lambda x: jnp.conj(x),
    "conj_physical": lambda x: jnp.conj(x),
    "resolve_conj": lambda x: x,
    "real": lambda x: jnp.real(x),
    "imag": lambda x: jnp.imag(x),
}
