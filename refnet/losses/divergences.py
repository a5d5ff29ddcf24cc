"""Divergences: how far one distribution is from another, and the bound that one of them gives."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..softmax import log_softmax
from .shapes import Scalar, same_shape


def kl_divergence(p: Float[Array, "*batch classes"], q: Float[Array, "*s"]) -> Scalar:
    """mean over examples of sum P (log P - log Q), P = softmax(p) and Q = softmax(q).

    Slope in q: (Q - P) / n;  in p: P (r - sum P r) / n, r = log P - log Q.  The other direction is
    the arguments the other way round.  Kullback & Leibler 1951.
    """
    same_shape("kl_divergence", p=p, q=q)
    log_p = log_softmax(p)
    return jnp.mean(jnp.sum(jnp.exp(log_p) * (log_p - log_softmax(q)), axis=-1))


def evidence_lower_bound(
    log_likelihood: Float[Array, "*batch"],
    mean: Float[Array, "*batch latents"],
    log_variance: Float[Array, "*s"],
) -> Scalar:
    """mean over examples of l - KL,  KL = sum (m^2 + e^v - 1 - v) / 2: what a variational network
    makes as large as it can.

    l is log p(x | z) of a draw z = m + e^(v/2) noise, and KL the divergence of N(m, e^v) from
    N(0, 1).  Slopes: 1 / n, -m / n, (1 - e^v) / (2 n).  Kingma & Welling 2014.
    """
    same_shape("evidence_lower_bound", mean=mean, log_variance=log_variance)
    same_shape("evidence_lower_bound", log_likelihood=log_likelihood, examples=mean[..., 0])
    v = log_variance
    apart = 0.5 * jnp.sum(mean * mean + (jnp.expm1(v) - v), axis=-1)
    return jnp.mean(log_likelihood - apart)
