"""Claims A2, A3 and A5: which weights one step of gradient descent moves, and which it leaves."""

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

from ..vocabulary import Claim, Evidence, Judged
from . import exact
from .exact import differing, gradient, layers, nonzero, number, numbers, odd
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
    """Whether f' > 0 on the whole line, by the formula of f and SymPy's rules for signs."""
    z = sympy.Symbol("z", real=True)
    formula, stated = SLOPES[activation.__name__](z)
    same = sympy.simplify((sympy.diff(formula, z) - stated).rewrite(sympy.exp)) == 0
    holds = bool(same and stated.is_positive)
    says = (
        f"{activation.__name__}'(z) = {stated} "
        f"{'is positive at every real z (SymPy)' if holds else 'is not positive at every real z'}."
    )
    return Trial(holds, says)


SLOPES = {
    "sigmoid": lambda z: (1 / (1 + sympy.exp(-z)), sympy.exp(-z) / (1 + sympy.exp(-z)) ** 2),
    "tanh": lambda z: (sympy.tanh(z), 4 / (sympy.exp(z) + sympy.exp(-z)) ** 2),
    "relu": lambda z: (sympy.Max(z, 0), sympy.Heaviside(z)),
}


def leaky_counterexample() -> tuple[Trial, fmpq]:
    """w = 2, b = 0, x = -2, y = 0 under a leak of 1/4: z = -4, a = -1, dL/dw = 2 a (1/4) x."""
    point = Neuron(np.float64(2.0), np.float64(0.0))
    args = (point, np.array([-2.0]), np.array([0.0]))
    z = point.w * args[1][0] + point.b
    slope = gradient(neuron_loss(leaky), args).w[()]
    says = (
        f"A neuron with leaky ReLU, leak 1/4: w = 2, b = 0, x = -2, y = 0 gives z = {z:.0f} < 0, "
        f"a = -1, L = a^2 = 1, and dL/dw = 2 a (1/4) x = {slope}, not 0."
    )
    return Trial(z < 0 and slope != 0, says), slope


def next_bias_moves() -> tuple[Trial, fmpq]:
    """x = -1, w1 = 1, b1 = 0, w2 = 5, b2 = 3, y = 1: the unit is off, and dL/db2 = 4."""
    params = (Dense(np.eye(1), np.zeros(1)), Dense(np.full((1, 1), 5.0), np.full(1, 3.0)))
    slopes = gradient(network_loss(relu), (params, -np.ones((1, 1)), np.ones((1, 1))))
    silent, bias = (slopes[0].w, slopes[0].b, slopes[1].w), slopes[1].b[0]
    says = (
        "ReLU, x = -1, w1 = 1, b1 = 0, w2 = 5, b2 = 3, y = 1: z1 = -1, so dL/dw1, dL/db1, dL/dw2 "
        f"= {numbers(*silent)}; but the next layer's bias moves: dL/db2 = 2 (3 - 1) = {bias}."
    )
    return Trial(nonzero(silent) == 0 and bias != 0, says), bias


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
        numbers={"leaky_slope": str(slope), "next_bias_slope": str(bias)},
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
        differ, count = differing(
            gradient(network_loss(relu), (params, x, y)), combine(alone)
        )
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
        on = (x @ first.w + first.b > 0).any(axis=0)
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
    args = (Neuron(np.float64(1.0), np.float64(0.0)), np.ones(2), np.array([0.0, 2.0]))
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


# --- A5 ------------------------------------------------------------------------------------


def paths(params, x: np.ndarray, y: np.ndarray, active_only: bool) -> np.ndarray:
    """The contribution of each path (i, j, k, o) to dL/dw1_ij, by multiplying along it."""
    (w1, b1), (w2, b2), (w3, b3) = [(number(layer.w), number(layer.b)) for layer in params]
    clip = np.frompyfunc(lambda z: max(z, fmpq(0)), 1, 1)
    z1 = number(x) @ w1 + b1
    z2 = clip(z1) @ w2 + b2
    error = 2 * (clip(z2) @ w3 + b3 - number(y)) / fmpq(len(y))
    gate1, gate2 = (np.array([fmpq(int(z > 0 or not active_only)) for z in zs]) for zs in (z1, z2))
    along = w2[:, :, None] * w3[None, :, :] * error * gate1[:, None, None] * gate2[:, None]
    return number(x)[:, None, None, None] * along


def paths_add_up(active_only: bool, seed: int) -> Trial:
    """Whether dL/dw1 is the sum of its (active) paths, and at most the sum of their sizes."""
    rng = np.random.default_rng([seed, 2])
    differ = beyond = total = 0
    for _ in range(DRAWS):
        params, x, y = layers(rng, (2, 3, 4, 2)), odd(rng, (2,)), odd(rng, (2,))
        slope = gradient(network_loss(relu), (params, x, y))[0].w
        contribution = paths(params, x, y, active_only)
        wrong, count = differing(slope, contribution.sum(axis=(2, 3)))
        bound = abs(contribution).sum(axis=(2, 3))
        differ, total = differ + wrong, total + count
        beyond += sum(abs(s) > b for s, b in zip(slope.flat, bound.flat, strict=True))
    says = (
        f"In {DRAWS} networks 2-3-4-2 (ReLU), {differ} of {total} entries of dL/dw in the first "
        f"layer differ from the sum of their {'active' if active_only else 'active or not'} paths "
        f"onward, and {beyond} exceed the sum of those paths' sizes (rationals)."
    )
    return Trial(differ == beyond == 0, says)


def all_paths_off(shift: float, seed: int) -> Trial:
    """Whether the first layer's gradient is 0 when every unit of the next is pushed down."""
    rng = np.random.default_rng([seed, 3])
    alive = total = 0
    for _ in range(DRAWS):
        first, second, third = layers(rng, (2, 3, 4, 2))
        params = (first, second._replace(b=second.b - shift), third)
        slopes = gradient(network_loss(relu), (params, odd(rng, (2,)), odd(rng, (2,))))
        below = jax.tree.leaves(slopes[:2])
        alive, total = alive + nonzero(below), total + sum(leaf.size for leaf in below)
    says = (
        f"With every unit of the second hidden layer {'off' if shift else 'as drawn'}, {alive} of "
        f"{total} weights and biases below the output layer had a gradient other than 0."
    )
    return Trial(alive == 0, says)


def cut_path_raises() -> Trial:
    """x = w1 = 1; onward weights 1, 1 then 1, -1; y = -1.  Cutting a path raises dL/dw1."""
    x, y = np.ones(1), -np.ones(1)
    outward = Dense(np.array([[1.0], [-1.0]]), np.zeros(1))
    slope = lambda bias: gradient(
        network_loss(relu),
        (
            (Dense(np.eye(1), np.zeros(1)), Dense(np.ones((1, 2)), np.array([0.0, bias])), outward),
            x,
            y,
        ),
    )[0].w[0, 0]
    both, one = slope(0.0), slope(-2.0)
    says = (
        "x = 1, w1 = 1, onward weights (1, 1), then (1, -1), y = -1: the two active paths cancel, "
        f"dL/dw1 = {both}; a bias of -2 switches the second off, and dL/dw1 = {one}."
    )
    return Trial(abs(both) < abs(one), says)


def judge_a5(seed: int, truth: bool = True, planted: bool = False) -> Judged:
    """Zero when every path onward is off; else the sum of the active paths, which bounds it."""
    says = earned(all_paths_off(400.0, seed), paths_add_up(truth, seed), cut_path_raises())
    return Judged(
        Evidence.EXACT,
        evidence=says,
        control=failed("inactive paths count as well", paths_add_up(planted, seed))
        + " "
        + failed("the same, with the units left as drawn", all_paths_off(0.0, seed)),
        counterexample=f"To 'fewer active paths, smaller gradient': {cut_path_raises().says}",
        correction="dL/dw is 0 when every path onward is inactive; otherwise it is the sum over "
        "the active paths, so at most the sum of their sizes. Cutting some of several paths may "
        "also raise it, where they cancelled.",
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
A5 = Claim(
    "A5",
    "Weights whose connections ahead are inactive have a lower dL/dw and are moved very little, "
    "if at all.",
    judge_a5,
)
