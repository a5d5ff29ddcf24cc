"""Wrong slopes of elementwise functions: at the wrong point, of the wrong form, used twice."""

import jax.numpy as jnp

from .rule import SIGN, SLOPE, Rule, both, curved, many, named, rows

FORM = "wrong formula"


def at_output(piece, d):
    """f'(a) for f'(z): the saved output handed to a slope that wants the input."""
    return piece.pull(d, [piece.value, *piece.inputs[1:]])


def value(piece, d):
    """f(z) for f'(z): the activation itself where its slope was meant."""
    return piece.scaled(piece.value, d)


def argument(piece, d):
    """z for f'(z): the saved input multiplied in without a slope."""
    return piece.scaled(piece.inputs[0], d)


def one(piece, d):
    """1 for f'(z): a straight-through estimator, or a layer left out of the backward pass."""
    return piece.scaled(1, d)


def twice(piece, d):
    """f'(z)^2: the slope applied by the layer and again by whoever calls it."""
    return [piece.pull(piece.pull(d)[0])[0], *([None] * (len(piece.inputs) - 1))]


def inverse(piece, d):
    """1 / f'(z): the slope of the inverse function."""
    slope = piece.pull(jnp.ones_like(d))[0]
    return piece.scaled(1 / slope, d)


def at_minus(piece, d):
    """f'(-z): the sign of the argument lost, as in s(-z) for s(z)."""
    return piece.pull(d, [-piece.inputs[0], *piece.inputs[1:]])


def at_double(piece, d):
    """f'(2z): the argument scaled once too often before the slope is taken."""
    return piece.pull(d, [2 * piece.inputs[0], *piece.inputs[1:]])


def at_neighbour(piece, d):
    """The slope at the neighbour's value: a saved tensor indexed off by one."""
    return piece.pull(d, [jnp.roll(piece.inputs[0], 1, -1), *piece.inputs[1:]])


def stale(piece, d):
    """The slope at the example before: a cache that was not refreshed."""
    return piece.pull(d, [jnp.roll(piece.inputs[0], 1, 0), *piece.inputs[1:]])


def at_mean(piece, d):
    """One slope for all, at the mean of the arguments."""
    x = piece.inputs[0]
    return piece.pull(d, [jnp.full_like(x, jnp.mean(x)), *piece.inputs[1:]])


def clipped(piece, d):
    """The slope at the argument held within 1/2: a clamp meant for the forward alone."""
    return piece.pull(d, [jnp.clip(piece.inputs[0], -0.5, 0.5), *piece.inputs[1:]])


def saved_in_bfloat16(piece, d):
    """The slope at an activation that was saved in bfloat16 to save memory."""
    x = piece.inputs[0]
    return piece.pull(d, [x.astype(jnp.bfloat16).astype(x.dtype), *piece.inputs[1:]])


def slope_negated(piece, d):
    """-f'(z): the minus of an inner function lost, as in e^-z."""
    return [-c if c is not None else None for c in piece.pull(d)]


def over_input(piece, d):
    """f(z) / z for f'(z): right for what is linear, wrong for all else."""
    return piece.scaled(piece.value / piece.inputs[0], d)


def tanh_one_minus_a(piece, d):
    """1 - a for 1 - a^2: the square forgotten in the slope of tanh."""
    return piece.scaled(1 - piece.value, d)


def tanh_one_minus_square_of_z(piece, d):
    """1 - z^2 for 1 - a^2: the input where the saved output was meant."""
    return piece.scaled(1 - piece.inputs[0] ** 2, d)


def tanh_as_sigmoid(piece, d):
    """a (1 - a) for 1 - a^2: the logistic function's slope under a tanh."""
    return piece.scaled(piece.value * (1 - piece.value), d)


def logistic_one_minus_a(piece, d):
    """1 - a for a (1 - a)."""
    return piece.scaled(1 - piece.value, d)


def logistic_of_z(piece, d):
    """z (1 - z) for a (1 - a): courses write the slope as a function of the output."""
    x = piece.inputs[0]
    return piece.scaled(x * (1 - x), d)


def logistic_as_tanh(piece, d):
    """1 - a^2 for a (1 - a): tanh's slope under a logistic function."""
    return piece.scaled(1 - piece.value**2, d)


def exponent_not_reduced(piece, d):
    """n x^n for n x^(n-1): the power rule half done."""
    return piece.scaled(piece.params["y"] * piece.value, d)


def exponent_forgotten(piece, d):
    """x^(n-1) for n x^(n-1): the 2 of the square, the 3 of the cube forgotten."""
    return piece.scaled(piece.inputs[0] ** (piece.params["y"] - 1), d)


def square_not_doubled(piece, d):
    """x for 2x: half a square meant, a whole one in the forward."""
    return piece.scaled(piece.inputs[0], d)


def root_not_halved(piece, d):
    """1 / sqrt x for 1 / (2 sqrt x): the half of the root forgotten."""
    return piece.scaled(1 / piece.value, d)


def root_over_input(piece, d):
    """1 / (2x) for 1 / (2 sqrt x): the variance where the deviation was meant."""
    return piece.scaled(1 / (2 * piece.inputs[0]), d)


def rsqrt_sign(piece, d):
    """+x^(-3/2) / 2 for -x^(-3/2) / 2: the minus of the reciprocal root forgotten."""
    return piece.scaled(piece.value / (2 * piece.inputs[0]), d)


def rsqrt_power(piece, d):
    """-x^(-1/2) / 2 for -x^(-3/2) / 2: the exponent of the reciprocal root not reduced."""
    return piece.scaled(-piece.value / 2, d)


def log_of_value(piece, d):
    """1 / log x for 1 / x: the logarithm's value where its argument was meant."""
    return piece.scaled(1 / piece.value, d)


def exp_reciprocal(piece, d):
    """e^-z for e^z."""
    return piece.scaled(1 / piece.value, d)


def error_function_half(piece, d):
    """1 / sqrt(2 pi) for 2 / sqrt(pi): the density's constant in the error function's slope."""
    return [0.35355339059327379 * c if c is not None else None for c in piece.pull(d)]


RULES = {
    "slope at the output": Rule("slope from the output", curved, at_output, SLOPE),
    "value for the slope": Rule(FORM, curved, value, SLOPE),
    "argument for the slope": Rule("wrong variable", curved, argument, SLOPE),
    "one for the slope": Rule("missing term", curved, one, SLOPE),
    "slope twice": Rule("factor", curved, twice, SLOPE),
    "slope of the inverse": Rule(FORM, curved, inverse, SLOPE),
    "slope at minus the argument": Rule("sign", curved, at_minus, SLOPE),
    "slope at twice the argument": Rule("factor", curved, at_double, SLOPE),
    "slope at the neighbour": Rule(
        "wrong index, axis or stride", both(curved, many), at_neighbour, SLOPE
    ),
    "slope at the example before": Rule(
        "stale or contaminated state", both(curved, rows), stale, SLOPE
    ),
    "slope at the mean": Rule("wrong reduction", both(curved, many), at_mean, SLOPE),
    "slope at the clipped argument": Rule("kink, branch or saturation", curved, clipped, SLOPE),
    "slope of a rounded argument": Rule(
        "low precision in the middle", curved, saved_in_bfloat16, ("cast", *SLOPE)
    ),
    "slope negated": Rule("sign", curved, slope_negated, SIGN),
    "value over argument": Rule(FORM, curved, over_input, SLOPE),
    "1 - a for tanh's slope": Rule(FORM, named("tanh"), tanh_one_minus_a, SLOPE),
    "1 - z^2 for tanh's slope": Rule(
        "wrong variable", named("tanh"), tanh_one_minus_square_of_z, SLOPE
    ),
    "a (1 - a) for tanh's slope": Rule(FORM, named("tanh"), tanh_as_sigmoid, SLOPE),
    "1 - a for the logistic slope": Rule(FORM, named("logistic"), logistic_one_minus_a, SLOPE),
    "z (1 - z) for the logistic slope": Rule(
        "wrong variable", named("logistic"), logistic_of_z, SLOPE
    ),
    "1 - a^2 for the logistic slope": Rule(FORM, named("logistic"), logistic_as_tanh, SLOPE),
    "exponent not reduced": Rule(FORM, named("integer_pow"), exponent_not_reduced, SLOPE),
    "exponent forgotten": Rule("factor", named("integer_pow"), exponent_forgotten, SLOPE),
    "2 of the square forgotten": Rule("factor", named("square"), square_not_doubled, SLOPE),
    "half of the root forgotten": Rule("factor", named("sqrt"), root_not_halved, SLOPE),
    "variance for the deviation": Rule("wrong variable", named("sqrt"), root_over_input, SLOPE),
    "minus of the reciprocal root": Rule("sign", named("rsqrt"), rsqrt_sign, SIGN),
    "power of the reciprocal root": Rule(FORM, named("rsqrt"), rsqrt_power, SLOPE),
    "one over the logarithm": Rule("wrong variable", named("log"), log_of_value, SLOPE),
    "e^-z for e^z": Rule("sign", named("exp"), exp_reciprocal, SLOPE),
    "constant of the error function": Rule(
        "factor", named("erf", "erfc"), error_function_half, SLOPE
    ),
}
