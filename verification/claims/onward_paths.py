"""Claim A5: a weight's gradient is the sum over the paths that lead from it to the loss."""

import jax
import numpy as np
from flint import fmpq

from refnet import Dense, relu

from ..vocabulary import Claim, Evidence, Judged
from .exact import differing, filled, gradient, layers, nonzero, number, odd
from .trial import Trial, earned, failed
from .which_weights_move import DRAWS, network_loss


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
    outward = filled(Dense, [[1], [-1]], [0])

    def slope(bias: float) -> fmpq:
        inward = filled(Dense, [[1, 1]], [0, bias])
        params = (filled(Dense, [[1]], [0]), inward, outward)
        return gradient(network_loss(relu), (params, x, y))[0].w[0, 0]

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


A5 = Claim(
    "A5",
    "Weights whose connections ahead are inactive have a lower dL/dw and are moved very little, "
    "if at all.",
    judge_a5,
)
