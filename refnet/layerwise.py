"""A rule that looks at a whole leaf: LAMB, by its length; an optax.GradientTransformation.

As in updates.py: r is the rate, g the gradient, d the direction, and w <- w - r d.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .rule import (
    Moments,
    Rate,
    check_fraction,
    check_not_negative,
    check_positive,
    moments,
    present,
    root,
    rule,
    unbias,
    zero_moments,
)
from .transformations import GradientTransformation


def lamb(
    learning_rate: Rate,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
) -> GradientTransformation:
    """d = |w| / |u| u,  u = mhat / (sqrt vhat + eps) + weight_decay w, leaf by leaf.

    The ratio is 1 where either length is 0.  0 <= b1, b2 < 1, eps > 0, weight_decay >= 0.
    You et al. 2020, algorithm 2.
    """
    check_fraction("lamb", b1=b1, b2=b2)
    check_positive("lamb", eps=eps)
    check_not_negative("lamb", weight_decay=weight_decay)

    def direction(g, memory, w, t):
        m, v = moments(g, memory, b1, b2)
        adam = lambda m, v: unbias(m, b1, t) / (root(unbias(v, b2, t)) + eps)
        u = jax.tree.map(lambda m, v, w: adam(m, v) + weight_decay * w, m, v, present("lamb", w))
        return jax.tree.map(lambda w, u: _ratio(w, u) * u, w, u), Moments(m, v)

    return rule(learning_rate, zero_moments(eps), direction, counted=True)


def _ratio(above: Float[Array, "*s"], below: Float[Array, "*s"]) -> Float[Array, ""]:
    """|above| / |below|, or 1 where either is 0."""
    p, q = _length(above), _length(below)
    known = (p > 0.0) & (q > 0.0)
    return jnp.where(known, p / jnp.where(known, q, 1.0), 1.0)


def _length(x: Float[Array, "*s"]) -> Float[Array, ""]:
    return root(jnp.sum(x * x))
