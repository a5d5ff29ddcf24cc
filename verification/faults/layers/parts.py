"""Layers in parts (gates, groups, windows, positions, experts) with one mistake each."""

import jax.numpy as jnp

from refnet import Experts, Recurrent, Running, sigmoid, softmax, tanh

from ...derivations.layers import (
    avg_pool,
    balancing_loss,
    batch_norm_eval,
    conv1d,
    conv2d_transpose,
    group_norm,
    grouped_conv2d,
    grouped_query_attention,
    gru,
    layer_norm,
    masked_softmax,
    max_pool,
    mixture_of_experts,
    rotary,
    weight_norm,
)
from ...derivations.sigmoid import slope

# --- the gated recurrent unit ------------------------------------------------------------------


def gru_with(pull_cell=gru.pull_cell, carry=lambda dh: dh):
    def gradient(params, x, dout):
        states = jnp.concatenate([gru.start(params, x)[None], gru.function(params, x)])
        total, dh, rows = Recurrent(*map(jnp.zeros_like, params)), jnp.zeros_like(states[0]), []
        for t in reversed(range(len(x))):
            step, row, dh = pull_cell(params, x[t], states[t], dout[t] + carry(dh))
            total = Recurrent(*(a + b for a, b in zip(total, step, strict=True)))
            rows.append(row)
        return total, jnp.stack(rows[::-1])

    return gradient


def kept_path_missing(params, row, h, dh):
    """dh_{t-1} without dh z."""
    z = sigmoid(gru.sums(params, row, h)[1])
    step, drow, before = gru.pull_cell(params, row, h, dh)
    return step, drow, before - dh * z


def product_reset(params, row, h, dh):
    """As if n were tanh(a_n + r (h w_n)), the convention of PyTorch and cuDNN."""
    ar, az, an = gru.sums(params, row, h)
    r, z, n = sigmoid(ar), sigmoid(az), tanh(an)
    wr, wz, wn = gru.gates(params.w)
    dan = dh * (1.0 - z) * (1.0 - n * n)
    dar, daz = dan * (h @ wn) * slope(ar), dh * (h - n) * slope(az)
    da = jnp.concatenate([dar, daz, dan], axis=-1)
    dw = jnp.concatenate([h.T @ dar, h.T @ daz, h.T @ (r * dan)], axis=-1)
    before = dh * z + (r * dan) @ wn.T + dar @ wr.T + daz @ wz.T
    return Recurrent(row.T @ da, dw, jnp.sum(da, axis=0)), da @ params.u.T, before


# --- norms ------------------------------------------------------------------------------------


def group_statistics_constant(x, gain, bias, dy):
    _, dgain, dbias = group_norm.gradient(x, gain, bias, dy)
    c = layer_norm.centred(group_norm.cut(x))
    root = jnp.sqrt(jnp.mean(c * c, axis=-1, keepdims=True) + layer_norm.EPS)
    return group_norm.put_back(group_norm.cut(dy * gain[None, None]) / root, x), dgain, dbias


def group_gain_forgotten(x, gain, bias, dy):
    _, dgain, dbias = group_norm.gradient(x, gain, bias, dy)
    return group_norm.gradient(x, jnp.ones_like(gain), bias, dy)[0], dgain, dbias


def means_over_channels(x, gain, bias, dy):
    """Each channel a group of its own: instance norm's way back."""
    _, dgain, dbias = group_norm.gradient(x, gain, bias, dy)
    c = layer_norm.centred(group_norm.cut(x))
    root = jnp.sqrt(jnp.mean(c * c, axis=-1, keepdims=True) + layer_norm.EPS)
    place = lambda rows: group_norm.put_back(jnp.broadcast_to(rows, c.shape), x)
    h, dh = place(c / root), dy * gain[None, None]
    mean = lambda a: jnp.mean(a, axis=1, keepdims=True)
    return (dh - mean(dh) - h * mean(h * dh)) / place(root), dgain, dbias


def training_in_evaluation(norm, running, x, dy):
    """dx as if the statistics were those of x."""
    dnorm, drunning, _ = batch_norm_eval.gradient(norm, running, x, dy)
    h, dh = batch_norm_eval.standardised(x, *running), dy * norm.gain[None]
    mean = lambda a: jnp.mean(a, axis=0, keepdims=True)
    root = jnp.sqrt(running.variance + layer_norm.EPS)[None]
    return dnorm, drunning, (dh - mean(dh) - h * mean(h * dh)) / root


def statistics_swapped(norm, running, x, dy):
    dnorm, (dmean, dvariance), dx = batch_norm_eval.gradient(norm, running, x, dy)
    return dnorm, Running(dvariance, dmean), dx


def column_length_constant(v, gain, dw):
    dgain = weight_norm.gradient(v, gain, dw)[1]
    return dw * gain[None] / weight_norm.length(v)[None], dgain


def column_gain_forgotten(v, gain, dw):
    return weight_norm.pull_unit(v, dw)[0], weight_norm.gradient(v, gain, dw)[1]


# --- windows ----------------------------------------------------------------------------------


def window_summed(x, dy):
    return (avg_pool.gradient(x, dy)[0] * max_pool.WINDOW,)


def window_overwritten(x, dy):
    """An entry of two windows keeps the share of the later."""
    dx = jnp.zeros_like(x)
    for k in range(max_pool.WINDOW):
        here = max_pool.spread(dy / max_pool.WINDOW, x.shape[1], k)
        dx = jnp.where(here == 0.0, dx, here)
    return (dx,)


def signal_flipped(x, w, b, dy):
    dx, dw, db = conv1d.gradient(x, w, b, dy)
    return dx, dw[::-1], db


def signal_padding_forgotten(x, w, b, dy):
    dx, dw, db = conv1d.gradient(x, w, b, dy)
    return jnp.roll(dx, 1, axis=1), dw, db


def transpose_flipped(x, w, b, dy):
    dx, dw, db = conv2d_transpose.gradient(x, w, b, dy)
    return dx, dw[::-1, ::-1], db


def transpose_turned(x, w, b, dy):
    """The kernel turned on the way back, where this layer does not turn it."""
    _, dw, db = conv2d_transpose.gradient(x, w, b, dy)
    return conv2d_transpose.gradient(x, w[::-1, ::-1], b, dy)[0], dw, db


def group_channels_exchanged(x, w, b, dy):
    dx, dw, db = grouped_conv2d.gradient(x, w, b, dy)
    return grouped_conv2d.joined(grouped_conv2d.parts(dx)[::-1]), dw, db


def group_kernel_flipped(x, w, b, dy):
    dx, dw, db = grouped_conv2d.gradient(x, w, b, dy)
    return dx, dw[::-1, ::-1], db


# --- attention --------------------------------------------------------------------------------


def turned_again(x, dy):
    return (rotary.turned(dy, *rotary.waves(x)),)


def neighbours_turned(x, dy):
    """Columns 2k and 2k + 1 paired, as in the paper, where the forward has paired halves."""
    cos, sin = rotary.waves(x)
    p, q = dy[:, ::2], dy[:, 1::2]
    return (jnp.stack([p * cos + q * sin, q * cos - p * sin], axis=-1).reshape(x.shape),)


def group_averaged(params, x, mask, dy):
    dparams, dx = grouped_query_attention.gradient(params, x, mask, dy)
    share = grouped_query_attention.HEADS // grouped_query_attention.GROUPS
    return dparams._replace(k=dparams.k / share, v=dparams.v / share), dx


def other_group(params, x, mask, dy):
    """Heads dealt to groups in turn: h mod groups for h // (heads / groups)."""
    turn = lambda w: jnp.concatenate(jnp.split(w, 2, axis=-1)[::-1], axis=-1)
    dparams, dx = grouped_query_attention.gradient(params, x, mask, dy)
    return dparams._replace(k=turn(dparams.k), v=turn(dparams.v)), dx


def unseen_too(z, mask, dp):
    return masked_softmax.gradient(z, jnp.ones_like(mask), dp)


def other_axis(z, mask, dp):
    p = masked_softmax.function(z, mask)
    return (p * (dp - jnp.sum(p * dp, axis=1, keepdims=True)),)


def on_the_diagonal(z, mask, dp):
    p = masked_softmax.function(z, mask)
    return (p * (1.0 - p) * dp,)


# --- experts ----------------------------------------------------------------------------------


def router_constant(params, x, dy):
    dparams, dx = mixture_of_experts.gradient(params, x, dy)
    dx = dx - _through_router(params, x, dy)
    return dparams._replace(router=jnp.zeros_like(params.router)), dx


def experts_unweighted(params, x, dy):
    """dy_e = dy at the chosen experts: the share p_e is left out."""
    dparams, _ = mixture_of_experts.gradient(params, x, dy)
    chosen = (mixture_of_experts.shares(params, x) > 0.0).astype(dy.dtype)
    dx, up, down = mixture_of_experts.pull_experts(params, x, chosen, dy)
    return Experts(dparams.router, up, down), dx + _through_router(params, x, dy)


def _through_router(params, x, dy):
    return mixture_of_experts.pull_shares(params, x, dy) @ params.router.T


def plain_mean_of_shares(z):
    p, f = softmax(z), balancing_loss.shares(z)
    return (p * (f - jnp.mean(f))[None] * (z.shape[-1] / len(z)),)


def shares_summed(z):
    return (balancing_loss.gradient(z)[0] * len(z),)


OWN: dict[str, dict] = {
    "gru": {
        "state's path missing": gru_with(carry=jnp.zeros_like),
        "kept state's path missing": gru_with(kept_path_missing),
        "product reset for the state": gru_with(product_reset),
    },
    "group_norm": {
        "statistics taken as constant": group_statistics_constant,
        "gain forgotten": group_gain_forgotten,
        "means over the other axis": means_over_channels,
    },
    "batch_norm_eval": {
        "training's formula in evaluation": training_in_evaluation,
        "mean and variance swapped": statistics_swapped,
    },
    "weight_norm": {
        "lengths taken as constant": column_length_constant,
        "gain forgotten": column_gain_forgotten,
    },
    "avg_pool": {"sum for a mean": window_summed, "windows overwritten": window_overwritten},
    "conv1d": {"kernel flipped": signal_flipped, "padding forgotten": signal_padding_forgotten},
    "conv2d_transpose": {
        "kernel flipped": transpose_flipped,
        "kernel flipped on the way down": transpose_turned,
    },
    "grouped_conv2d": {
        "groups exchanged": group_channels_exchanged,
        "kernel flipped": group_kernel_flipped,
    },
    "rotary": {"turned the same way again": turned_again, "neighbours turned": neighbours_turned},
    "grouped_query_attention": {"uses averaged": group_averaged, "groups exchanged": other_group},
    "masked_softmax": {
        "mask forgotten": unseen_too,
        "sum over the batch": other_axis,
        "diagonal only": on_the_diagonal,
    },
    "mixture_of_experts": {
        "router taken as constant": router_constant,
        "not weighted by p": experts_unweighted,
    },
    "balancing_loss": {"plain mean": plain_mean_of_shares, "1/n missing": shares_summed},
}
