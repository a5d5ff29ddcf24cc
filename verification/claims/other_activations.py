"""Claim C8: another activation changes dL/dz = f'(z) (a - y) / (a (1 - a))."""

from collections.abc import Callable
from typing import NamedTuple

import sympy
from flint import arb
from jax import Array

from refnet import binary_cross_entropy, relu, sigmoid, tanh

from ..vocabulary import Claim, Evidence, Judged
from . import enclosures, symbols
from .one_neuron import loss_of_logit
from .symbols import Y, Z
from .trial import Trial, earned, failed

HALF = sympy.Rational(1, 2)  # z where the formulas are taken: positive, and below 1 for ReLU
SHIFT = 1.0


class Twin(NamedTuple):
    """A loss in z, and the slope claimed for it."""

    name: str
    loss: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]


def tanh_loss(z: Array, y: Array) -> Array:
    return binary_cross_entropy(tanh(z), y)


def tanh_slope(z: Array, y: Array) -> Array:
    """(a - y) (1 + a) / a."""
    a = tanh(z)
    return (a - y) * (1.0 + a) / a


def relu_loss(z: Array, y: Array) -> Array:
    return binary_cross_entropy(relu(z), y)


def relu_slope(z: Array, y: Array) -> Array:
    """(a - y) / (a (1 - a)), a = z."""
    a = relu(z)
    return (a - y) / (a * (1.0 - a))


def shifted_loss(z: Array, y: Array) -> Array:
    return binary_cross_entropy(sigmoid(z + SHIFT), y)


def shifted_slope(z: Array, y: Array) -> Array:
    """a - y still: f' = f (1 - f)."""
    return sigmoid(z + SHIFT) - y


def tanh_slope_as_for_sigmoid(z: Array, y: Array) -> Array:
    """a - y, as if nothing had changed."""
    return tanh(z) - y


TWINS = (
    Twin("tanh, dL/dz = (a - y)(1 + a)/a", tanh_loss, tanh_slope),
    Twin("ReLU, dL/dz = (a - y)/(a (1 - a))", relu_loss, relu_slope),
)
SHIFTED = Twin(
    "But a sigmoid moved sideways, sigma(z + 1), keeps dL/dz = a - y", shifted_loss, shifted_slope
)
UNCHANGED = Twin("tanh, dL/dz = a - y", tanh_loss, tanh_slope_as_for_sigmoid)


def has_formula(twin: Twin) -> Trial:
    """The slope claimed is the derivative, on the cell of z = 1/2."""
    sample = {Z: HALF, Y: HALF}
    loss = symbols.formula(twin.loss, Z, Y, sample=sample)
    return symbols.equal(
        twin.name, sympy.diff(loss, Z), symbols.formula(twin.slope, Z, Y, sample=sample)
    )


def values_differ() -> Trial:
    """dL/dz at z = 1/2, y = 1, by balls over each loss."""
    slope = lambda loss: enclosures.number(enclosures.gradient(loss, 0.5, 1.0))
    seen = {"sigmoid": slope(loss_of_logit), "tanh": slope(tanh_loss), "ReLU": slope(relu_loss)}
    values = list(seen.values())
    apart = all(not a.overlaps(b) for k, a in enumerate(values) for b in values[:k])
    shown = ", ".join(f"{name} {v.str(6, radius=False)}" for name, v in seen.items())
    return Trial(apart, f"At z = 1/2, y = 1 the three slopes are {shown}.")


def loss_is_undefined() -> Trial:
    """log a has no value for a < 0: cross-entropy does not go with tanh at all there."""
    value: arb = enclosures.number(enclosures.value(tanh_loss, -0.5, 1.0))
    return Trial(
        not value.is_finite(),
        "At z = -1/2 the tanh neuron has a < 0, and the loss itself has no value.",
    )


def judge_activation(seed: int) -> Judged:
    return Judged(
        Evidence.PROVED,
        earned(
            *map(has_formula, TWINS), values_differ(), loss_is_undefined(), has_formula(SHIFTED)
        ),
        failed("dL/dz = a - y with tanh", has_formula(UNCHANGED)),
    )


C8 = Claim(
    "C8",
    "$dL/dz$ looks different if another activation, such as tanh or ReLU, takes the place of "
    "the sigmoid.",
    judge_activation,
)
