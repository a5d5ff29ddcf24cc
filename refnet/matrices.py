"""Rules that see a leaf as a matrix: Adafactor by rows and columns, Muon by its singular values.

As in updates.py: r is the rate, g the gradient, d the direction, and w <- w - r d.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from .rule import (
    Rate,
    check_fraction,
    check_not_negative,
    check_positive,
    present,
    rate_of,
    root,
    rule,
    seen,
    zeros,
)
from .transformations import GradientTransformation, Schedule

Leaf = Float[Array, "*s"]
STEEP = (3.4445, -4.7750, 2.0315)  # fast from 0, and never settled near 1
STEPS = 5


class Factors(NamedTuple):
    """Decaying means of g^2 by row and by column; of a leaf with fewer axes, of each entry."""

    rows: PyTree
    columns: PyTree


def adafactor(
    learning_rate: Rate,
    decay_rate: float = 0.8,
    eps: float = 1e-30,
    threshold: float = 1.0,
    min_scale: float = 1e-3,
) -> GradientTransformation:
    """d = max(min_scale, rms w) u / max(1, rms u / threshold),  u = g / sqrt(R C / mean R).

    R, C: means of g^2 + eps by row and by column, b = 1 - t^-decay_rate their decay; the rate is
    min(r, 1 / sqrt t).  decay_rate, eps, threshold, min_scale > 0.  Shazeer & Stern 2018,
    algorithms 4 and 5; optax has r itself for the rate.
    """
    given = {"decay_rate": decay_rate, "threshold": threshold, "min_scale": min_scale}
    check_positive("adafactor", eps=eps, **given)

    def direction(g, memory, w, t):
        mean = lambda old, new: _toward(old, new, t, decay_rate)
        square = jax.tree.map(lambda g: jnp.square(g) + eps, g)
        r = jax.tree.map(lambda r, s: mean(r, _by_row(s)), memory.rows, square)
        c = jax.tree.map(lambda c, s: mean(c, _by_column(s)), memory.columns, square)

        def step(g, r, c, w):
            u = g / jnp.sqrt(_factored(r, c))
            return (
                jnp.maximum(min_scale, _rms(jnp.asarray(w)))
                * u
                / jnp.maximum(1.0, _rms(u) / threshold)
            )

        return jax.tree.map(step, g, r, c, present("adafactor", w)), Factors(r, c)

    def memory(params):
        nothing = zeros(seen(params, eps))
        return Factors(jax.tree.map(_by_row, nothing), jax.tree.map(_by_column, nothing))

    return rule(_falling(learning_rate), memory, direction, counted=True)


def muon(learning_rate: Rate, decay: float = 0.95, eps: float = 1e-7) -> GradientTransformation:
    """m <- b m + (1 - b) g;  d = sqrt(max(1, p / q)) NS(b m + (1 - b) g), of p rows and q columns.

    NS(u): five times X <- a X + (b A + c A^2) X, A = X X', from u / max(|u|, eps): singular values
    near 1.  A leaf with fewer than two axes is one row; of more, the first counts the rows.
    0 <= decay < 1, eps > 0.  Jordan et al. 2024, in whose p by q the rows are the outputs.
    """
    check_fraction("muon", decay=decay)
    check_positive("muon", eps=eps)
    mean = lambda m, g: decay * m + (1.0 - decay) * g

    def direction(g, m, w, t):
        m = jax.tree.map(mean, m, g)
        return jax.tree.map(lambda m, g: _orthogonal(mean(m, g), eps), m, g), m

    return rule(learning_rate, lambda params: zeros(seen(params, eps)), direction)


def _orthogonal(u: Leaf, eps: float) -> Leaf:
    """sqrt(max(1, p / q)) NS(u), by the shorter side."""
    x = u.reshape(len(u), -1) if u.ndim > 1 else u.reshape(1, -1)
    p, q = x.shape
    x = x / jnp.maximum(root(jnp.sum(x * x)), eps)
    x = x.T if p > q else x
    a, b, c = STEEP
    for _ in range(STEPS):
        square = x @ x.T
        x = a * x + (b * square + c * (square @ square)) @ x
    x = x.T if p > q else x
    return max(1.0, p / q) ** 0.5 * x.reshape(u.shape)


def _falling(learning_rate: Rate) -> Schedule:
    """min(r, 1 / sqrt t)."""
    if not callable(learning_rate):
        check_not_negative("adafactor", learning_rate=learning_rate)
    return lambda count: jnp.minimum(rate_of(learning_rate, count), 1.0 / jnp.sqrt(count + 1.0))


def _toward(old: Leaf, new: Leaf, t: Int[Array, ""], decay_rate: float) -> Leaf:
    """b old + (1 - b) new,  b = 1 - t^-decay_rate: nothing of the past at the first step."""
    working = jnp.float64 if old.dtype == jnp.float64 else jnp.float32
    share = (t.astype(working) ** -decay_rate).astype(old.dtype)
    return (1.0 - share) * old + share * new


def _by_row(x: Leaf) -> Float[Array, "*rows"]:
    return jnp.mean(x, axis=-1, keepdims=True) if x.ndim > 1 else x


def _by_column(x: Leaf) -> Float[Array, "*columns"]:
    return jnp.mean(x, axis=-2, keepdims=True) if x.ndim > 1 else x


def _factored(rows: Leaf, columns: Float[Array, "*t"]) -> Float[Array, "*u"]:
    """R C / mean R of a matrix; R of a leaf with fewer axes."""
    return rows * (columns / jnp.mean(rows)) if rows.ndim > 1 else rows


def _rms(x: Leaf) -> Float[Array, ""]:
    return root(jnp.mean(x * x))
