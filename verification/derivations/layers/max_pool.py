"""Max pooling: the gradient of every window goes to its largest entry; windows overlap.

    x --(1)--> the entries of window i, x[2i .. 2i + 2] --(2)--> y_i = their maximum

    (2)      the largest entry has dy_i, the others 0
    (1)      dx[2i + k] += what entry k of window i has: an entry may win in two windows

Shapes     x: (batch, n)    y: (batch, (n - 3) / 2 + 1)
Domain     every finite x without ties in a window; at a tie the first one has it all
Rounding   none but that of the sum of two.
Reference  Boureau, Ponce & LeCun, A theoretical analysis of feature pooling (2010).
"""

import jax.numpy as jnp
from jax import lax

from refnet import max_pool
from refnet.layers import pooling

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

WINDOW, STRIDE = 3, 2


def function(x):
    return max_pool(x, WINDOW, STRIDE, axes=(1,))


def windows(x):
    """(window, batch, outputs)."""
    return pooling.windows(x, WINDOW, STRIDE, 1)


def gradient(x, dy):
    parts = windows(x)
    first = jnp.argmax(parts, axis=0)
    won = [jnp.where(first == k, dy, jnp.zeros_like(dy)) for k in range(WINDOW)]  # (2)
    return (sum(spread(d, x.shape[1], k) for k, d in enumerate(won)),)  # (1)


def spread(d, size: int, start: int):
    behind = size - start - STRIDE * (d.shape[1] - 1) - 1
    return lax.pad(d, jnp.zeros((), d.dtype), [(0, 0, 0), (start, behind, STRIDE - 1)])


def pull_windows(x, d):
    return (sum(spread(row, x.shape[1], k) for k, row in enumerate(d)),)


def draw(rng):
    return (draws.reals(rng, 3, 9),)


def edge_cases(dtype):
    """Small and large inputs."""
    del dtype
    return edges.scaled(draw, (2.0**-20, 2.0**20))


LATEX = r"\bar{x}_{2i + k} \mathrel{+}= [k = \mathrm{argmax}_j x_{2i + j}] \, \bar{y}_i"
ARROWS = (
    Arrow(
        "(1) windows of x",
        r"\bar{x}_{2i + k} \mathrel{+}= \bar{x}_{ik}",
        windows,
        pull_windows,
        draw,
    ),
)
MAX_POOL = Derivation(
    name="max_pool",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    domain="every finite x without ties in a window",
    reference="Boureau, Ponce & LeCun (2010)",
)
