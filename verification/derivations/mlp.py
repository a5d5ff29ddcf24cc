"""Multilayer perceptron of any depth: delta_l = f'(z_l) (delta_{l+1} w_{l+1}').

    a_0 = x;  a_{l-1} --(1)--> z_l = a_{l-1} w_l + b_l --(2)--> a_l = f(z_l),  l = 1 .. D;
    the last layer has no f: the output is z_D

    (1)      dw_l = a_{l-1}' dz_l     db_l = sum of dz_l over the batch     da_{l-1} = dz_l w_l'
    (2)      dz_l = f'(z_l) da_l
    (1)(2)   with delta_l = dz_l:  delta_D = the cotangent,
             delta_l = f'(z_l) (delta_{l+1} w_{l+1}')

Shapes     w_l: (in_l, out_l)    b_l: (out_l,)    x: (batch, in_1)    z_l, a_l: (batch, out_l)
Domain     every finite w, b, x whose z_l are finite; here f = tanh
Rounding   sums of products in every layer; an error of z_l is multiplied by f''(z_l) and w_{l+1}.
Reference  Rumelhart, Hinton & Williams, Learning representations by back-propagating errors (1986).
"""

import numpy as np

from refnet import Dense, mlp, tanh

from ..inputs import draws, edges
from ..vocabulary import Arrow, Case, Derivation
from .dense import DENSE
from .dense import gradient as dense_gradient
from .tanh import gradient as tanh_gradient


def gradient(params, x, dout):
    return backward(params, x, dout, tanh, tanh_gradient)


def forward(params, x, activation):
    """Every z_l, and every a_l from a_0 = x on: the last z is the output."""
    zs, inputs = [], [x]
    for layer in params:
        zs.append(inputs[-1] @ layer.w + layer.b[None, :])
        inputs.append(activation(zs[-1]))
    return zs, inputs[:-1]


def backward(params, x, dout, activation, pull_activation):
    """The cotangents of params and x, from that of the output."""
    zs, inputs = forward(params, x, activation)
    layers, delta = [], dout
    for l in reversed(range(len(params))):
        layer, da = dense_gradient(params[l], inputs[l], delta)  # (1)
        layers.append(layer)
        if l > 0:
            (delta,) = pull_activation(zs[l - 1], da)  # (2)
    return type(params)(layers[::-1]), da


SIZES = ((3, 4, 2), (2, 3, 5, 4, 3), (4, 3, 2, 5, 3, 2, 4))  # depth 2, 4, 6: drawn
BATCH = {2: 5, 4: 3, 6: 2}
ODD_SIZES = ((3, 2), (4, 2, 3, 5), (2, 5, 3, 4, 2, 3))  # depth 1, 3, 5: looked at once each


def draw(rng):
    sizes = SIZES[rng.integers(len(SIZES))]
    return draw_network(rng, sizes, BATCH[len(sizes) - 1])


def draw_network(rng, sizes, batch):
    layers = tuple(
        Dense(w=draws.reals(rng, m, n, high=1.5), b=draws.reals(rng, n, high=1.5))
        for m, n in zip(sizes, sizes[1:], strict=False)
    )
    return layers, draws.reals(rng, batch, sizes[0])


def draw_shallow(rng):
    return draw_network(rng, SIZES[0], BATCH[2])


def edge_cases(dtype):
    """The depths between, and a shallow network dead, almost linear, and saturated."""
    del dtype
    odd = [
        draw_network(np.random.default_rng(k), sizes, batch=4) for k, sizes in enumerate(ODD_SIZES)
    ]
    return (
        *(Case(f"depth {len(params)}", (params, x)) for params, x in odd),
        *edges.scaled(draw_shallow, (0.0, 2.0**-30, 2.0**6)),
    )


LATEX = (
    r"\delta_D = \bar{z}_D, \quad"
    r" \delta_l = f'(z_l) \odot \left( \delta_{l+1} w_{l+1}^{\top} \right), \quad"
    r" \bar{w}_l = a_{l-1}^{\top} \delta_l, \quad \bar{b}_l = \sum_k \delta_{l,k}, \quad"
    r" \bar{x} = \delta_1 w_1^{\top}"
)
LAYER = Arrow(
    "(1) z_l = a_{l-1} w_l + b_l",
    DENSE.latex,
    DENSE.function,
    DENSE.gradient,
    DENSE.draw,
    argnums=(0, 1),
)
ARROWS = (
    LAYER,
    Arrow(
        "(2) a_l = tanh(z_l)",
        r"\bar{z}_l = (1 - a_l^2) \odot \bar{a}_l",
        tanh,
        tanh_gradient,
        draws.preactivations,
    ),
)
MLP = Derivation(
    name="mlp",
    function=mlp,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite w, b, x whose z_l are finite; tanh between the layers",
    reference="Rumelhart, Hinton & Williams (1986)",
)
