"""Mixture of experts: a router says which few perceptrons see an example, and how much."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Key

from ..activations import relu
from ..initializers import Initializer, glorot
from ..softmax import softmax


class Experts(NamedTuple):
    """The router's matrix, and two of each expert.  Its gradient is Experts too."""

    router: Float[Array, "width experts"]
    up: Float[Array, "experts width hidden"]
    down: Float[Array, "experts hidden width"]


def mixture_of_experts(
    params: Experts, x: Float[Array, "batch width"], top: int, activation: Callable = relu
) -> Float[Array, "batch width"]:
    """y = sum over e of p_e f(x up_e) down_e,  p = softmax of x router over its `top` largest.

    Weights are those of `init_experts`.  Every expert is computed, and those not chosen count 0:
    exact, and not sparse.
    Raises ValueError for a top outside of 1 to the experts.  Shazeer et al. 2017, section 2.1.
    """
    logits = x @ params.router
    p = softmax(logits, mask=largest(logits, top))
    each = jnp.stack([activation(x @ up) @ down for up, down in zip(*params[1:], strict=True)])
    return jnp.sum(each * p.T[:, :, None], axis=0)


def balancing_loss(logits: Float[Array, "batch experts"], top: int = 1) -> Float[Array, ""]:
    """E / top sum over e of f_e mean p_e,  f_e the share of rows that choose e, p = softmax.

    logits are x router, as in `mixture_of_experts`.  1 where the experts are chosen alike; f is
    counted, and has no gradient.
    Fedus, Zoph & Shazeer 2021, eq. 4 to 6.
    """
    chosen = largest(logits, top).astype(logits.dtype)
    share = lax.stop_gradient(jnp.mean(chosen, axis=0))
    even = jnp.mean(softmax(logits), axis=0)
    return jnp.sum(share * even) * (logits.shape[-1] / top)


def largest(z: Float[Array, "batch n"], top: int) -> Bool[Array, "batch n"]:
    """True at the `top` largest of each row; of equals, the earlier ones."""
    n = z.shape[-1]
    if not 1 <= top <= n:
        raise ValueError(f"top is {top}; of {n} experts, 1 to {n} can be chosen")
    _, places = lax.top_k(z, top)
    chosen = jnp.arange(n, dtype=places.dtype)[None, None, :] == places[:, :, None]
    return jnp.any(chosen, axis=1)


def init_experts(
    key: Key[Array, ""],
    width: int,
    hidden: int,
    experts: int,
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> Experts:
    """Every matrix drawn by `weights`; there are no biases."""
    if min(width, hidden, experts) < 1:
        raise ValueError(
            f"width, hidden, experts are {width}, {hidden}, {experts}; at least 1 of each is wanted"
        )
    router, up, down = jax.random.split(key, 3)
    each = lambda key, *shape: jnp.stack(
        [weights(k, shape, dtype) for k in jax.random.split(key, experts)]
    )
    return Experts(
        router=weights(router, (width, experts), dtype),
        up=each(up, width, hidden),
        down=each(down, hidden, width),
    )
