"""Logistic neuron under binary cross-entropy: dL/dw = (a - y) x, dL/db = a - y, by hand.

    w, b, x --(1)--> z = w x + b --(2)--> a = s(z) --(3)--> L = -mean (y log a + (1 - y) log(1 - a))

    (3)        dL/da = (a - y) / (a (1 - a)) / n     put both fractions over a (1 - a)
    (2)        da/dz = a (1 - a)                     because 1 - s(z) = s(-z)
    (3)(2)     dL/dz = (a - y) / n                   a (1 - a) cancels
    (1)        dz/dw = x     dz/db = 1     dz/dx = w
    (3)(2)(1)  dL/dw = sum of (a - y) x / n     dL/db = sum of (a - y) / n     dL/dx = (a - y) w / n

Shapes     w, b, L: ()    x, y, z, a: any, alike, n entries
Domain     every finite w, b, x whose w x + b is finite; 0 <= y <= 1
Rounding   a - y and a (1 - a) lose every digit once a rounds to 0 or 1, so the code says
           a - y as (1 - y) s(z) - y s(-z) and a (1 - a) as s(z) s(-z): equal on paper.
           What remains is the rounding of z itself, about 1 + |z| ulp, and underflow.
Reference  Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.91.
"""

import numpy as np

from refnet import Neuron, binary_cross_entropy, neuron, sigmoid

from ..inputs import draws, edges
from ..vocabulary import Arrow, Case, Derivation
from .binary_cross_entropy_with_logits import residual
from .neuron import ACTIVATION, PREACTIVATION, preactivation, pull_preactivation
from .neuron import draw as draw_neuron


def loss(params, x, y):
    return binary_cross_entropy(neuron(params, x), y)


def gradient(params, x, y):
    dz = residual(preactivation(params, x), y) / x.size  # (3)(2)
    return pull_preactivation(params, x, dz)  # (1)


def draw(rng):
    params, x = draw_neuron(rng)
    return params, x, draws.labels(rng, *x.shape)


def edge_cases(dtype):
    """Saturated on the right and on the wrong side, a weight and a bias of zero, soft labels."""
    far = (17.0, 37.0, 88.0, 104.0) if edges.name_of(dtype) == "float32" else (37.0, 88.0, 700.0)
    w, b = edges.held(1.5, dtype), edges.held(-0.25, dtype)
    x = np.array([0.75, -1.25, 3.0])
    dead = [Neuron(0.0 * w, b), Neuron(w, 0.0 * b), Neuron(0.0 * w, 0.0 * b)]
    soft = np.array([0.25, 0.5, 0.9375])
    saturated = [
        Case(f"z near {z}, y = {y}", (Neuron(w, b), edges.held([z / 1.5], dtype), np.full(1, y)))
        for size in far
        for z in (size, -size)
        for y in (0.0, 1.0, 0.375)
    ]
    return (
        *(Case(f"w = {params.w}, b = {params.b}", (params, x, soft)) for params in dead),
        *saturated,
    )


def cross_entropy_of_logit(z, y):
    return binary_cross_entropy(sigmoid(z), y)


def cross_entropy(a, y):
    return binary_cross_entropy(a, y)


def pull_cross_entropy(a, y, dL):
    return (dL * ((a - y) / a / (1.0 - a) / a.size),)


def draw_logit(rng):
    return draws.reals(rng, 7, high=16.0), draws.labels(rng, 7)


def draw_probability(rng):
    return draws.probabilities(rng, 7), draws.labels(rng, 7)


LATEX = (
    r"\frac{\partial L}{\partial w} = \frac{1}{n} \sum_k (a_k - y_k) x_k, \quad"
    r" \frac{\partial L}{\partial b} = \frac{1}{n} \sum_k (a_k - y_k), \quad"
    r" \frac{\partial L}{\partial x_k} = \frac{1}{n} (a_k - y_k) w"
)
ARROWS = (
    PREACTIVATION,
    ACTIVATION,
    Arrow(
        "(3) L = -mean (y log a + (1 - y) log(1 - a))",
        r"\frac{\partial L}{\partial a} = \frac{1}{n} \left( -\frac{y}{a} + \frac{1 - y}{1 - a}"
        r" \right) = \frac{1}{n} \, \frac{a - y}{a (1 - a)}",
        cross_entropy,
        pull_cross_entropy,
        draw_probability,
    ),
    Arrow(
        "(3)(2) L = cross-entropy of s(z)",
        r"\frac{\partial L}{\partial z} = \frac{a - y}{n}"
        r" = \frac{(1 - y) \sigma(z) - y \, \sigma(-z)}{n}",
        cross_entropy_of_logit,
        lambda z, y, dL: (dL * (residual(z, y) / z.size),),
        draw_logit,
    ),
)
LOGISTIC_NEURON = Derivation(
    name="logistic_neuron",
    function=loss,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    scalar=True,
    domain="every finite w, b, x whose w x + b is finite; 0 <= y <= 1",
    reference="Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.91",
    of="neuron",
)
