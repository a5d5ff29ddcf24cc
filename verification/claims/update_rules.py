"""Claims A1 and A4: what one step of an update rule does to a weight, with and without gradient."""

from collections.abc import Callable

import jax
import numpy as np
import optax
from flint import fmpq

from refnet import (
    Neuron,
    adagrad,
    adam,
    adamw,
    gradient_descent,
    momentum,
    mse,
    nesterov,
    neuron,
    relu,
    rmsprop,
    train,
    train_step,
)

from ..arithmetic.balls import BALLS
from ..vocabulary import Claim, Evidence, Judged
from . import exact
from .exact import differing, filled, gradient, layers, number, odd
from .trial import Trial, earned, failed
from .which_weights_move import network, network_loss, stays_still

# --- A1 ------------------------------------------------------------------------------------

CODE: dict[str, Callable[[float], optax.GradientTransformation]] = {
    "refnet.gradient_descent": gradient_descent,
    "refnet.momentum without memory": lambda rate: momentum(rate, 0.0),
    "refnet.nesterov without memory": lambda rate: nesterov(rate, 0.0),
    "optax.sgd": optax.sgd,
}
SHAPES = (((3, 1), 1), ((3, 4, 2), 1), ((3, 4, 2), 5), ((2, 3, 4, 2), 3))


def descending(w: np.ndarray, g: np.ndarray, rate: fmpq) -> np.ndarray:
    """w - r g."""
    return w - rate * g


def ascending(w: np.ndarray, g: np.ndarray, rate: fmpq) -> np.ndarray:
    """w + r g."""
    return w + rate * g


def one_step(rule: optax.GradientTransformation, whole_run: bool) -> Callable:
    """(params, x, y) -> params after one step, by train_step or by a run of refnet.train."""
    if whole_run:
        return lambda params, x, y: train(network(relu), mse, rule, params, (x, y)).params
    return lambda params, x, y: (
        train_step(network(relu), mse, rule, params, rule.init(params), x, y).params
    )


def code_does(formula: Callable, seed: int) -> Trial:
    """Whether every piece of update code gives formula(w, dL/dw, r), entry by entry."""
    rng = np.random.default_rng(seed)
    wrong = total = 0
    for sizes, batch in SHAPES:
        params = layers(rng, sizes)
        x, y = odd(rng, (batch, sizes[0])), odd(rng, (batch, sizes[-1]))
        rate = abs(float(odd(rng, (), 4)))
        slopes = gradient(network_loss(relu), (params, x, y))
        exact_rate = number(rate)[()]
        wanted = jax.tree.map(lambda w, g, r=exact_rate: formula(number(w), g, r), params, slopes)
        steps = [one_step(make(rate), False) for make in CODE.values()]
        for step in [*steps, one_step(gradient_descent(rate), True)]:
            differ, count = differing(exact.value(step, params, x, y), wanted)
            wrong, total = wrong + differ, total + count
    says = (
        f"{len(CODE)} rules ({', '.join(CODE)}) by refnet.train_step, and refnet.train, on "
        f"{len(SHAPES)} drawn ReLU networks and batches: {wrong} of {total} new weights differ "
        f"from {(formula.__doc__ or '').strip('.')}, run in rationals."
    )
    return Trial(wrong == 0, says)


def judge_a1(seed: int, truth: Callable = descending, planted: Callable = ascending) -> Judged:
    """The definition, and all update code agrees with it to the last digit of a rational."""
    return Judged(
        Evidence.EXACT,
        evidence="This is the definition of the step. " + earned(code_does(truth, seed)),
        control=failed("w <- w + eta dL/dw", code_does(planted, seed)),
    )


# --- A4 ------------------------------------------------------------------------------------


def decayed(rate: float) -> optax.GradientTransformation:
    """Gradient descent on L + |w|^2 / 8, whose decay joins the gradient."""
    return optax.chain(optax.add_decayed_weights(0.25), gradient_descent(rate))


MOVES: dict[str, optax.GradientTransformation] = {
    "momentum": momentum(0.25, 0.5),
    "Nesterov": nesterov(0.25, 0.5),
    "Adam": adam(0.25),
    "AdamW": adamw(0.25, weight_decay=0.25),
    "weight decay": decayed(0.25),
}
STAYS: dict[str, optax.GradientTransformation] = {
    "gradient descent": gradient_descent(0.25),
    "RMSProp": rmsprop(0.25),
    "Adagrad": adagrad(0.25),
}


def second_step(rule: optax.GradientTransformation) -> Callable:
    """x = 1 puts the neuron on, x = -1 then puts it off: (w, z, gradient, change) by then."""

    def steps(params, inputs):
        state, target = rule.init(params), inputs[:1] * 0.0
        first = train_step(neuron_relu, mse, rule, params, state, inputs[:1], target)
        w = first.params
        second = train_step(neuron_relu, mse, rule, w, first.state, inputs[1:], target)
        change, _ = rule.update(second.gradient, first.state, w)
        return w, w.w * inputs[1] + w.b, second.gradient, change

    return steps


def neuron_relu(params, x):
    return neuron(params, x, relu)


def moves_while_off(name: str, rule: optax.GradientTransformation) -> Trial:
    """Whether the second step moves w though z < 0 and its gradient is exactly 0 (balls)."""
    start = filled(Neuron, 1, 0)
    w, z, slope, change = exact.value(
        second_step(rule), start, np.array([1.0, -1.0]), arithmetic=BALLS
    )
    off = bool(z[()] < 0) and slope.w[()] == 0 and slope.b[()] == 0
    by = change.w[()]
    moved = bool(by > 0) or bool(by < 0)
    says = (
        f"{name}: w = {float(w.w[()].mid()):.4g}, z = {float(z[()].mid()):.4g}, gradient 0, and w "
        f"{f'moves by {float(by.mid()):.4g}' if moved else 'stays' if by == 0 else 'is unknown'}."
    )
    return Trial(off and moved, says)


def judge_a4(seed: int, truth: dict | None = None, planted: dict | None = None) -> Judged:
    """Holds for plain gradient descent with ReLU; memory and decay move what has no gradient."""
    moving = [moves_while_off(*item) for item in (truth or MOVES).items()]
    staying = [
        failed(f"{name} moves it too", moves_while_off(name, rule))
        for name, rule in (planted or STAYS).items()
    ]
    earned(*moving)
    return Judged(
        Evidence.REFUTED,
        evidence="One ReLU neuron from w = 1, b = 0, target 0, rate 1/4, decay 1/2 or 1/4: x = 1 "
        "puts it on, then x = -1 puts it off, with gradient exactly 0. In the second step, by "
        f"proven balls: {earned(*moving)}",
        control=" ".join(staying),
        counterexample=by_hand(),
        correction="In one step of plain gradient descent only weights of ReLU neurons that were "
        "active move (for RMSProp and Adagrad too, whose step is a multiple of the gradient); "
        "what remembers earlier gradients, or decays weights, moves the others as well. "
        + earned(stays_still(relu, seed)),
        numbers={"moved": sorted(truth or MOVES), "stayed": sorted(planted or STAYS)},
    )


def by_hand() -> str:
    """The momentum row in rationals, from the code of refnet.momentum."""
    start = filled(Neuron, 1, 0)
    w, z, slope, change = exact.value(second_step(MOVES["momentum"]), start, np.array([1.0, -1.0]))
    return (
        "Momentum, rate 1/4, decay 1/2, ReLU, target 0, from w = 1, b = 0. Step 1, x = 1: a = 1, "
        f"g = 2, v = 2, so w = {w.w[()]}, b = {w.b[()]}. Step 2, x = -1: z = {z[()]} < 0, g = "
        f"{slope.w[()]}, v = 1, and w moves by {change.w[()]}."
    )


A1 = Claim(
    "A1", r"One step of stochastic gradient descent is $w \leftarrow w - \eta \, dL/dw$.", judge_a1
)
A4 = Claim(
    "A4",
    "During a single iteration only the weights of neurons activated for the current input are "
    "updated; non-activated weights do not receive an update.",
    judge_a4,
)
