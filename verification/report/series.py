"""The curves of the figures about digits: finite differences, and each form of each slope.

The truth is a proven ball every time, 200 bits wide; an error is counted in ulps of the truth.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flint import arb, ctx

from refnet import sigmoid

from ..arithmetic.balls import sigma
from ..oracles import ball
from ..oracles.question import ask
from .document import Figure, Panel, Series

BITS = 200
POINTS = 96  # magnitudes of z; each is looked at on both sides of 0
EXPONENTS = {"float32": (-3.0, 2.2), "float64": (-3.0, 2.95)}  # up to the overflow of e^z
LEAST = 2.0**-4  # ulps: below half an ulp nothing is lost, and a logarithm needs a floor

# L(w) = log(1 + e^z) - y z, z = w x + b: cross-entropy of one neuron at a soft label
NEURON = {"w": 0.83, "x": 1.7, "b": -0.41, "y": 0.3}


def step_sizes() -> Figure:
    """Error of each difference quotient against its step: truncation falls, rounding rises."""
    steps = tuple(float(2.0**-k) for k in range(2, 52))
    truth = loss_slope()
    error = lambda estimate: tuple(relative(estimate(h), truth) for h in steps)
    curves = {
        "forward difference": lambda h: (loss(NEURON["w"] + h) - loss(NEURON["w"])) / h,
        "central difference": central,
        "central, Richardson": lambda h: (4.0 * central(h / 2.0) - central(h)) / 3.0,
        "complex step": lambda h: loss(NEURON["w"] + 1j * h).imag / h,
    }
    series = tuple(Series(label, steps, error(estimate)) for label, estimate in curves.items())
    panel = Panel("One neuron, dL/dw, float64", "step h", "relative error", series)
    return Figure(
        "step-size",
        "Finite differences against their step",
        "A difference quotient is at its best at one step and loses digits on both sides of it: "
        "truncation to the right, cancellation to the left. The complex step subtracts nothing. "
        "The truth is a proven ball.",
        (panel,),
    )


def loss(w: float | complex) -> Any:
    z = np.asarray(w) * NEURON["x"] + NEURON["b"]
    return np.log1p(np.exp(z)) - NEURON["y"] * z


def central(h: float) -> Any:
    return (loss(NEURON["w"] + h) - loss(NEURON["w"] - h)) / (2.0 * h)


def loss_slope() -> float:
    def program(w, x, b, y):
        z = w * x + b
        return jnp.log1p(jnp.exp(z)) - y * z

    args = tuple(np.float64(NEURON[name]) for name in "wxby")
    (truth,) = ball.gradient(ask(program, args))
    return float(truth.mid)


def relative(estimate, truth: float) -> float:
    return max(abs(float(estimate) - truth) / abs(truth), 2.0**-54)  # 2^-54 stands for none


# --- each form of each slope -----------------------------------------------------------------


def naive_sigmoid(z):
    return 1.0 / (1.0 + jnp.exp(-z))


def naive_softplus(z):
    return jnp.log(1.0 + jnp.exp(z))


def composed_cross_entropy(z):
    """dL/da * da/dz at y = 1, as the chain rule writes it."""
    a = sigmoid(z)
    return (a - 1.0) / (a * (1.0 - a)) * (a * (1.0 - a))


def autodiff(function: Callable) -> Callable:
    return jax.vmap(jax.grad(function))


# title, the truth over balls, and label -> form of z (elementwise, any float dtype)
FORMS: tuple[tuple[str, Callable, dict[str, Callable]], ...] = (
    (
        "Slope of the sigmoid",
        lambda z: sigma(z) * sigma(-z),
        {
            "$a(1 - a)$": lambda z: sigmoid(z) * (1.0 - sigmoid(z)),
            r"$\sigma(z)\,\sigma(-z)$": lambda z: sigmoid(z) * sigmoid(-z),
            "autodiff of $1/(1 + e^{-z})$": autodiff(naive_sigmoid),
        },
    ),
    (
        "Slope of tanh",
        lambda z: 4 * sigma(2 * z) * sigma(-2 * z),
        {
            "$1 - a^2$": lambda z: 1.0 - jnp.tanh(z) * jnp.tanh(z),
            r"$4\,\sigma(2z)\,\sigma(-2z)$": lambda z: 4.0 * sigmoid(2.0 * z) * sigmoid(-2.0 * z),
        },
    ),
    (
        "Sigmoid, then cross-entropy at y = 1",
        lambda z: -sigma(-z),
        {
            r"$\frac{a - y}{a(1 - a)} \, a(1 - a)$": composed_cross_entropy,
            "$a - y$": lambda z: sigmoid(z) - 1.0,
            r"$(1 - y)\,\sigma(z) - y\,\sigma(-z)$": lambda z: 0.0 * sigmoid(z) - 1.0 * sigmoid(-z),
        },
    ),
    (
        "Slope of softplus",
        sigma,
        {
            r"autodiff of $\log(1 + e^z)$": autodiff(naive_softplus),
            "$e^z/(1 + e^z)$": lambda z: jnp.exp(z) / (1.0 + jnp.exp(z)),
            r"$\sigma(z)$": sigmoid,
        },
    ),
)


def forms() -> Figure:
    """Error in ulps over |z| of every form; equal on paper, not in floats."""
    panels = []
    for title, truth, forms in FORMS:
        for dtype in EXPONENTS:
            panels.append(forms_panel(f"{title}, {dtype}", truth, forms, dtype))
    return Figure(
        "forms",
        "Forms of a slope that are equal on paper",
        "The error in ulps, the larger of those at z and -z. A cross marks a z at which the form "
        "gives NaN or infinity. Beyond |z| = 87 in float32 and 708 in float64 the slope itself is "
        "subnormal, which the compiler flushes to 0; further out it is 0.",
        tuple(panels),
    )


def forms_panel(title: str, truth: Callable, forms: dict[str, Callable], dtype: str) -> Panel:
    low, high = EXPONENTS[dtype]
    magnitudes = np.logspace(low, high, POINTS).astype(dtype)
    z = np.concatenate([magnitudes, -magnitudes])
    exact = proven(truth, z)
    series = []
    for label, form in forms.items():
        with jax.enable_x64(True):
            answer = np.asarray(jax.jit(form)(jnp.asarray(z)))
        error = np.array([ulps(*pair, dtype) for pair in zip(answer, exact, strict=True)])
        worse = error.reshape(2, POINTS).max(axis=0)  # nan wins
        series.append(Series(label, tuple(magnitudes.tolist()), tuple(worse.tolist())))
    ends, all_digits = (
        (float(magnitudes[0]), float(magnitudes[-1])),
        1.0 / float(np.finfo(dtype).eps),
    )
    series.append(Series("no digit left", ends, (all_digits, all_digits), kind="bound"))
    return Panel(title, "|z|", "error in ulps", tuple(series))


def proven(truth: Callable, z: np.ndarray) -> list[arb]:
    with ctx.workprec(BITS):
        return [truth(arb(float(x))) for x in z]


def ulps(got: np.floating, exact: arb, dtype: str) -> float:
    """|got - exact| in ulps of exact, at least LEAST; nan where got is not finite."""
    if not np.isfinite(got):
        return math.nan
    with ctx.workprec(BITS):
        distance = float(abs(arb(float(got)) - exact).mid())
        near = np.abs(np.asarray(float(exact.mid()), dtype))
    return max(distance / float(np.spacing(near)), LEAST)
