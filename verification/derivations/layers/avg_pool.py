"""Average pooling: every entry of a window has its share; an entry of two windows has two.

    x --(1)--> the entries of window i, x[2i .. 2i + 2] --(2)--> y_i = their mean

    (2)      each entry has dy_i / 3
    (1)      dx[2i + k] += what entry k of window i has

Shapes     x: (batch, n)    y: (batch, (n - 3) / 2 + 1)
Domain     every finite x
Rounding   the sum of a window.
Reference  LeCun et al., Gradient-based learning applied to document recognition (1998), section II.
"""

import jax.numpy as jnp

from refnet import avg_pool

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .max_pool import STRIDE, WINDOW, pull_windows, windows


def function(x):
    return avg_pool(x, WINDOW, STRIDE, axes=(1,))


def gradient(x, dy):
    (share,) = pull_mean(windows(x), dy)  # (2)
    return pull_windows(x, share)  # (1)


def mean(parts):
    return jnp.mean(parts, axis=0)


def pull_mean(parts, dy):
    return (jnp.broadcast_to(dy[None] / len(parts), parts.shape),)


def draw(rng):
    return (draws.reals(rng, 3, 9),)


def edge_cases(dtype):
    """Small and large inputs."""
    del dtype
    return edges.scaled(draw, (2.0**-20, 2.0**10))


LATEX = r"\bar{x}_{2i + k} \mathrel{+}= \frac{1}{3} \bar{y}_i, \quad k = 0, 1, 2"
ARROWS = (
    Arrow(
        "(2) mean of a window",
        r"\bar{x}_{ik} = \frac{1}{3} \bar{y}_i",
        mean,
        pull_mean,
        lambda rng: (draws.reals(rng, 3, 2, 4),),
    ),
)
AVG_POOL = Derivation(
    name="avg_pool",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    domain="every finite x",
    reference="LeCun et al. (1998), section II",
)
