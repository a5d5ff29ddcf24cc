"""Update rules with one mistake: their pullbacks, in the signature of the derivations' gradients.

Each rule is written as the directions d_1 .. d_T that it takes on gradients stacked step first.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from ..derivations import ALL as DERIVATIONS
from ..derivations import adagrad, adam, momentum, rmsprop, trajectory


def pullback_of(directions: Callable) -> Callable:
    """gradient(params, gradients, dtheta) of theta_T = theta_0 - r sum d_k, by autodiff."""

    def after(params, gradients):
        moved = jax.tree.map(directions, gradients)
        return jax.tree.map(trajectory.descend, params, moved)

    return lambda params, gradients, dtheta: jax.vjp(after, params, gradients)[1](dtheta)


def decaying_mean(x, beta):
    """m_k = beta m_(k-1) + (1 - beta) x_k, without correction."""
    return (1.0 - beta) * momentum_sum(x, beta)


def momentum_sum(x, beta):
    out = [x[0]]
    for row in x[1:]:
        out.append(beta * out[-1] + row)
    return jnp.stack(out)


def adam_constant_variance_directions(g):
    return adam.direction(adam.mean(g), lax.stop_gradient(adam.mean_of_squares(g)))


def running_mean_of_squares(g):
    counts = jnp.arange(1, len(g) + 1, dtype=g.dtype).reshape(-1, *(1,) * (g.ndim - 1))
    return adagrad.START + jnp.cumsum(g * g, axis=0) / counts


no_history = pullback_of(lambda g: g)
dampened = pullback_of(lambda g: decaying_mean(g, momentum.BETA))
no_look_ahead = pullback_of(lambda g: momentum_sum(g, momentum.BETA))
uncorrected = pullback_of(
    lambda g: adam.direction(decaying_mean(g, adam.B1), decaying_mean(g * g, adam.B2))
)
eps_inside = pullback_of(lambda g: adam.mean(g) / jnp.sqrt(adam.mean_of_squares(g) + adam.EPS))
adam_constant_variance = pullback_of(adam_constant_variance_directions)
no_decay = DERIVATIONS["adam"].gradient
eps_outside = pullback_of(lambda g: g / (jnp.sqrt(rmsprop.mean_of_squares(g)) + rmsprop.EPS))
rmsprop_constant_variance = pullback_of(
    lambda g: rmsprop.direction(g, lax.stop_gradient(rmsprop.mean_of_squares(g)))
)
no_start = pullback_of(lambda g: adagrad.direction(g, jnp.cumsum(g * g, axis=0)))
mean_for_sum = pullback_of(lambda g: adagrad.direction(g, running_mean_of_squares(g)))
