"""Claims C1 to C5: one neuron, sigmoid and cross-entropy, from the loss to the gradient."""

from typing import Any

import numpy as np
import sympy
from flint import arb
from jax import Array

from refnet import (
    Neuron,
    binary_cross_entropy,
    identity,
    mlp,
    neuron,
    sigmoid,
)

from ..derivations import ALL as DERIVATIONS
from ..derivations.mlp import backward
from ..vocabulary import Claim, Evidence, Judged
from . import backpropagation, enclosures, regions, symbols
from .symbols import A, B, U, W, X, Y, Z
from .trial import Trial, earned, every, failed

EDGE = 2.0**-16  # how near to the ends of (0, 1), and to the label, the balls are taken


# --- the formulas of the article, and a mistake beside each ------------------------------------


def loss_slope(a: Array, y: Array) -> Array:
    """dL/da = -y / a + (1 - y) / (1 - a)."""
    return -y / a + (1.0 - y) / (1.0 - a)


def loss_slope_fraction(a: Array, y: Array) -> Array:
    """dL/da = (a - y) / (a (1 - a))."""
    return (a - y) / (a * (1.0 - a))


def loss_slope_without_inner(a: Array, y: Array) -> Array:
    """The slope -1 of 1 - a forgotten."""
    return -y / a - (1.0 - y) / (1.0 - a)


def sigmoid_slope(z: Array) -> Array:
    """da/dz = a (1 - a)."""
    a = sigmoid(z)
    return a * (1.0 - a)


def sigmoid_slope_of_output(z: Array) -> Array:
    """The slope taken at a in place of z."""
    a = sigmoid(sigmoid(z))
    return a * (1.0 - a)


def fused_slope(z: Array, y: Array) -> Array:
    """$dL/dz = a - y$."""
    return sigmoid(z) - y


def fused_slope_of_squares(z: Array, y: Array) -> Array:
    """(a - y) a (1 - a): the slope of half the squared error."""
    return (sigmoid(z) - y) * sigmoid_slope(z)


def neuron_gradient(params: Neuron, x: Array, y: Array) -> Neuron:
    """dL/dw = (a - y) x, dL/db = a - y."""
    error = neuron(params, x) - y
    return Neuron(error * x, error)


def neuron_gradient_without_input(params: Neuron, x: Array, y: Array) -> Neuron:
    """x forgotten: dz/dw = 1."""
    error = neuron(params, x) - y
    return Neuron(error, error)


def neuron_of(w: Any, b: Any) -> Neuron:
    """A neuron whose parameters are numbers of any arithmetic."""
    return Neuron(w, b)


def loss_of_logit(z: Array, y: Array) -> Array:
    return binary_cross_entropy(sigmoid(z), y)


def loss_of_neuron(params: Neuron, x: Array, y: Array) -> Array:
    return binary_cross_entropy(neuron(params, x), y)


# --- C1 ------------------------------------------------------------------------------------


def label(y):
    """Where dL/da changes its sign."""
    return y


def one_half(y):
    """... if it did so at 1/2, whatever the label."""
    return 0 * y + sympy.Rational(1, 2)


def falls_towards(centre, labels: list[float]) -> Trial:
    """dL/da has the sign of a - centre(y): for every a by algebra, on a region by balls."""
    odds = U / (1 + U)  # a, for all a in (0, 1)
    ratio = symbols.formula(loss_slope, odds, Y) / (odds - centre(Y))
    whole = symbols.positive("dL/da over the distance claimed, with a = u/(1 + u)", ratio)
    slope = lambda a, y: enclosures.number(enclosures.gradient(binary_cross_entropy, a, y))
    sides = [
        regions.positive(lambda a, y=y, s=sign: s * slope(a, y), side)
        for y in labels
        for sign in (-1, 1)
        if (side := _side(sign, float(centre(y))))
    ]
    bad = [side.says for side in sides if not side.holds]
    seen = f"Balls over the slope of binary_cross_entropy itself, on {len(sides)} regions for y = "
    seen += ", ".join(f"{y:g}" for y in labels)
    seen += f": {bad[0]}." if bad else ": the sign is the one claimed."
    return Trial(whole.holds and not bad, f"{whole.says} {seen}")


def _side(sign: int, centre: float) -> tuple[float, float] | None:
    low, high = (EDGE, centre - EDGE) if sign < 0 else (centre + EDGE, 1 - EDGE)
    return (low, high) if low < high else None


def judge_likeness(seed: int) -> Judged:
    rng = np.random.default_rng(seed)
    labels = [0.0, 1.0, *(float(k) / 64 for k in rng.choice(np.arange(3, 62), 3, replace=False))]
    near, far = (_soft_loss(a) for a in (2.0**-10, 0.25))
    across = Trial(
        bool(near > far),
        "This is said of each side of y. Across a soft label it is not so: y = 1/8 is nearer to "
        f"a = 1/1024, with L = {near.str(4, radius=False)}, than to a = 1/4, with "
        f"L = {far.str(4, radius=False)}.",
    )
    definition = symbols.equal(
        "binary_cross_entropy is -(y log a + (1 - y) log(1 - a))",
        symbols.formula(binary_cross_entropy, A, Y),
        -(Y * sympy.log(A) + (1 - Y) * sympy.log(1 - A)),
    )
    return Judged(
        Evidence.PROVED,
        earned(definition, falls_towards(label, labels), across),
        failed("dL/da has the sign of a - 1/2", falls_towards(one_half, labels)),
        numbers={"labels": labels},
    )


def _soft_loss(a: float) -> arb:
    return enclosures.number(enclosures.value(binary_cross_entropy, a, 0.125))


# --- C2 to C5: the chain rule, arrow by arrow -------------------------------------------------


def has_slope(what: str, function, claimed, variable, *args) -> Trial:
    """d function / d variable = claimed, for all values of the symbols."""
    left = sympy.diff(symbols.formula(function, *args), variable)
    return symbols.equal(what, left, symbols.formula(claimed, *args))


def judge_loss_slope(seed: int) -> Judged:
    prove = lambda what, claimed: has_slope(what, binary_cross_entropy, claimed, A, A, Y)
    return Judged(
        Evidence.PROVED,
        earned(
            prove("dL/da = -y/a + (1 - y)/(1 - a)", loss_slope),
            prove("dL/da = (a - y)/(a (1 - a))", loss_slope_fraction),
        ),
        failed("the inner slope -1 of 1 - a forgotten", prove("dL/da", loss_slope_without_inner)),
    )


def judge_sigmoid_slope(seed: int) -> Judged:
    prove = lambda claimed: has_slope("da/dz", sigmoid, claimed, Z, Z)
    return Judged(
        Evidence.PROVED,
        earned(prove(sigmoid_slope)),
        failed("da/dz = f'(a), the slope taken at a", prove(sigmoid_slope_of_output)),
    )


def is_product(claimed) -> Trial:
    """dL/da da/dz = claimed, with the factors that C2 and C3 prove."""
    a = symbols.formula(sigmoid, Z)
    product = symbols.formula(loss_slope, a, Y) * symbols.formula(sigmoid_slope, Z)
    return symbols.equal("Their product is dL/dz", product, symbols.formula(claimed, Z, Y))


def judge_fused_slope(seed: int) -> Judged:
    factors = [
        has_slope("dL/da", binary_cross_entropy, loss_slope, A, A, Y),
        has_slope("da/dz", sigmoid, sigmoid_slope, Z, Z),
    ]
    whole = lambda claimed: has_slope("dL/dz in one go", loss_of_logit, claimed, Z, Z, Y)
    return Judged(
        Evidence.PROVED,
        earned(*factors, is_product(fused_slope), whole(fused_slope)),
        failed("dL/dz = (a - y) a (1 - a)", is_product(fused_slope_of_squares)),
    )


def has_gradient(claimed) -> Trial:
    """dL/dw and dL/db of the whole neuron, for all w, b, x and y."""
    entry = lambda k: lambda *args: claimed(*args)[k]
    pairs = [
        has_slope(f"dL/d{v}", loss_of_neuron, entry(k), v, neuron_of(W, B), X, Y)
        for k, v in enumerate((W, B))
    ]
    return every(pairs)


def derived_gradient(params, x, y, activation, sigmoid_output):
    """The MLP derivation, started from dL/dz = (a - y) / size at the last layer."""
    assert sigmoid_output
    dz = (sigmoid(mlp(params, x, activation, identity)) - y) / y.size
    pull = DERIVATIONS[activation.__name__].gradient
    return backward(params, x, dz, activation, pull)[0]


def judge_gradient(seed: int) -> Judged:
    rng = np.random.default_rng(seed)
    drawn = [backpropagation.network(rng, depth, sigmoid_output=True) for depth in (1, 2, 3, 4)]
    nets = backpropagation.agrees(derived_gradient, drawn)
    return Judged(
        Evidence.PROVED,
        earned(has_gradient(neuron_gradient), nets),
        failed("dL/dw = a - y", has_gradient(neuron_gradient_without_input)),
    )


C1 = Claim(
    "C1",
    r"$L = -(y \log a + (1 - y) \log(1 - a))$; the more alike $a$ and $y$, the smaller $L$: "
    "$dL/da$ has the sign of $a - y$.",
    judge_likeness,
)
C2 = Claim("C2", "$dL/da = -y/a + (1 - y)/(1 - a) = (a - y)/(a (1 - a))$.", judge_loss_slope)
C3 = Claim("C3", r"$\sigma'(z) = a (1 - a)$, with $a = \sigma(z)$.", judge_sigmoid_slope)
C4 = Claim("C4", "$dL/dz = a - y$.", judge_fused_slope)
C5 = Claim(
    "C5",
    "$dz/dw = x$ and $dz/db = 1$, so $dL/dw = (a - y) x$ and $dL/db = a - y$; for any width, "
    "depth and batch in the same way.",
    judge_gradient,
)
