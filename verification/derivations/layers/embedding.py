"""Embedding: a row's gradient is the sum over all the places where it was looked up.

    table, i --(1)--> y_k = table[i_k]

    (1)      dtable[r] = sum over the k with i_k = r of dy_k

Shapes     table: (rows, n)    i: (places,), integers, some more than once    y: (places, n)
Domain     every finite table; 0 <= i < rows
Rounding   that of the sum.
Reference  Bengio et al., A neural probabilistic language model (2003).
"""

import jax.numpy as jnp
import numpy as np

from refnet import embedding as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def gradient(table, indices, dy):
    return (jnp.zeros_like(table).at[indices].add(dy),)  # (1)


def draw(rng):
    indices = np.concatenate([draws.classes(rng, 5, count=6), draws.classes(rng, 3, count=6)])
    indices[-2:] = indices[0]  # one row three times
    return draws.reals(rng, 6, 3), indices


def edge_cases(dtype):
    """An empty table, and a large one."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**20))


LATEX = r"\bar{E}_r = \sum_{k:\, i_k = r} \bar{y}_k"
ARROWS = (Arrow("(1) y_k = E[i_k]", LATEX, function, gradient, draw),)
EMBEDDING = Derivation(
    name="embedding",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    domain="every finite table; 0 <= i < rows",
    reference="Bengio et al. (2003)",
)
