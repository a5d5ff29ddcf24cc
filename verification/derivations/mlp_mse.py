"""Multilayer perceptron under mean squared error: delta_D = 2 (z_D - t) / N.

    w, b, x --(1)--> p = mlp(w, b, x) --(2)--> L = mean (p - t)^2

    (1)      the recursion of mlp, with tanh
    (2)      dL/dp = 2 (p - t) / N
    (2)(1)   delta_D = 2 (z_D - t) / N,  delta_l = (1 - a_l^2) (delta_{l+1} w_{l+1}')

Shapes     t, p: (batch, out_D), N entries in all    L: ()    others as mlp
Domain     every finite w, b, x, t whose z_l are finite
Rounding   p - t cancels where the network is right: what the rounding of p leaves there is
           amplified by |p| / |p - t|.
Reference  Rumelhart, Hinton & Williams, Learning representations by back-propagating errors (1986).
"""

from refnet import mlp, mse, tanh

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation
from .mlp import BATCH, SIZES, backward, draw_network, forward
from .mlp import draw_shallow as draw_mlp
from .mlp import gradient as mlp_gradient
from .mse import gradient as mse_gradient
from .tanh import gradient as tanh_gradient


def loss(params, x, t):
    return mse(mlp(params, x), t)


def gradient(params, x, t):
    zs, _ = forward(params, x, tanh)
    dp, _ = mse_gradient(zs[-1], t)  # (2)
    return backward(params, x, dp, tanh, tanh_gradient)  # (1)


def draw(rng):
    sizes = SIZES[rng.integers(2)]  # depth 2 and 4
    params, x = draw_network(rng, sizes, BATCH[len(sizes) - 1])
    return params, x, draws.reals(rng, len(x), sizes[-1])


def draw_fixed(rng):
    params, x = draw_mlp(rng)
    return params, x, draws.reals(rng, len(x), SIZES[0][-1])


def edge_cases(dtype):
    """Zero, almost linear and saturated networks."""
    del dtype
    return edges.scaled(draw_fixed, (0.0, 2.0**-30, 2.0**6))


def squared_error(p, t):
    return mse(p, t)


def pull_squared_error(p, t, dL):
    return (dL * mse_gradient(p, t)[0],)


def draw_pair(rng):
    return draws.reals(rng, 5, 2), draws.reals(rng, 5, 2)


LATEX = (
    r"\delta_D = \frac{2}{N} (z_D - t), \quad"
    r" \delta_l = (1 - a_l^2) \odot \left( \delta_{l+1} w_{l+1}^{\top} \right), \quad"
    r" \frac{\partial L}{\partial w_l} = a_{l-1}^{\top} \delta_l, \quad"
    r" \frac{\partial L}{\partial b_l} = \sum_k \delta_{l,k}"
)
ARROWS = (
    Arrow(
        "(1) p = mlp(w, b, x)",
        r"\delta_l = (1 - a_l^2) \odot \left( \delta_{l+1} w_{l+1}^{\top} \right)",
        mlp,
        mlp_gradient,
        draw_mlp,
        argnums=(0, 1),
    ),
    Arrow(
        "(2) L = mean (p - t)^2",
        r"\frac{\partial L}{\partial p} = \frac{2}{N} (p - t)",
        squared_error,
        pull_squared_error,
        draw_pair,
    ),
)
MLP_MSE = Derivation(
    name="mlp_mse",
    function=loss,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    scalar=True,
    domain="every finite w, b, x, t whose z_l are finite",
    reference="Rumelhart, Hinton & Williams (1986)",
    of="mlp",
)
