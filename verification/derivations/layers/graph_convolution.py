"""Graph convolution: every row is mixed with its neighbors' before the weights, dx = S' dy w'.

    S, x --(1)--> h = S x --(2)--> y = h w + b

    (2)      dw = h' dy     db = sum of dy     dh = dy w'
    (1)      dx = S' dh     dS = dh x'

Shapes     S: (nodes, nodes)    x: (nodes, in)    w: (in, out)    b: (out,)    y: (nodes, out)
Domain     every finite S, x, w, b whose y is finite
Rounding   sums of products.
Reference  Kipf & Welling, Semi-supervised classification with graph convolutional networks (2017).
"""

import jax.numpy as jnp

from refnet import Dense
from refnet import graph_convolution as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..dense import gradient as dense_gradient
from ..mlp import LAYER


def gradient(layer, shares, x, dy):
    dlayer, dh = dense_gradient(layer, shares @ x, dy)  # (2)
    return dlayer, *pull_mixed(shares, x, dh)  # (1)


def pull_mixed(shares, x, dh):
    return dh @ x.T, shares.T @ dh


def draw(rng):
    """Shares of a directed graph: its transpose is another."""
    layer = Dense(w=draws.reals(rng, 3, 2, high=1.5), b=draws.reals(rng, 2, high=1.5))
    return layer, draws.reals(rng, 4, 4, high=1.5), draws.reals(rng, 4, 3)


def edge_cases(dtype):
    """A graph of no weight, and a heavy one."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**4))


LATEX = (
    r"\bar{x} = S^{\top} \bar{y} w^{\top}, \quad \bar{w} = (S x)^{\top} \bar{y}, \quad"
    r" \bar{S} = \bar{y} w^{\top} x^{\top}"
)
ARROWS = (
    Arrow(
        "(1) h = S x",
        r"\bar{x} = S^{\top} \bar{h}, \quad \bar{S} = \bar{h} x^{\top}",
        jnp.matmul,
        pull_mixed,
        lambda rng: (draws.reals(rng, 4, 4), draws.reals(rng, 4, 3)),
        argnums=(0, 1),
    ),
    LAYER,
)
GRAPH_CONVOLUTION = Derivation(
    name="graph_convolution",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    domain="every finite S, x, w, b whose y is finite",
    reference="Kipf & Welling (2017)",
)
