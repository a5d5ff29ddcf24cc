"""Claim C7: cross-entropy of one neuron is convex; its minimum need not be one, nor exist.

H = sigma'(z) [x; 1][x; 1]' for one example; a sum of such terms over examples stays convex.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import sympy
from flint import arb, ctx
from jax import Array
from sympy import Integer

from refnet import (
    Dense,
    Neuron,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    identity,
    mlp,
    mse,
    neuron,
    sigmoid,
    tanh,
)

from ..vocabulary import Claim, Evidence, Judged
from . import enclosures, minimum, regions, symbols
from .one_neuron import (
    fused_slope,
    has_slope,
    loss_of_logit,
    neuron_gradient,
    neuron_of,
)
from .symbols import B, T, U, W, X, Y, Z
from .trial import Trial, earned, failed

BITS = 192
FAR = 64  # |z| up to which balls are laid over the slope of the sigmoid


class Data(NamedTuple):
    """Examples of one input, small enough to do by hand."""

    x: tuple[int, ...]
    y: tuple[int, ...]


LONE = Data((1,), (1,))
SEPARABLE = Data((0, 1, 2, 3), (0, 0, 1, 1))
OVERLAPPING = Data((0, 1, 2, 3), (0, 1, 0, 1))
RAYS = {LONE: (1, 0), SEPARABLE: (2, -3)}  # (w, b) in whose direction every example is right
BALANCE = (2, 5, 4, 1)  # weights under which the signed examples of OVERLAPPING sum to zero


def mean_loss(params: Neuron, x: Array, y: Array) -> Array:
    """Mean cross-entropy of the neuron, in its stable form."""
    return binary_cross_entropy_with_logits(neuron(params, x, identity), y)


def mean_slope(params: Neuron, x: Array, y: Array) -> Neuron:
    """The gradient of mean_loss: C5, averaged."""
    each = neuron_gradient(params, x, y)
    return Neuron(jnp.mean(each.w), jnp.mean(each.b))


def squared_of_logit(z: Array, y: Array) -> Array:
    """Squared error through the sigmoid: not convex."""
    return mse(sigmoid(z), y)


# --- convex --------------------------------------------------------------------------------


def curves_up(loss: Callable, label=Y) -> Trial:
    """d2L/dz2 > 0 for all z = log u, and all labels where none is given."""
    twice = sympy.diff(symbols.formula(loss, Z, label), Z, 2).subs(Z, sympy.log(U))
    return symbols.positive("d2L/dz2, with z = log u", twice)


def hessian_is_outer() -> Trial:
    """The Hessian in (w, b) is sigma'(z) [x; 1][x; 1]', for all w, b, x and y."""
    rows = [
        symbols.formula(lambda *a, k=k: neuron_gradient(*a)[k], neuron_of(W, B), X, Y)
        for k in (0, 1)
    ]
    slope = symbols.formula(lambda z: sigmoid(z) * sigmoid(-z), W * X + B)
    trials = [
        symbols.equal("H", sympy.diff(row, v), slope * left * right)
        for row, left in zip(rows, (X, 1), strict=True)
        for v, right in ((W, X), (B, 1))
    ]
    bad = [t.says for t in trials if not t.holds]
    says = "All four entries of the Hessian are those of sigma'(z) [x; 1][x; 1]': proved."
    return Trial(not bad, bad[0] if bad else says)


def steep_everywhere() -> Trial:
    """sigma' > 0 by balls, over the program of refnet's sigmoid."""
    slope = lambda z: enclosures.number(enclosures.gradient(sigmoid, z))
    trial = regions.positive(slope, (-FAR, FAR))
    return Trial(trial.holds, f"By balls over refnet's sigmoid its slope is {trial.says}.")


# --- no minimum ----------------------------------------------------------------------------


def falls_for_ever(data: Data, ray: tuple[int, int]) -> Trial:
    """Along t ray the loss falls at every t, and to 0, which no loss reaches."""
    margins = [(2 * y - 1) * (ray[0] * x + ray[1]) for x, y in zip(*data, strict=True)]
    params = neuron_of(ray[0] * T, ray[1] * T)
    one = lambda x, y: symbols.formula(
        lambda p, x, y: binary_cross_entropy(neuron(p, x), y), params, x, y
    )
    total: Any = sum((one(x, y) for x, y in zip(*data, strict=True)), Integer(0)) / len(data.x)
    slope: Any = sympy.diff(total, T).subs(T, sympy.log(U))
    falling = symbols.positive("-dL/dt, with t = log u", -slope)
    if not falling.holds or min(margins) <= 0:
        return Trial(False, f"margins {margins} along {ray}; {falling.says}")
    limit = sympy.limit(total, T, sympy.oo)
    seen = {t: _loss_at(data, ray, t) for t in (1, 10, 100)}
    shown = ", ".join(f"{loss.str(4, radius=False)} at t = {t}" for t, loss in seen.items())
    return Trial(
        bool(limit == 0 and seen[1] > seen[10] > seen[100] > 0),
        f"x = {list(data.x)}, y = {list(data.y)}: along (w, b) = t {ray} the margins are "
        f"{margins}, dL/dt < 0 for all t > 0 (proved), the limit is {limit}; L = {shown}.",
    )


def _loss_at(data: Data, ray: tuple[int, int], t: int) -> arb:
    params = neuron_of(*(float(t * r) for r in ray))
    x, y = (np.asarray(v, np.float64) for v in data)
    return enclosures.number(enclosures.value(mean_loss, params, x, y))


def flat_valley() -> Trial:
    """One example with the label 1/2: the same loss all along w + b = 0, and no lower one."""
    loss = lambda w, b: enclosures.number(
        enclosures.value(mean_loss, neuron_of(w, b), np.ones(1), np.full(1, 0.5))
    )
    slopes = enclosures.value(mean_slope, neuron_of(3.0, -3.0), np.ones(1), np.full(1, 0.5))
    still = all(enclosures.number(s) == 0 for s in slopes)
    return Trial(
        bool(still and loss(0.0, 0.0).overlaps(loss(3.0, -3.0))),
        "x = 1, y = 1/2: (w, b) = (0, 0) and (3, -3) both have gradient 0 and L = "
        f"{loss(3.0, -3.0).str(6, radius=False)} = log 2, a whole line of minima.",
    )


# --- one minimum ---------------------------------------------------------------------------


def has_one_minimum(data: Data, balance: tuple[int, ...]) -> Trial:
    """Overlap and full rank, in integers; then the minimum itself, enclosed."""
    signed = [(2 * y - 1, (2 * y - 1) * x) for x, y in zip(*data, strict=True)]
    sums = [sum(b * s[k] for b, s in zip(balance, signed, strict=True)) for k in (1, 0)]
    if any(sums) or min(balance) <= 0 or len(set(data.x)) < 2:
        return Trial(
            False,
            f"labels {list(data.y)}: weights {list(balance)} on the signed examples sum to {sums}, "
            f"not [0, 0]; {minimum_of(data).trial.says}",
        )
    found = minimum_of(data)
    return Trial(
        found.trial.holds,
        f"x = {list(data.x)}, y = {list(data.y)}: the signed examples (2y - 1)(x, 1) under the "
        f"positive weights {list(balance)} sum to zero and span the plane, so every direction has "
        f"a wrong example and the loss grows without bound along it; (w, b): {found.trial.says}.",
    )


def minimum_of(data: Data) -> minimum.Enclosed:
    """Where the gradient of the mean loss is zero, by Krawczyk's test in the plane."""
    x, y = (np.asarray(v, np.float64) for v in data)

    def field(point):
        return [enclosures.number(s) for s in enclosures.value(mean_slope, neuron_of(*point), x, y)]

    def jacobian(point):
        rows = [enclosures.gradient(part, neuron_of(*point), x, y) for part in PARTS]
        return [[enclosures.number(entry) for entry in row] for row in rows]

    with ctx.workprec(BITS):
        return minimum.zero(field, jacobian, (0.0, 0.0))


PARTS = tuple(partial(lambda k, *args: mean_slope(*args)[k], k) for k in (0, 1))


# --- a hidden layer ------------------------------------------------------------------------


def hidden_layer_is_not_convex() -> Trial:
    """log(1 + e^-tanh 1) at (w1, w2) = (1, 1) and (-1, -1), but log 2 at their midpoint."""
    full: Callable[..., Any] = np.full
    layer = lambda w: Dense(full((1, 1), w), full(1, 0.0))
    at = lambda w: enclosures.number(enclosures.value(_deep_loss, (layer(w), layer(w))))
    ends, middle = (at(1.0), at(-1.0)), at(0.0)
    return Trial(
        bool((ends[0] + ends[1]) / 2 < middle),
        f"w2 tanh(w1 x) with x = y = 1: L = {ends[0].str(4, radius=False)} at (w1, w2) = (1, 1) "
        f"and at (-1, -1), but {middle.str(4, radius=False)} at their midpoint (0, 0).",
    )


def _deep_loss(params) -> Array:
    one = jnp.ones((1, 1))
    return binary_cross_entropy_with_logits(mlp(params, one, tanh, identity), one)


# --- the verdict ---------------------------------------------------------------------------


def judge_convexity(seed: int) -> Judged:
    convex = earned(
        has_slope("dL/dz = a - y", loss_of_logit, fused_slope, Z, Z, Y),
        hessian_is_outer(),
        curves_up(loss_of_logit),
        steep_everywhere(),
    )
    none = [falls_for_ever(data, ray) for data, ray in RAYS.items()]
    one = has_one_minimum(OVERLAPPING, BALANCE)
    return Judged(
        Evidence.REFUTED,
        f"Convex: {convex} No minimum: {earned(none[1])} One minimum: {earned(one)}",
        " ".join(
            (
                failed("squared error through a sigmoid is convex", curves_up(squared_of_logit, 0)),
                failed("overlapping data have no minimum", falls_for_ever(OVERLAPPING, (2, -3))),
                failed("separable data have one minimum", has_one_minimum(SEPARABLE, BALANCE)),
            )
        ),
        counterexample=earned(none[0], flat_valley(), hidden_layer_is_not_convex()),
        correction="The cross-entropy of one sigmoid neuron is convex in (w, b). It has exactly "
        "one minimum when no line separates the labels 0 and 1, not even with examples on the "
        "line, and the inputs with a 1 appended have full column rank; it has none when a line "
        "separates them; and with a hidden layer it is not convex.",
    )


C7 = Claim(
    "C7",
    "Cross-entropy is chosen because it is convex and has a unique minimum.",
    judge_convexity,
)
