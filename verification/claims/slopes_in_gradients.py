"""Claim B8: through which arrows the mean squared error reaches a weight, and f' with it."""

from collections.abc import Callable
from itertools import product

import jax.numpy as jnp
import numpy as np

from refnet import Dense, dense, identity, mse, relu, sigmoid, tanh

from ..oracles.symbolic import prove
from ..vocabulary import Claim, Evidence, Judged
from .exact import filled
from .printed_gradient import SLOPES
from .trial import Trial, earned, failed


def two_layers(f: Callable) -> Callable:
    """mse(f(f(x w1 + b1) w2 + b2), y)."""
    return lambda params, x, y: mse(f(dense(params[1], f(dense(params[0], x)))), y)


def by_hand(f: Callable, slope: Callable) -> Callable:
    """delta2 = 2 (a2 - y) / n f'(z2), delta1 = f'(z1) (delta2 w2'); dw = a' delta, db = delta."""

    def gradient(params, x, y):
        first, second = params
        z1 = dense(first, x)
        z2 = dense(second, f(z1))
        delta2 = 2.0 * (f(z2) - y) / y.size * slope(z2)
        delta1 = slope(z1) * (delta2 @ second.w.T)
        layer = lambda a, delta: Dense(a.T @ delta, jnp.sum(delta, axis=0))
        return ((layer(x, delta1), layer(f(z1), delta2)),)

    return gradient


def samples(f: Callable) -> list[tuple]:
    """A point in every cell of the network 2-2-1: one, or one per sign of every z."""
    signs = list(product((1.0, -1.0), repeat=3)) if f is relu else [(1.0, 1.0, 1.0)]
    w1, w2 = np.array([[0.375, 0.875], [0.625, 1.375]]), np.array([[0.875], [1.125]])
    x, y = np.array([[0.625, 1.125]]), np.array([[0.375]])
    push = lambda *signs: 31.25 * np.array(signs)  # beyond what w and x can undo
    return [
        ((filled(Dense, w1, push(s, t)), filled(Dense, w2, 8.0 * push(u))), x, y)
        for s, t, u in signs
    ]


def arrows_proved(f: Callable, slope: Callable) -> Trial:
    """Each arrow alone, then the gradient of every weight and bias of two layers, all values."""
    z, x = np.array([[0.375, -0.625]]), np.array([[0.375, 0.875]])
    layer = filled(Dense, [[0.375], [0.875]], [0.625])
    onward = lambda layer, x, d: (Dense(x.T @ d, jnp.sum(d, axis=0)), d @ layer.w.T)
    arrows = {
        "dL/da": prove(mse, lambda a, y, d: (2.0 * (a - y) / y.size * d,), (z, z + 1.5)),
        "da/dz": prove(f, lambda z, d: (slope(z) * d,), (z,)),
        "dz/dw, dz/db and dz/da": prove(dense, onward, (layer, x), (0, 1)),
    }
    whole = [
        prove(two_layers(f), by_hand(f, slope), args, cotangent_symbols=False)
        for args in samples(f)
    ]
    proofs = ", ".join(f"{n} {'' if p.proved else 'not '}proved" for n, p in arrows.items())
    says = (
        f"{f.__name__}: {proofs}; all {whole[0].entries} derivatives of the network proved in "
        f"{sum(p.proved for p in whole)} of {len(whole)} cell{'s' * (len(whole) > 1)}."
    )
    return Trial(all(p.proved for p in (*arrows.values(), *whole)), says)


def left_out(z):
    """1, where f' belongs."""
    return jnp.ones_like(z)


def judge_b8(seed: int, truth: dict | None = None, planted: Callable = left_out) -> Judged:
    """Arrow by arrow and composed, proved for identity, sigmoid, tanh and ReLU."""
    slopes = truth or SLOPES
    proved = [arrows_proved(f, slopes[f.__name__]) for f in (identity, sigmoid, tanh, relu)]
    return Judged(
        Evidence.PROVED,
        evidence="By SymPy, for all values of weights, biases, inputs and targets of a network "
        f"2-2-1 with f in both layers (a cell: one sign of every z). {earned(*proved)}",
        control=" ".join(
            failed(f"f' left out for {f.__name__}", arrows_proved(f, planted))
            for f in (sigmoid, tanh, relu)
        ),
    )


B8 = Claim(
    "B8",
    "The mean squared error reaches a weight through the activation function: f' enters every "
    "weight's gradient.",
    judge_b8,
)
