"""Multilayer perceptron with rectifiers: delta_l = [z_l > 0] (delta_{l+1} w_{l+1}').

    as mlp, with (2) a_l = max(z_l, 0)

    (2)      dz_l = [z_l > 0] da_l
    (1)(2)   a unit that is off for an example hands nothing on: neither to its weights nor below

Shapes     as mlp
Domain     every finite w, b, x whose z_l are finite and not 0; at z_l = 0 we say 0
Rounding   sums of products; where a z_l is within rounding of 0, its sign, and so a whole term, may
           come out either way.
Reference  Nair & Hinton, Rectified linear units improve restricted Boltzmann machines (2010).
"""

import numpy as np

from refnet import mlp, relu

from ..inputs import draws
from ..vocabulary import Arrow, Case, Derivation
from .mlp import LAYER, ODD_SIZES, backward, draw, draw_network
from .relu import gradient as relu_gradient


def network(params, x):
    return mlp(params, x, relu)


def gradient(params, x, dout):
    return backward(params, x, dout, relu, relu_gradient)


def edge_cases(dtype):
    """The depths between; every hidden unit off, and every hidden unit on, for every example."""
    del dtype
    odd = [draw_network(np.random.default_rng(k), s, batch=4) for k, s in enumerate(ODD_SIZES)]
    (first, last), x = draw_network(np.random.default_rng(9), (3, 4, 2), batch=5)
    off, on = (
        first._replace(w=sign * np.abs(first.w), b=sign * np.abs(first.b)) for sign in (-1.0, 1.0)
    )
    return (
        *(Case(f"depth {len(params)}", (params, x)) for params, x in odd),
        Case("all off", ((off, last), np.abs(x))),
        Case("all on", ((on, last), np.abs(x))),
    )


LATEX = (
    r"\delta_D = \bar{z}_D, \quad"
    r" \delta_l = [z_l > 0] \odot \left( \delta_{l+1} w_{l+1}^{\top} \right), \quad"
    r" \bar{w}_l = a_{l-1}^{\top} \delta_l, \quad \bar{b}_l = \sum_k \delta_{l,k}"
)
ARROWS = (
    LAYER,
    Arrow(
        "(2) a_l = max(z_l, 0)",
        r"\bar{z}_l = [z_l > 0] \odot \bar{a}_l",
        relu,
        relu_gradient,
        draws.preactivations,
    ),
)
MLP_RELU = Derivation(
    name="mlp_relu",
    function=network,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite w, b, x whose z_l are finite and not 0",
    reference="Nair & Hinton (2010)",
    of="mlp",
)
