"""A physics-informed network: second derivatives inside the loss; composition only."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from .layers import Dense, dense_jet, tanh_jet

Points = Float[Array, "points n"]


def mlp_jet(params: Sequence[Dense], x: Float[Array, "points 1"]) -> tuple[Points, Points, Points]:
    """(N, N', N'') of `mlp` with tanh, at every x: derivatives carried forward with the values."""
    *hidden, last = params
    u: Any = (x, jnp.ones_like(x), jnp.zeros_like(x))
    for layer in hidden:
        u = tanh_jet(*dense_jet(layer, u))
    return dense_jet(last, u)


def physics_informed(
    params: Sequence[Dense], x: Float[Array, "points 1"]
) -> tuple[Points, Points, Points]:
    """u = x (1 - x) N(x), with u' and u'': 0 at both ends, whatever the network N.

    u' = (1 - 2x) N + x (1 - x) N';  u'' = -2 N + 2 (1 - 2x) N' + x (1 - x) N''.
    Lagaris, Likas & Fotiadis 1998; Raissi, Perdikaris & Karniadakis 2019.
    """
    n, first, second = mlp_jet(params, x)
    edge, slope = x * (1.0 - x), 1.0 - 2.0 * x
    u = edge * n
    return u, slope * n + edge * first, edge * second + 2.0 * (slope * first - n)


def poisson_loss(
    u: tuple[Points, Points, Points], source: Float[Array, "points 1"]
) -> Float[Array, ""]:
    """mean (u'' + f)^2: 0 where u'' = -f at every point, the equation of Poisson."""
    residual = u[2] + source
    return jnp.mean(residual * residual)
