"""A guard at a zero that answers another number than the limit there."""

import jax
import jax.numpy as jnp
import numpy as np

from ...vocabulary import Verdict
from . import zeros
from .edge_fault import EdgeFault, normal


def guarded(slope, value):
    """The slope, and a number that somebody thought of, at 0."""

    def gradient(x, g):
        with np.errstate(all="ignore"):
            return g * np.where(x == 0, x.dtype.type(value), slope(x))

    return gradient


def from_output(factor, rest):
    """The slope f + rest of y = x f, with f divided out."""
    return lambda x: zeros.divided_out(x * factor(x), x) + rest(x)


def fault(name, of, slope, wrong, sample=None) -> EdgeFault:
    right = lambda x, g: g * slope(x)
    return EdgeFault(name, of, right, wrong, sample or normal(6), Verdict.WRONG)


def of_product(name, gradient, of=jnp.prod, right=zeros.without) -> EdgeFault:
    return EdgeFault(name, of, right, gradient, normal(4), Verdict.WRONG)


def no_numbers_as_zero(x):
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.prod(x) / x)


def running(x, g):
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.cumsum((g * np.cumprod(x))[::-1])[::-1] / x)


def shifted(x):
    """An epsilon where the guard should be."""
    return np.prod(x) / np.where(x == 0, x.dtype.type(1e-3), x)


silu_slope = lambda x: zeros.silu_slope(x, zeros.sigmoid(x))
gelu_slope = lambda x: zeros.gelu_slope(x, zeros.big_phi(x))
mish_slope = lambda x: zeros.mish_slope(x, np.tanh(zeros.softplus(x)))
sech2 = lambda x: 1 / np.cosh(np.minimum(np.abs(x), 80)) ** 2
silu = from_output(zeros.sigmoid, lambda x: x * zeros.sigmoid(x) * zeros.sigmoid(-x))
gelu = from_output(zeros.big_phi, lambda x: x * zeros.phi(x))


FAULTS = (
    fault(
        "silu: 0", jax.nn.silu, lambda x: zeros.silu_slope(x, zeros.sigmoid(x)), guarded(silu, 0)
    ),
    fault(
        "silu: 1", jax.nn.silu, lambda x: zeros.silu_slope(x, zeros.sigmoid(x)), guarded(silu, 1)
    ),
    fault("gelu: 0", zeros.gelu, lambda x: zeros.gelu_slope(x, zeros.big_phi(x)), guarded(gelu, 0)),
    fault(
        "mish: 0",
        zeros.mish,
        mish_slope,
        guarded(mish_slope, 0),
    ),
    fault(
        "softsign: 0",
        lambda x: x / (1.0 + jnp.abs(x)),
        lambda x: 1 / (1 + np.abs(x)) ** 2,
        guarded(lambda x: (x / (1 + np.abs(x)) / x) ** 2, 0),
    ),
    fault(
        "x tanh x: 1",
        lambda x: x * jnp.tanh(x),
        lambda x: np.tanh(x) + x * sech2(x),
        guarded(from_output(np.tanh, lambda x: x * sech2(x)), 1),
    ),
    fault(
        "x cos x: 0",
        lambda x: x * jnp.cos(x),
        lambda x: np.cos(x) - x * np.sin(x),
        guarded(from_output(np.cos, lambda x: -x * np.sin(x)), 0),
    ),
    fault(
        "x e^x: 0",
        lambda x: x * jnp.exp(x),
        lambda x: (1 + x) * np.exp(x),
        guarded(from_output(np.exp, lambda x: x * np.exp(x)), 0),
    ),
    fault(
        "arcsinh: 0",
        jnp.arcsinh,
        lambda x: 1 / np.sqrt(x * x + 1),
        guarded(lambda x: np.abs(x) / np.abs(x) / np.sqrt(x * x + 1), 0),
    ),
    of_product("product: 0", no_numbers_as_zero),
    of_product("product: an epsilon", shifted),
    of_product("running products: 0", running, jnp.cumprod, zeros.products_after),
)
