"""One neuron: a = s(w x + b), the same weight and bias for every example.

    w, b, x --(1)--> z = w x + b --(2)--> a = s(z)

    (1)      dw = sum of x dz     db = sum of dz     dx = w dz
    (2)      da/dz = a (1 - a) = s(z) s(-z)
    (2)(1)   dw = sum of x s(z) s(-z) da     db = sum of s(z) s(-z) da     dx = w s(z) s(-z) da

Shapes     w, b: ()    x, z, a: any, alike
Domain     every finite w, b, x whose w x + b is finite
Rounding   z is rounded before e^: about 1 + |z| ulp remain.  1 - a is not formed: see sigmoid.
"""

import jax.numpy as jnp
import numpy as np

from refnet import Neuron, neuron, sigmoid

from ..inputs import draws, edges
from ..vocabulary import Arrow, Case, Derivation
from .sigmoid import gradient as sigmoid_gradient
from .sigmoid import slope as sigmoid_slope


def gradient(params, x, da):
    dz = sigmoid_slope(preactivation(params, x)) * da  # (2)
    return pull_preactivation(params, x, dz)  # (1)


def preactivation(params, x):
    w, b = (jnp.broadcast_to(p, x.shape) for p in params)
    return w * x + b


def pull_preactivation(params, x, dz):
    dx = jnp.broadcast_to(params.w, x.shape) * dz
    return Neuron(w=jnp.sum(x * dz), b=jnp.sum(dz)), dx


def draw(rng):
    params = Neuron(w=draws.reals(rng, low=0.25), b=draws.reals(rng, low=0.25))
    return params, draws.reals(rng, 7)


def edge_cases(dtype):
    """Saturated on both sides, dead weights, and inputs at the edges of the format."""
    w, b = (
        edges.held(0.375, dtype),
        edges.held(-0.25, dtype),
    )  # |w x| stays finite
    x = np.array([0.75, -1.25, 3.0, -0.5])
    zeros = (Neuron(0.0 * w, b), Neuron(w, 0.0 * b), Neuron(0.0 * w, 0.0 * b))
    return (
        *(Case(f"w = {params.w}, b = {params.b}", (params, x)) for params in zeros),
        *(Case(f"x = {c.label}", (Neuron(w, b), *c.args)) for c in edges.elementwise(dtype)),
    )


LATEX = (
    r"\bar{w} = \sum_k x_k \, \sigma(z_k) \sigma(-z_k) \, \bar{a}_k, \quad"
    r" \bar{b} = \sum_k \sigma(z_k) \sigma(-z_k) \, \bar{a}_k, \quad"
    r" \bar{x}_k = w \, \sigma(z_k) \sigma(-z_k) \, \bar{a}_k"
)
PREACTIVATION = Arrow(
    "(1) z = w x + b",
    r"\frac{\partial z}{\partial w} = x, \quad \frac{\partial z}{\partial b} = 1, \quad"
    r" \frac{\partial z}{\partial x} = w",
    preactivation,
    pull_preactivation,
    draw,
    argnums=(0, 1),
)
ACTIVATION = Arrow(
    "(2) a = s(z)",
    r"\frac{\partial a}{\partial z} = a (1 - a) = \sigma(z) \, \sigma(-z)",
    sigmoid,
    sigmoid_gradient,
    draws.preactivations,
)
NEURON = Derivation(
    name="neuron",
    function=neuron,
    gradient=gradient,
    latex=LATEX,
    arrows=(PREACTIVATION, ACTIVATION),
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite w, b, x whose w x + b is finite",
)
