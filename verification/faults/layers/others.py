"""Convolution, pooling, dropout, residual blocks and tied weights with one mistake each."""

import jax.numpy as jnp

from refnet import tanh

from ...derivations.layers import conv2d, dropout, max_pool, residual_block, tied_autoencoder
from ...derivations.tanh import gradient as tanh_gradient


def with_bias(pull):
    """A mistake in the taps, and the right gradient of the bias."""
    return lambda x, w, b, dy: (*pull(x, w, dy), jnp.sum(dy, axis=(0, 1, 2)))


# --- convolution and pooling -----------------------------------------------------------------


def kernel_flipped(x, w, dy):
    dx, dw = conv2d.pull_taps(x, w, dy)
    return dx, dw[::-1, ::-1]


def inputs_not_flipped(x, w, dy):
    """The kernel turned by half a turn once too often on the way down."""
    return conv2d.pull_taps(x, w[::-1, ::-1], dy)[0], conv2d.pull_taps(x, w, dy)[1]


def padding_forgotten(x, w, dy):
    dx, dw = conv2d.pull_taps(x, w, dy)
    moved = jnp.pad(dx, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return moved[:, : x.shape[1], : x.shape[2]], dw


def stride_forgotten(x, w, dy):
    """dw from neighbouring places, as if the stride were 1."""
    dx, _ = conv2d.pull_taps(x, w, dy)
    padded = jnp.pad(x, ((0, 0), (1, 2), (1, 2), (0, 0)))
    rows = dy.reshape(-1, dy.shape[-1])
    seen = lambda u, v: padded[:, u : u + dy.shape[1], v : v + dy.shape[2]]
    taps = [(u, v) for u in range(w.shape[0]) for v in range(w.shape[1])]
    dw = [seen(u, v).reshape(len(rows), -1).T @ rows for u, v in taps]
    return dx, jnp.stack(dw).reshape(w.shape)


def kernel_axes_swapped(x, w, dy):
    """Rows and columns of the kernel confused where they overlap."""
    dx, dw = conv2d.pull_taps(x, w, dy)
    return dx, dw.at[:2].set(jnp.swapaxes(dw[:2], 0, 1))


def channels_mixed(x, w, dy):
    dx, dw = conv2d.pull_taps(x, w, dy)
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


# --- dropout, residual, tied -----------------------------------------------------------------


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


OWN: dict[str, dict] = {
    "conv2d": {
        "kernel flipped": with_bias(kernel_flipped),
        "kernel flipped on the way down": with_bias(inputs_not_flipped),
        "padding forgotten": with_bias(padding_forgotten),
        "stride forgotten": with_bias(stride_forgotten),
        "kernel's axes swapped": with_bias(kernel_axes_swapped),
        "channels reversed": with_bias(channels_mixed),
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
}
