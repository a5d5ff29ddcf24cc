"""Claim C6: the step of one neuron, against refnet's update code."""

import numpy as np
import optax

from refnet import Neuron, gradient_descent

from ..vocabulary import Claim, Evidence, Judged
from . import exact
from .one_neuron import neuron_of
from .trial import Trial, earned, failed


def descend(params: Neuron, slope: Neuron, rate: float) -> Neuron:
    """The step of refnet.updates: gradient_descent, then optax.apply_updates."""
    rule = gradient_descent(rate)
    updates, _ = rule.update(slope, rule.init(params), params)
    return optax.apply_updates(params, updates)  # pyright: ignore[reportReturnType]


def claimed_step(w, b, x, error, rate) -> tuple:
    """w - alpha (a - y) x, b - alpha (a - y)."""
    return w - rate * error * x, b - rate * error


def climbing_step(w, b, x, error, rate) -> tuple:
    """The sign of the bias step mistaken."""
    return w - rate * error * x, b + rate * error


def steps_are(claimed, seed: int) -> Trial:
    """The update code against `claimed`, in rationals: equal, not near."""
    rng, draws = np.random.default_rng(seed), 16
    for k in range(draws):
        w, b, x, error = (exact.odd(rng) for _ in range(4))
        rate = float(rng.uniform(0.01, 0.9))
        slope = neuron_of(error * x, error)  # products of odd eighths: exact in float64
        code = lambda params, slope, rate=rate: descend(params, slope, rate)
        got = exact.value(code, neuron_of(w, b), slope)
        want = claimed(*(exact.number(v)[()] for v in (w, b, x, error, rate)))
        if exact.differing(got, tuple(map(np.asarray, want)))[0]:
            return Trial(
                False,
                f"draw {k + 1}, (w, b, x, a - y) = ({exact.numbers(w, b, x, error)}): "
                f"the code gives b = {float(got[1][()]):.6g}, not {float(want[1]):.6g}.",
            )
    return Trial(True, f"{draws} drawn steps of gradient_descent agree exactly, in rationals.")


def judge_step(seed: int) -> Judged:
    return Judged(
        Evidence.EXACT,
        earned(steps_are(claimed_step, seed)),
        failed("b <- b + alpha (a - y)", steps_are(climbing_step, seed)),
    )


C6 = Claim(
    "C6", r"$w \leftarrow w - \alpha (a - y) x$ and $b \leftarrow b - \alpha (a - y)$.", judge_step
)
