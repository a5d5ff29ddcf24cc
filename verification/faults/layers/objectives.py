"""Gates, log-softmax, divergences, likelihoods and contrasts with one mistake each."""

import jax
import jax.numpy as jnp

from refnet import Gated, log_sigmoid, sigmoid, silu, softmax

from ...derivations.layers import (
    ctc_loss,
    evidence_lower_bound,
    focal_loss,
    gated_feed_forward,
    gaussian_likelihood,
    glu,
    info_nce,
    kl_divergence,
    poisson_likelihood,
    smoothed_cross_entropy,
    triplet,
)
from ...derivations.layers import weighted as weighting
from ...derivations.softmax_cross_entropy import gradient as soft_gradient
from ..slopes import times


def only_the_own_class(z, da):
    return (da - softmax(z) * da,)


def mean_taken_off(z, da):
    return (da - jnp.mean(da, axis=-1, keepdims=True),)


def gate_constant(x, dy):
    _, b = glu.halves(x)
    return (jnp.concatenate([sigmoid(b) * dy, jnp.zeros_like(b)], axis=-1),)


def other_half(x, dy):
    return (jnp.concatenate(glu.halves(glu.gradient(x, dy)[0])[::-1], axis=-1),)


def feed_gate_constant(params, x, dy):
    """Neither the gate's matrix nor x, through the gate, has a gradient."""
    dh = dy @ params.down.T
    du = silu(x @ params.gate) * dh
    right, _ = gated_feed_forward.gradient(params, x, dy)
    return right._replace(gate=jnp.zeros_like(params.gate)), du @ params.up.T


def feed_swapped(params, x, dy):
    right, dx = gated_feed_forward.gradient(params, x, dy)
    return Gated(gate=right.up, up=right.gate, down=right.down), dx


def divergence_swapped(p, q):
    return kl_divergence.gradient(p, q)[::-1]


def divergence_unweighted(p, q):
    r = kl_divergence.ratio(p, q)
    dp = softmax(p) * (r - jnp.mean(r, axis=-1, keepdims=True)) / len(p)
    return dp, kl_divergence.gradient(p, q)[1]


def hard_labels(z, labels):
    return soft_gradient(z, jnp.eye(z.shape[-1], dtype=z.dtype)[labels])


def smoothed_sum(z, labels):
    return (smoothed_cross_entropy.gradient(z, labels)[0] * len(z),)


def focus_constant(z, y):
    """(1 - p)^g times the cross-entropy's slope: the weight is not differentiated."""
    sign = 2.0 * y - 1.0
    return (-sign * sigmoid(-sign * z) ** (focal_loss.GAMMA + 1.0) / z.size,)


def focal_sum(z, y):
    return (focal_loss.gradient(z, y)[0] * z.size,)


def always_inside(a, p, q):
    return triplet.pull_apart(a, p, q, jnp.full_like(a[:, 0], 1.0 / len(a)))


def once(a, p, q):
    return tuple(0.5 * d for d in triplet.gradient(a, p, q))


def keys_constant(q, k):
    return info_nce.gradient(q, k)[0], jnp.zeros_like(k)


def not_tempered(q, k):
    return tuple(info_nce.TEMPERATURE * d for d in info_nce.gradient(q, k))


def alignment_sum(z, *told):
    return (ctc_loss.gradient(z, *told)[0] * len(z),)


def padding_aligned(z, labels, frames, lengths):
    return ctc_loss.gradient(z, labels, jnp.full_like(frames, z.shape[1]), lengths)


def equal_labels_merged(z, labels, frames, lengths):
    """The step over a blank is open between equal labels, too."""

    def places(*told):
        found, skips = ctc_loss.places_of(*told)
        return found, jnp.arange(len(skips)) % 2 == 1

    return aligned(z, labels, frames, lengths, places_of=places)


def end_in_a_label(z, labels, frames, lengths):
    return aligned(z, labels, frames, lengths, ends=lambda s, k: s == 2 * k - 1)


def aligned(z, *told, **other):
    shares = jax.vmap(lambda *one: ctc_loss.occupation(*one, **other))(z, *told)
    return ((softmax(z) * jnp.sum(shares, axis=-1, keepdims=True) - shares) / len(z),)


def variance_constant(m, v, t):
    dm, _, dt = gaussian_likelihood.gradient(m, v, t)
    return dm, jnp.full_like(v, 0.5 / v.size), dt


def targets_sign(m, v, t):
    dm, dv, _ = gaussian_likelihood.gradient(m, v, t)
    return dm, dv, dm


def count_less_rate(z, k):
    return (-poisson_likelihood.gradient(z, k)[0],)


def poisson_sum(z, k):
    return (poisson_likelihood.gradient(z, k)[0] * z.size,)


def bound_sum(l, m, v):
    return tuple(d * len(l) for d in evidence_lower_bound.gradient(l, m, v))


def bound_no_half(l, m, v):
    dl, dm, dv = evidence_lower_bound.gradient(l, m, v)
    return dl, 2.0 * dm, 2.0 * dv


def unweighted(p, t, w):
    d = 2.0 * (p - t) / p.size
    return d, -d, weighting.gradient(p, t, w)[2]


def divided_by_the_count(p, t, w):
    """w_i / n: the mask is in the sum, and not in what it is divided by."""
    dp, dt, dw = weighting.gradient(p, t, w)
    share = jnp.sum(w) / len(w)
    return dp * share, dt * share, dw


OWN: dict[str, dict] = {
    "log_sigmoid": {"s(-z) for s(z)": times(sigmoid), "value for slope": times(log_sigmoid)},
    "log_softmax": {"diagonal only": only_the_own_class, "plain mean": mean_taken_off},
    "glu": {"gate's path missing": gate_constant, "halves swapped": other_half},
    "gated_feed_forward": {
        "gate's path missing": feed_gate_constant,
        "halves swapped": feed_swapped,
    },
    "kl_divergence": {
        "both gradients swapped": divergence_swapped,
        "plain mean": divergence_unweighted,
    },
    "smoothed_cross_entropy": {"smoothing forgotten": hard_labels, "1/n missing": smoothed_sum},
    "focal_loss": {"weight taken as constant": focus_constant, "1/n missing": focal_sum},
    "triplet": {"margin not looked at": always_inside, "2 missing": once},
    "info_nce": {"keys taken as constant": keys_constant, "temperature forgotten": not_tempered},
    "ctc_loss": {
        "1/n missing": alignment_sum,
        "mask forgotten": padding_aligned,
        "equal labels merged": equal_labels_merged,
        "last blank forgotten": end_in_a_label,
    },
    "gaussian_likelihood": {
        "variance taken as constant": variance_constant,
        "target's sign": targets_sign,
    },
    "poisson_likelihood": {"y - a": count_less_rate, "1/n missing": poisson_sum},
    "weighted": {"mask forgotten": unweighted, "divided by the count": divided_by_the_count},
    "evidence_lower_bound": {"1/n missing": bound_sum, "no half": bound_no_half},
}
