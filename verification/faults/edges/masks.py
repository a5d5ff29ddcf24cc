"""A mask made of the output, where the input says which: they differ where the output is 0."""

import jax
import jax.numpy as jnp
import numpy as np

from ...vocabulary import Verdict
from . import zeros
from .edge_fault import EdgeFault, normal


def by_output(y, slope):
    """The slope where the output is not 0."""
    return lambda x, g: g * np.where(y(x) != 0, slope(x), x.dtype.type(0))


def fault(name, of, right, wrong, sample=None, argnums: int | tuple[int, ...] = 0) -> EdgeFault:
    return EdgeFault(name, of, right, wrong, sample or normal(6), Verdict.WRONG, argnums)


def activation(name, of, y, slope) -> EdgeFault:
    return fault(name, of, lambda x, g: g * slope(x), by_output(y, slope))


def kept(rng):
    """Numbers, and which of them a dropout keeps."""
    return rng.normal(size=6), np.array([True, True, False, True, False, True])


def pair(rng):
    return rng.normal(size=5), rng.normal(size=5)


def rows(rng):
    return rng.normal(size=(4, 3)), rng.normal(size=3)


def where_nonzero(product, factor):
    return np.where(product != 0, factor, factor.dtype.type(0))


silu_slope = lambda x: zeros.silu_slope(x, zeros.sigmoid(x))
gelu_slope = lambda x: zeros.gelu_slope(x, zeros.big_phi(x))
hard = lambda x: np.clip(x / 6 + x.dtype.type(0.5), 0, 1)
hard_slope = lambda x: hard(x) + x * ((x > -3) & (x < 3)) / 6
sech2 = lambda x: 1 / np.cosh(np.minimum(np.abs(x), 80)) ** 2


FAULTS = (
    activation("silu", jax.nn.silu, lambda x: x * zeros.sigmoid(x), silu_slope),
    activation("gelu", zeros.gelu, lambda x: x * zeros.big_phi(x), gelu_slope),
    activation(
        "hard swish",
        lambda x: x * jnp.clip(x / 6.0 + 0.5, 0.0, 1.0),
        lambda x: x * hard(x),
        hard_slope,
    ),
    activation("tanh", jnp.tanh, np.tanh, sech2),
    activation("arctan", jnp.arctan, np.arctan, lambda x: 1 / (1 + x * x)),
    activation("sine", jnp.sin, np.sin, np.cos),
    activation(
        "identity, taken for a relu without a bias",
        lambda x: 1.0 * x,
        lambda x: x,
        np.ones_like,
    ),
    fault(
        "dropout",
        lambda x, keep: jnp.where(keep, 2.0 * x, jnp.zeros_like(x)),
        lambda x, keep, g: 2 * g * keep,
        lambda x, keep, g: 2 * g * ((x * keep) != 0),
        kept,
    ),
    fault(
        "a product, in both factors",
        lambda a, b: a * b,
        lambda a, b, g: (g * b, g * a),
        lambda a, b, g: (g * where_nonzero(a * b, b), g * where_nonzero(a * b, a)),
        pair,
        (0, 1),
    ),
    fault(
        "a gate",
        lambda x, z: x * jax.nn.sigmoid(z),
        lambda x, z, g: g * zeros.sigmoid(z),
        lambda x, z, g: g * where_nonzero(x * zeros.sigmoid(z), zeros.sigmoid(z)),
        pair,
    ),
    fault(
        "padding known by a zero",
        lambda x, w: x @ w,
        lambda x, w, g: g[:, None] * w,
        lambda x, w, g: g[:, None] * w * (x != 0),
        rows,
    ),
    fault(
        "the sign of a square by its size",
        lambda x: x * x + x,
        lambda x, g: g * (2 * x + 1),
        lambda x, g: g * where_nonzero(x * x + x, 2 * x + 1),
    ),
)
