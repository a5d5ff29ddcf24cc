"""Convolution, pooling, dropout, residual and tied weights, losses, and orders: one mistake each."""

import jax
import jax.numpy as jnp

from refnet import relu, sigmoid, tanh

from ...derivations import ALL as DERIVATIONS
from ...derivations import mlp, mlp_mse, mlp_softmax_cross_entropy
from ...derivations.layers import (
    conv2d,
    dropout,
    hinge,
    huber,
    log_sum_exp,
    max_pool,
    residual_block,
    tied_autoencoder,
)
from ...derivations.relu import gradient as relu_gradient
from ...derivations.sigmoid import gradient as sigmoid_gradient
from ...derivations.tanh import gradient as tanh_gradient

# --- convolution and pooling -----------------------------------------------------------------


def kernel_flipped(x, w, dy):
    dx, dw = conv2d.gradient(x, w, dy)
    return dx, dw[::-1, ::-1]


def inputs_not_flipped(x, w, dy):
    """The kernel turned by half a turn once too often on the way down."""
    return conv2d.gradient(x, w[::-1, ::-1], dy)[0], conv2d.gradient(x, w, dy)[1]


def padding_forgotten(x, w, dy):
    dx, dw = conv2d.gradient(x, w, dy)
    moved = jnp.pad(dx, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return moved[:, : x.shape[1], : x.shape[2]], dw


def stride_forgotten(x, w, dy):
    """dw from neighbouring places, as if the stride were 1."""
    dx, _ = conv2d.gradient(x, w, dy)
    padded = jnp.pad(x, ((0, 0), (1, 2), (1, 2), (0, 0)))
    rows = dy.reshape(-1, dy.shape[-1])
    seen = lambda u, v: padded[:, u : u + dy.shape[1], v : v + dy.shape[2]]
    taps = [(u, v) for u in range(w.shape[0]) for v in range(w.shape[1])]
    dw = [seen(u, v).reshape(len(rows), -1).T @ rows for u, v in taps]
    return dx, jnp.stack(dw).reshape(w.shape)


def kernel_axes_swapped(x, w, dy):
    """Rows and columns of the kernel confused where they overlap."""
    dx, dw = conv2d.gradient(x, w, dy)
    return dx, dw.at[:2].set(jnp.swapaxes(dw[:2], 0, 1))


def channels_mixed(x, w, dy):
    dx, dw = conv2d.gradient(x, w, dy)
    return dx[..., ::-1], dw


def windows_overwritten(x, dy):
    """An entry that wins in two windows keeps one of them."""
    parts = max_pool.windows(x)
    first = jnp.argmax(parts, axis=0)
    dx = jnp.zeros_like(x)
    for k in range(max_pool.WINDOW):
        won = jnp.where(first == k, dy, jnp.zeros_like(dy))
        here = max_pool.spread(won, x.shape[1], k)
        dx = jnp.where(here == 0.0, dx, here)
    return (dx,)


def windows_averaged(x, dy):
    share = jnp.broadcast_to(dy / max_pool.WINDOW, (max_pool.WINDOW, *dy.shape))
    return max_pool.pull_windows(x, share)


def always_first(x, dy):
    return (max_pool.spread(dy, x.shape[1], 0),)


def stride_is_window(x, dy):
    """Windows taken to be side by side."""
    first = jnp.argmax(max_pool.windows(x), axis=0)
    at = (first + max_pool.WINDOW * jnp.arange(dy.shape[1])[None, :]) % x.shape[1]
    rows = jnp.broadcast_to(jnp.arange(len(x))[:, None], at.shape)
    return (jnp.zeros_like(x).at[rows, at].add(dy),)


# --- dropout, residual, tied ------------------------------------------------------------------


def not_rescaled(x, mask, dy):
    return (dropout.gradient(x, mask, dy)[0] * dropout.KEEP,)


def dropped_mask(x, mask, dy):
    return (dy / dropout.KEEP,)


def another_mask(x, mask, dy):
    """A mask drawn anew in the backward pass."""
    return dropout.gradient(x, jnp.roll(mask, 1, axis=-1), dy)


def rate_for_keep(x, mask, dy):
    return (dropout.gradient(x, mask, dy)[0] * dropout.KEEP / (1.0 - dropout.KEEP),)


def inverted_mask(x, mask, dy):
    return dropout.gradient(x, ~mask, dy)


def short_way_missing(layer, x, dy):
    dlayer, dx = residual_block.gradient(layer, x, dy)
    return dlayer, dx - dy


def long_way_missing(layer, x, dy):
    return residual_block.gradient(layer, x, dy)[0], dy


def short_way_twice(layer, x, dy):
    dlayer, dx = residual_block.gradient(layer, x, dy)
    return dlayer, dx + dy


def matrix_not_transposed(layer, x, dy):
    dlayer, _ = residual_block.gradient(layer, x, dy)
    dz = (1.0 - tanh(x @ layer.w + layer.b[None, :]) ** 2) * dy
    return dlayer, dy + dz @ layer.w


def encoder_only(w, x, dy):
    (dz,) = tanh_gradient(x @ w, dy @ w)
    return x.T @ dz, dz @ w.T


def decoder_only(w, x, dy):
    return dy.T @ tanh(x @ w), tied_autoencoder.gradient(w, x, dy)[1]


def uses_averaged(w, x, dy):
    dw, dx = tied_autoencoder.gradient(w, x, dy)
    return dw / 2.0, dx


# --- losses -----------------------------------------------------------------------------------


def huber_not_clipped(p, t):
    return (p - t) / p.size, (t - p) / p.size


def huber_sign_only(p, t):
    d = jnp.sign(p - t) * huber.DELTA / p.size
    return d, -d


def huber_delta_forgotten(p, t):
    d = jnp.where(jnp.abs(p - t) <= huber.DELTA, p - t, jnp.sign(p - t)) / p.size
    return d, -d


def huber_target_sign(p, t):
    d, _ = huber.gradient(p, t)
    return d, d


def huber_double(p, t):
    d, other = huber.gradient(p, t)
    return 2.0 * d, 2.0 * other


def margin_not_looked_at(s, t):
    return (-t / s.size,)


def margin_of_zero(s, t):
    """The perceptron's margin of 0 in the backward pass."""
    return (jnp.where(t * s < 0.0, -t / s.size, jnp.zeros_like(s)),)


def squared_hinge(s, t):
    return (-2.0 * t * jnp.maximum(hinge.margin(s, t), 0.0) / s.size,)


def hinge_sign(s, t):
    return (-hinge.gradient(s, t)[0],)


def hinge_sum(s, t):
    return (hinge.gradient(s, t)[0] * s.size,)


def shares_ignored(z, dm):
    return (jnp.broadcast_to(dm[..., None], z.shape) / z.shape[-1],)


def largest_only(z, dm):
    top = jnp.max(z, axis=-1, keepdims=True)
    return (jnp.where(z == top, jnp.broadcast_to(dm[..., None], z.shape), jnp.zeros_like(z)),)


def not_normalised(z, dm):
    return (jnp.exp(z - jnp.max(z, axis=-1, keepdims=True)) * dm[..., None],)


def logarithm_of_shares(z, dm):
    return (log_sum_exp.gradient(z, dm)[0] * log_sum_exp.softmax(z),)


# --- orders: updated first, differentiated after ------------------------------------------------

RATE = 0.05


def with_updated_weights(activation, pull_activation, output=lambda zs, *rest: rest[-1]):
    """The delta of a layer computed with the weights of the layer above after their update."""

    def gradient(params, x, last):
        zs, inputs = mlp.forward(params, x, activation)
        layers, delta = [], output(zs, x, last)
        for l in reversed(range(len(params))):
            layer, _ = mlp.dense_gradient(params[l], inputs[l], delta)
            layers.append(layer)
            moved = params[l].w - RATE * layer.w
            da = delta @ moved.T
            if l > 0:
                (delta,) = pull_activation(zs[l - 1], da)
        return type(params)(layers[::-1]), da

    return gradient


mse_output = lambda zs, x, t: mlp_mse.mse_gradient(zs[-1], t)[0]
cross_entropy_output = lambda zs, x, y: mlp_softmax_cross_entropy.loss_gradient(zs[-1], y)[0]


def biases_from_inputs(name: str):
    """db from a row of the weights' gradient."""
    right = DERIVATIONS[name].gradient

    def gradient(*args):
        layers, dx = right(*args)
        return jax.tree.map(lambda g: g, type(layers)(d._replace(b=d.w[0]) for d in layers)), dx

    return gradient


ORDER = "delta through updated weights"
OWN: dict[str, dict] = {
    "conv2d": {
        "kernel flipped": kernel_flipped,
        "kernel flipped on the way down": inputs_not_flipped,
        "padding forgotten": padding_forgotten,
        "stride forgotten": stride_forgotten,
        "kernel's axes swapped": kernel_axes_swapped,
        "channels reversed": channels_mixed,
    },
    "max_pool": {
        "windows overwritten": windows_overwritten,
        "average for maximum": windows_averaged,
        "always the first": always_first,
        "stride taken to be the window": stride_is_window,
    },
    "dropout": {
        "not rescaled": not_rescaled,
        "mask forgotten": dropped_mask,
        "another mask": another_mask,
        "rate for its complement": rate_for_keep,
        "mask inverted": inverted_mask,
    },
    "residual_block": {
        "short way missing": short_way_missing,
        "long way missing": long_way_missing,
        "short way twice": short_way_twice,
        "weights not transposed": matrix_not_transposed,
    },
    "tied_autoencoder": {
        "decoder's use missing": encoder_only,
        "encoder's use missing": decoder_only,
        "uses averaged": uses_averaged,
    },
    "huber": {
        "not clipped": huber_not_clipped,
        "sign only": huber_sign_only,
        "delta forgotten": huber_delta_forgotten,
        "target's sign": huber_target_sign,
        "no half": huber_double,
    },
    "hinge": {
        "margin not looked at": margin_not_looked_at,
        "margin of 0": margin_of_zero,
        "squared hinge": squared_hinge,
        "sign of the label": hinge_sign,
        "1/n missing": hinge_sum,
    },
    "log_sum_exp": {
        "plain mean": shares_ignored,
        "largest only": largest_only,
        "not normalised": not_normalised,
        "shares twice": logarithm_of_shares,
    },
    "mlp": {
        ORDER: with_updated_weights(tanh, tanh_gradient),
        "bias from the weights": biases_from_inputs("mlp"),
    },
    "mlp_relu": {
        ORDER: with_updated_weights(relu, relu_gradient),
        "bias from the weights": biases_from_inputs("mlp_relu"),
    },
    "mlp_mse": {
        ORDER: with_updated_weights(tanh, tanh_gradient, mse_output),
        "bias from the weights": biases_from_inputs("mlp_mse"),
    },
    "mlp_softmax_cross_entropy": {
        ORDER: with_updated_weights(sigmoid, sigmoid_gradient, cross_entropy_output),
        "bias from the weights": biases_from_inputs("mlp_softmax_cross_entropy"),
    },
}
