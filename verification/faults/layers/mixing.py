"""Layers that mix rows, draws or derivatives, with one mistake each."""

import jax.numpy as jnp

from refnet import Dense, Recurrent, tanh

from ...derivations.dense import gradient as dense_gradient
from ...derivations.layers import (
    cross_attention,
    deep_equilibrium,
    gaussian_sample,
    graph_convolution,
    tanh_jet,
)
from ...derivations.tanh import gradient as tanh_gradient

# --- a draw ------------------------------------------------------------------------------------


def half_forgotten(m, v, noise, dz):
    dm, dv = gaussian_sample.gradient(m, v, noise, dz)
    return dm, 2.0 * dv


def variance_for_deviation(m, v, noise, dz):
    return dz, 0.5 * jnp.exp(v) * noise * dz


def noise_forgotten(m, v, noise, dz):
    return dz, gaussian_sample.pull_deviation(v, dz)[0]


# --- a graph -----------------------------------------------------------------------------------


def shares_not_transposed(layer, shares, x, dy):
    dlayer, dshares, _ = graph_convolution.gradient(layer, shares, x, dy)
    return dlayer, dshares, shares @ dy @ layer.w.T


def neighbors_forgotten(layer, shares, x, dy):
    dlayer, dshares, _ = graph_convolution.gradient(layer, shares, x, dy)
    return dlayer, dshares, dy @ layer.w.T


def unmixed_rows(layer, shares, x, dy):
    _, dshares, dx = graph_convolution.gradient(layer, shares, x, dy)
    return dense_gradient(layer, x, dy)[0], dshares, dx


# --- an equilibrium ----------------------------------------------------------------------------


def equilibrium_with(pull):
    def gradient(params, x, dz):
        z = deep_equilibrium.function(params, x)
        dc = pull(deep_equilibrium.slope(params, x, z), params.w, dz)
        (du, db), dx = dense_gradient(Dense(params.u, params.b), x, dc)
        return Recurrent(du, z.T @ dc, db), dx

    return gradient


def last_step_only(s, w, dz):
    del w
    return s * dz


def state_not_transposed(s, w, dz):
    return deep_equilibrium.pull_state(s, w.T, dz)


def slope_once(s, w, dz):
    """v = dz + v w': the slope at the end alone."""
    return s * deep_equilibrium.pull_state(jnp.ones_like(s), w, dz)


# --- cross-attention ---------------------------------------------------------------------------


def memory_overwritten(params, x, memory, mask, dy):
    """dmemory from the values alone: the second use has overwritten the first."""
    dparams, dx, dmemory = cross_attention.gradient(params, x, memory, mask, dy)
    cut, join = cross_attention.cut, cross_attention.join
    q, k, v = cut(x @ params.q), cut(memory @ params.k), cut(memory @ params.v)
    do = cut(dy @ params.o.T)
    dk = join(cross_attention.attention.gradient(q, k, v, mask[None], do)[1])
    return dparams, dx, dmemory - dk @ params.k.T


def keys_and_values_swapped(params, x, memory, mask, dy):
    dparams, dx, dmemory = cross_attention.gradient(params, x, memory, mask, dy)
    return dparams._replace(k=dparams.v, v=dparams.k), dx, dmemory


# --- derivatives carried forward ---------------------------------------------------------------


def slopes_constant(z, first, second, dout):
    """dz from the value alone: s in t' and t'' taken as constant."""
    _, dfirst, dsecond = tanh_jet.gradient(z, first, second, dout)
    return *tanh_gradient(z, dout[0]), dfirst, dsecond


def square_once(z, first, second, dout):
    """dz' of t'' with -2 s t z' for -4 s t z'."""
    dz, dfirst, dsecond = tanh_jet.gradient(z, first, second, dout)
    (s,) = tanh_gradient(z, jnp.ones_like(z))
    return dz, dfirst + 2.0 * s * tanh(z) * first * dout[2], dsecond


OWN: dict[str, dict] = {
    "gaussian_sample": {
        "half forgotten": half_forgotten,
        "variance for the deviation of a draw": variance_for_deviation,
        "noise forgotten": noise_forgotten,
    },
    "graph_convolution": {
        "shares not transposed": shares_not_transposed,
        "neighbors forgotten": neighbors_forgotten,
        "rows before they were mixed": unmixed_rows,
    },
    "deep_equilibrium": {
        "last step only": equilibrium_with(last_step_only),
        "weights not transposed": equilibrium_with(state_not_transposed),
        "slope of the last step only": equilibrium_with(slope_once),
    },
    "cross_attention": {
        "uses overwritten": memory_overwritten,
        "keys and values swapped": keys_and_values_swapped,
    },
    "tanh_jet": {
        "slopes taken as constant": slopes_constant,
        "square's slope without its 2": square_once,
    },
}
