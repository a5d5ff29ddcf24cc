"""Huber, hinge and log-sum-exp with one mistake each."""

import jax.numpy as jnp

from ...derivations.layers import hinge, huber, log_sum_exp


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


OWN: dict[str, dict] = {
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
}
