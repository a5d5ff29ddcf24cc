"""Claim C9: the update descends when its step is short enough, and may run away when it is not.

With Lips = max |(x, 1)|^2 / 4 the Hessian is at most Lips, so one step of rate alpha lowers the
loss by at least alpha (1 - alpha Lips / 2) |g|^2; for alpha < 2 / Lips, and a convex loss, no step
leads away from a minimum either (Baillon & Haddad 1977).
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import sympy
from flint import arb, ctx
from jax import Array

from refnet import Neuron, identity, mse, neuron, sigmoid

from ..vocabulary import Claim, Evidence, Judged
from . import enclosures, exact, regions, symbols
from .convexity import OVERLAPPING, hessian_is_outer, mean_loss, mean_slope, minimum_of
from .one_neuron import neuron_of
from .one_step import descend
from .symbols import U
from .trial import Trial, earned, failed

BITS = 256
STEPS = 12
SHARE = 0.95  # of the largest rate that is promised to descend
Examples = tuple[np.ndarray, np.ndarray]

UNDECIDED_PAIR = (np.full(2, 0.5), np.array([0.0, 1.0]))  # one input with both labels
BIAS_ALONE = (np.zeros(2), np.array([0.0, 1.0]))  # x = 0: only b moves, Lips = 1/4
TRAP = (Fraction(37, 10), Fraction(4))  # a step of rate 16 takes [3.7, 4] into its own negative
LONG = 16.0


def step(params: Neuron, x: Array, y: Array, rate: float) -> Neuron:
    """One step of refnet's gradient_descent on the mean cross-entropy of a neuron."""
    return descend(params, mean_slope(params, x, y), rate)


# --- short steps -----------------------------------------------------------------------------


def curvature(x: np.ndarray) -> float:
    """Lips = max |(x, 1)|^2 / 4."""
    return float(np.max(x * x + 1.0) / 4.0)


def curvature_without_bias(x: np.ndarray) -> float:
    """The 1 of the bias forgotten."""
    return float(np.max(x * x) / 4.0)


def slope_is_at_most_a_quarter() -> Trial:
    """1/4 - sigma'(z) = ((u - 1) / (2 (u + 1)))^2, a square, at every z = log u."""
    slope = symbols.formula(lambda z: sigmoid(z) * sigmoid(-z), sympy.log(U))
    square = ((U - 1) / (2 * (U + 1))) ** 2
    return symbols.equal(
        "1/4 - sigma' = ((u - 1)/(2 (u + 1)))^2", sympy.Rational(1, 4) - slope, square
    )


def descends(bound: Callable[[np.ndarray], float], sets: Sequence[Examples]) -> Trial:
    """Runs of rate SHARE 2 / bound, in balls: every step lowers the loss by what is promised."""
    for k, (x, y) in enumerate(sets, start=1):
        limit = bound(x)
        rate = SHARE * 2.0 / limit
        params = enclosures.lift(neuron_of(1.25, -0.25))
        for count in range(STEPS):
            after = enclosures.value(enclosures.closed(step, rate), params, x, y)
            slope = enclosures.value(mean_slope, params, x, y)
            promise = rate * (1 - arb(rate) * limit / 2) * _square(slope)
            drop = _loss(params, x, y) - _loss(after, x, y)
            if not (drop > 0 and drop > promise):
                return Trial(
                    False,
                    f"data set {k}, rate {rate:.4g}: step {count + 1} changes the loss from "
                    f"{_shown(_loss(params, x, y))} to {_shown(_loss(after, x, y))}.",
                )
            params = after
    return Trial(
        True,
        f"{len(sets)} data sets, {STEPS} steps each at {SHARE:g} of 2/Lips, in balls: every step "
        "lowers the loss by more than alpha (1 - alpha Lips/2) |g|^2.",
    )


def comes_closer() -> Trial:
    """The distance to the enclosed minimum of the overlapping data falls at every step."""
    x, y = (np.asarray(v, np.float64) for v in OVERLAPPING)
    best = minimum_of(OVERLAPPING)
    rate = SHARE * 2.0 / curvature(x)
    params = enclosures.lift(neuron_of(-1.0, 2.0))
    if not best.trial.holds:
        return best.trial
    far = [_distance(params, best.box)]
    for _ in range(STEPS):
        params = enclosures.value(enclosures.closed(step, rate), params, x, y)
        far.append(_distance(params, best.box))
    return Trial(
        all(bool(b < a) for a, b in zip(far, far[1:], strict=False)),
        f"On x = {list(OVERLAPPING.x)}, y = {list(OVERLAPPING.y)} the distance to the enclosed "
        f"minimum falls at each of {STEPS} steps, from {_shown(far[0])} to {_shown(far[-1])}.",
    )


def _loss(params: Neuron, x, y) -> arb:
    return enclosures.number(enclosures.value(mean_loss, params, x, y))


def _square(slope: Neuron) -> arb:
    return sum((enclosures.number(s) ** 2 for s in slope), arb(0))


def _distance(params: Neuron, best: tuple[arb, ...]) -> arb:
    gaps = [enclosures.number(p) - b for p, b in zip(params, best, strict=True)]
    return arb.sqrt(sum((g * g for g in gaps), arb(0)))


def _shown(number: arb) -> str:
    return number.str(5, radius=False)


# --- long steps ------------------------------------------------------------------------------


def quadratic(params: Neuron, x: Array, y: Array) -> Array:
    """Squared error of a neuron without an activation."""
    return mse(neuron(params, x, identity), y)


def quadratic_runs_away(rate: float) -> Trial:
    """x = 1, y = 0 from (w, b) = (1, 0), in rationals: the loss grows fourfold at every step."""
    x, y = np.ones(1), np.zeros(1)
    params, losses = neuron_of(1.0, 0.0), []
    for _ in range(6):
        losses.append(exact.value(quadratic, params, x, y)[()])
        slope = exact.gradient(quadratic, (params, x, y))
        after = exact.value(lambda p, g: descend(p, g, rate), params, slope)
        params = neuron_of(*(float(v[()].p) / float(v[()].q) for v in after))
    return Trial(
        all(b == 4 * a for a, b in zip(losses, losses[1:], strict=False)),
        f"mse of w x + b with x = 1, y = 0 from (w, b) = (1, 0) at alpha = {Fraction(rate)}: the "
        f"losses are {', '.join(map(str, losses))} (exact).",
    )


def neuron_swings(rate: float) -> Trial:
    """From b = 1 the bias falls into a trap that every later step only turns over."""
    x, y = BIAS_ALONE
    move = enclosures.closed(step, rate)
    go = lambda b: enclosures.number(enclosures.value(move, neuron_of(0.0, b), x, y).b)
    low, high = map(regions.exact, TRAP)
    trapped = lambda b: bool(low < abs(b)) and bool(abs(b) < high)
    ends = [
        regions.positive(lambda b, s=sign, end=end: end(s * go(s * b)), TRAP)
        for sign in (1, -1)
        for end in (lambda b: high + b, lambda b: -low - b)
    ]
    open_ends = [end for end in ends if not end.holds]
    path = [arb(1)]
    while len(path) < 12 and not trapped(path[-1]):
        path.append(go(path[-1]))
    floor = _loss(neuron_of(0.0, low), x, y)
    return Trial(
        not open_ends and trapped(path[-1]),
        f"x = 0 with both labels, alpha = {rate:g}, so b <- b - {rate / 2:g} tanh(b/2): from 1 it "
        f"goes to {', '.join(_shown(b) for b in path[1:7])}; "
        + (
            f"{open_ends[0].says}, outside the trap."
            if open_ends
            else f"a step takes [{float(low)}, {float(high)}] into its own negative and back "
            f"(proved by balls over both), so it swings for ever with L > {_shown(floor)}, "
            "though at b = 0 it is log 2."
        ),
    )


# --- the verdict -----------------------------------------------------------------------------


def drawn(rng: np.random.Generator) -> list[Examples]:
    """The pair that makes the bound sharp, and drawn inputs with soft labels."""
    sets = [(rng.normal(size=5) * 2, rng.uniform(0.1, 0.9, 5)) for _ in range(2)]
    return [UNDECIDED_PAIR, *sets]


def judge_descent(seed: int) -> Judged:
    sets = drawn(np.random.default_rng(seed))
    with ctx.workprec(BITS):
        short = earned(
            slope_is_at_most_a_quarter(),
            hessian_is_outer(),
            descends(curvature, sets),
            comes_closer(),
        )
        long = earned(quadratic_runs_away(0.75), neuron_swings(LONG))
        control = (
            failed(
                "Lips = max |x|^2 / 4, the bias forgotten", descends(curvature_without_bias, sets)
            ),
            failed("alpha = 1/4 makes the quadratic run away", quadratic_runs_away(0.25)),
            failed("alpha = 4 makes the neuron swing", neuron_swings(4.0)),
        )
    return Judged(
        Evidence.REFUTED,
        f"Short steps: {short}",
        " ".join(control),
        counterexample=f"Long steps: {long}",
        correction=r"A step of rate $\alpha < 2/\Lambda$, $\Lambda = \max |(x, 1)|^2 / 4$, lowers "
        "the mean cross-entropy of a neuron whenever its gradient is not zero, and never leads "
        r"away from a minimum, where there is one; above $2/\Lambda$ it may do neither.",
    )


C9 = Claim(
    "C9",
    "Repeating the update brings the network closer to the best weights.",
    judge_descent,
)
