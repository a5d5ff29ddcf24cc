"""Claims A2 and A3: which weights one step of gradient descent moves, and which it leaves."""

import functools
from collections.abc import Callable

import jax
import numpy as np
import sympy
from flint import fmpq

from refnet import (
    Dense,
    Neuron,
    gradient_descent,
    leaky_relu,
    mlp,
    mse,
    neuron,
    relu,
    sigmoid,
    tanh,
    train_step,
)

from ..arithmetic.arrays import box
from ..arithmetic.expressions import cell, expressions
from ..arithmetic.identities import vanishes
from ..vocabulary import Claim, Evidence, Judged
from . import exact
from .exact import differing, filled, gradient, layers, nonzero, numbers, odd
from .trial import Trial, earned, failed

RATE = 0.375
DRAWS = 8


def leaky(z):
    """Leaky ReLU with leak 1/4."""
    return leaky_relu(z, 0.25)


@functools.cache
def network(activation: Callable) -> Callable:
    return lambda params, x: mlp(params, x, activation)


@functools.cache
def network_loss(activation: Callable) -> Callable:
    return lambda params, x, y: mse(network(activation)(params, x), y)


@functools.cache
def neuron_loss(activation: Callable) -> Callable:
    return lambda params, x, y: mse(neuron(params, x, activation), y)


def stepped(activation: Callable, params, x, y):
    """The parameters after one step of refnet.train_step, run in rationals."""
    rule = gradient_descent(RATE)

    def step(params, x, y):
        state = rule.init(params)
        return train_step(network(activation), mse, rule, params, state, x, y).params

    return exact.value(step, params, x, y)


# --- A2 ------------------------------------------------------------------------------------


def off_units(params, off: np.ndarray):
    """The parameters that belong to hidden units: weights in, bias, weights out."""
    first, second = params
    return first.w[:, off], first.b[off], second.w[off, :]


def stays_still(activation: Callable, seed: int) -> Trial:
    """Whether every weight of every hidden unit with z < 0 has gradient 0 and does not move."""
    rng = np.random.default_rng(seed)
    units = weights = gradients = moves = 0
    for _ in range(DRAWS):
        params = layers(rng, (3, 5, 2))
        x, y = odd(rng, (1, 3)), odd(rng, (1, 2))
        off = (x @ params[0].w + params[0].b)[0] < 0  # exact: few bits
        slopes = off_units(gradient(network_loss(activation), (params, x, y)), off)
        after = off_units(stepped(activation, params, x, y), off)
        moved, count = differing(after, off_units(params, off))
        units, weights = units + int(off.sum()), weights + count
        gradients, moves = gradients + nonzero(slopes), moves + moved
    says = (
        f"In {DRAWS} drawn networks 3-5-2 with {activation.__name__} and one example each, {units} "
        f"hidden units had z < 0; of their {weights} incoming weights, biases and outgoing "
        f"weights, {gradients} had a gradient other than 0 and {moves} moved (rationals)."
    )
    return Trial(units > 0 and gradients == moves == 0, says)


def slope_is_positive(activation: Callable) -> Trial:
    """Whether f' > 0 on the whole line: SymPy differentiates the program that f is.

    The slope must be the positive expression stated in POSITIVE, whatever the sign of z.
    """
    z, stated = sympy.Symbol("z", real=True), POSITIVE[activation.__name__]
    where = cell({z: sympy.Rational(-3, 8)})
    formula = exact.value(activation, box(z), arithmetic=expressions(where))[()]
    slope = stated(z)
    same = not where.conditions and vanishes(sympy.diff(formula, z) - slope)
    holds = bool(same and slope.is_positive)
    says = (
        f"{activation.__name__}'(z) = {slope} is {'' if holds else 'not '}proved for every real z, "
        "and such an expression is positive (SymPy)."
    )
    return Trial(holds, says)


POSITIVE = {
    "sigmoid": lambda z: sympy.exp(-z) / (1 + sympy.exp(-z)) ** 2,
    "tanh": lambda z: 4 / (sympy.exp(z) + sympy.exp(-z)) ** 2,
    "relu": lambda z: sympy.Integer(1),
}


def leaky_counterexample() -> tuple[Trial, str]:
    """w = 2, b = 0, x = -2, y = 0 under a leak of 1/4: z = -4, a = -1, dL/dw = 2 a (1/4) x."""
    point = filled(Neuron, 2, 0)
    args = (point, np.array([-2.0]), np.array([0.0]))
    z = point.w * args[1][0] + point.b
    slope = gradient(neuron_loss(leaky), args).w[()]
    says = (
        f"A neuron with leaky ReLU, leak 1/4: w = 2, b = 0, x = -2, y = 0 gives z = {z:.0f} < 0, "
        f"a = -1, L = a^2 = 1, and dL/dw = 2 a (1/4) x = {slope}, not 0."
    )
    return Trial(bool(z < 0) and slope != 0, says), str(slope)


def next_bias_moves() -> tuple[Trial, str]:
    """x = -1, w1 = 1, b1 = 0, w2 = 5, b2 = 3, y = 1: the unit is off, and dL/db2 = 4."""
    params = (filled(Dense, [[1]], [0]), filled(Dense, [[5]], [3]))
    slopes = gradient(network_loss(relu), (params, -np.ones((1, 1)), np.ones((1, 1))))
    silent, bias = (slopes[0].w, slopes[0].b, slopes[1].w), slopes[1].b[0]
    says = (
        "ReLU, x = -1, w1 = 1, b1 = 0, w2 = 5, b2 = 3, y = 1: z1 = -1, so dL/dw1, dL/db1, dL/dw2 "
        f"= {numbers(*silent)}; but the next layer's bias moves: dL/db2 = 2 (3 - 1) = {bias}."
    )
    return Trial(nonzero(silent) == 0 and bias != 0, says), str(bias)


def judge_a2(seed: int, truth: Callable = relu, planted: Callable = leaky) -> Judged:
    """True of ReLU; the general sentence falls with leaky ReLU, sigmoid and tanh."""
    still = stays_still(truth, seed)
    wrong, slope = leaky_counterexample()
    onward, bias = next_bias_moves()
    smooth = [slope_is_positive(f) for f in (sigmoid, tanh)]
    earned(still, wrong, onward, *smooth)
    return Judged(
        Evidence.REFUTED,
        evidence=f"{earned(*smooth)} So no sigmoid or tanh neuron is ever off. {onward.says}",
        control=failed("a leaky ReLU with z < 0 stays still", stays_still(planted, seed))
        + " "
        + failed("ReLU's slope is positive at every z", slope_is_positive(relu)),
        counterexample=wrong.says,
        correction="A ReLU neuron with z < 0 on an input passes exact zeros to its incoming "
        f"weights, its bias and its outgoing weights, and one step leaves them. {still.says}",
        numbers={"leaky_slope": slope, "next_bias_slope": bias},
    )


# --- A3 ------------------------------------------------------------------------------------


def mean_over(slopes: list):
    return jax.tree.map(lambda *g: sum(g) / fmpq(len(g)), *slopes)


def sum_over(slopes: list):
    return jax.tree.map(lambda *g: sum(g), *slopes)


def batch_is(combine: Callable, seed: int) -> Trial:
    """Whether the gradient of a batch is `combine` of its examples' gradients."""
    rng = np.random.default_rng(seed)
    wrong = total = 0
    for size in (2, 3, 5):
        params, x, y = layers(rng, (3, 5, 2)), odd(rng, (size, 3)), odd(rng, (size, 2))
        alone = [
            gradient(network_loss(relu), (params, x[k : k + 1], y[k : k + 1])) for k in range(size)
        ]
        differ, count = differing(gradient(network_loss(relu), (params, x, y)), combine(alone))
        wrong, total = wrong + differ, total + count
    says = (
        f"Batches of 2, 3 and 5: {wrong} of {total} entries of the batch's gradient differ from "
        f"that {combine.__name__.replace('_', ' ')} the examples (rationals)."
    )
    return Trial(wrong == 0, says)


def silent_in_batch(activation: Callable, seed: int) -> Trial:
    """Whether the units that are off for every example of the batch keep their weights."""
    rng = np.random.default_rng([seed, 1])
    off_count = on_count = moved_off = moved_on = 0
    for _ in range(DRAWS):
        first, second = layers(rng, (3, 5, 2))
        first = first._replace(b=first.b - np.array([30.0, 0.0, 0.0, 0.0, 0.0]))  # |x w| < 12
        params, x, y = (first, second), odd(rng, (4, 3)), odd(rng, (4, 2))
        on = np.any(x @ first.w + first.b > 0, axis=0)
        after = stepped(activation, params, x, y)
        moved, count = differing(off_units(after, ~on), off_units(params, ~on))
        off_count, moved_off = off_count + count, moved_off + moved
        moved, count = differing(off_units(after, on), off_units(params, on))
        on_count, moved_on = on_count + count, moved_on + moved
    says = (
        f"In {DRAWS} networks 3-5-2 ({activation.__name__}) on batches of 4, {moved_off} of "
        f"{off_count} weights moved whose neuron was off for every example, and {moved_on} of "
        f"{on_count} whose neuron was on for at least one."
    )
    return Trial(off_count > 0 and moved_off == 0 and moved_on > 0, says)


def cancelling() -> Trial:
    """w = 1, b = 0, x = (1, 1), y = (0, 2): on for both, and the two pulls cancel."""
    args = (filled(Neuron, 1, 0), np.ones(2), np.array([0.0, 2.0]))
    slopes = gradient(neuron_loss(relu), args)
    says = (
        "ReLU, w = 1, b = 0, x = (1, 1), y = (0, 2): a = (1, 1), the two gradients are 2 and -2, "
        f"and their average leaves dL/dw, dL/db = {numbers(*slopes)}: on for both, and unmoved."
    )
    return Trial(nonzero(slopes) == 0, says)


def judge_a3(seed: int, truth: Callable = mean_over, planted: Callable = sum_over) -> Judged:
    """The average is exact; being on for an example is needed to move, and not sufficient."""
    trials = (batch_is(truth, seed), silent_in_batch(relu, seed))
    says = earned(*trials, cancelling())
    return Judged(
        Evidence.EXACT,
        evidence=says,
        control=failed("the gradients are summed", batch_is(planted, seed))
        + " "
        + failed("leaky ReLU units that are off stay too", silent_in_batch(leaky, seed)),
        counterexample=f"To 'those on for an example all move': {cancelling().says}",
        correction="With ReLU, a weight moves only if its neuron is on for at least one example "
        "of the batch; the average over the batch can still cancel to 0.",
    )


A2 = Claim(
    "A2",
    "If a neuron is not activated for an input, the gradient of its weights is zero and they are "
    "not updated.",
    judge_a2,
)
A3 = Claim(
    "A3",
    "In a mini-batch the gradients are averaged, so that the weights of neurons active across the "
    "batch are updated and those of inactive neurons remain unchanged.",
    judge_a3,
)
