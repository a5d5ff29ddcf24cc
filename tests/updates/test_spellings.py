"""One step in many spellings: each in the budget of its rule, and its wrong twin is not."""

import numpy as np
import pytest

from verification.arithmetic.formats import format_of
from verification.derivations.rules import VARIANTS
from verification.measurement.error import beyond
from verification.updates import truth, vectors
from verification.updates.vectors import Sequence, layout

WHERE = layout(vectors.PARAMS)
root = np.sqrt


def two_subtractions(w, gradients, rates, decay):
    v = 0 * w
    for g, r in zip(gradients, rates, strict=True):
        v = decay * v + g
        w = w - r * g - r * decay * v
        yield w


def velocity_in_parts(w, gradients, rates, decay):
    v = 0 * w
    for g, r in zip(gradients, rates, strict=True):
        old, v = v, decay * v + g
        w = w - r * (decay * decay) * old - r * decay * g - r * g
        yield w


def one_coefficient(w, gradients, rates, decay):
    v = 0 * w
    for g, r in zip(gradients, rates, strict=True):
        w = w - (r * decay * decay) * v - (r * (1 + decay)) * g
        v = decay * v + g
        yield w


def old_velocity(w, gradients, rates, decay):  # wrong
    v = 0 * w
    for g, r in zip(gradients, rates, strict=True):
        old, v = v, decay * v + g
        w = w - r * g - r * decay * old
        yield w


def moments(step):
    def loop(w, gradients, rates, b1, b2, eps, weight_decay=0):
        m = v = 0 * w
        one = type(b1)(1)
        for t, (g, r) in enumerate(zip(gradients, rates, strict=True), 1):
            m, v = b1 * m + (one - b1) * g, b2 * v + (one - b2) * g * g
            c1, c2 = one - b1**t, one - b2**t
            w = step(w, g, m, v, r, b1, one - b1 ** (t + 1), c1, c2, eps, weight_decay)
            yield w

    return loop


def unnormalised(w, gradients, rates, b1, b2, eps):
    m, v, one = 0 * w, 0 * w, type(b1)(1)
    for t, (g, r) in enumerate(zip(gradients, rates, strict=True), 1):
        m, v = b1 * m + g, b2 * v + g * g
        w = w - r * ((one - b1) / (one - b1**t)) * m / (
            root(v * ((one - b2) / (one - b2**t))) + eps
        )
        yield w


@moments
def folded(w, g, m, v, r, b1, c, c1, c2, eps, l):
    return w - (r * root(c2) / c1) * m / (root(v) + eps * root(c2))


@moments
def divided_by_the_rate(w, g, m, v, r, b1, c, c1, c2, eps, l):
    return w - m / ((root(v) / root(c2) + eps) / r) / c1


@moments
def epsilon_not_folded(w, g, m, v, r, b1, c, c1, c2, eps, l):  # wrong
    return w - (r * root(c2) / c1) * m / (root(v) + eps)


@moments
def decay_joined(w, g, m, v, r, b1, c, c1, c2, eps, l):
    return w - r * (m / c1 / (root(v / c2) + eps) + l * w)


@moments
def decay_below(w, g, m, v, r, b1, c, c1, c2, eps, l):
    return (w - r * m / c1 / (root(v / c2) + eps)) - (r * l) * w


@moments
def decay_of_the_new(w, g, m, v, r, b1, c, c1, c2, eps, l):  # wrong
    return (w - r * m / c1 / (root(v / c2) + eps)) * (1 - r * l)


@moments
def ahead_in_two(w, g, m, v, r, b1, c, c1, c2, eps, l):
    d = root(v / c2) + eps
    return (w - r * b1 * m / c / d) - r * (1 - b1) * g / c1 / d


@moments
def ahead_by_one_root(w, g, m, v, r, b1, c, c1, c2, eps, l):
    return w - (r / (root(v / c2) + eps)) * ((b1 / c) * m + ((1 - b1) / c1) * g)


@moments
def not_ahead(w, g, m, v, r, b1, c, c1, c2, eps, l):  # wrong
    return w - (r / (root(v / c2) + eps)) * ((b1 / c1) * m + ((1 - b1) / c1) * g)


RIGHT = {
    "nesterov": (two_subtractions, velocity_in_parts, one_coefficient),
    "adam": (folded, divided_by_the_rate, unnormalised),
    "adamw": (decay_joined, decay_below),
    "nadam": (ahead_in_two, ahead_by_one_root),
}
WRONG = {
    "nesterov": old_velocity,
    "adam": epsilon_not_folded,
    "adamw": decay_of_the_new,
    "nadam": not_ahead,
}


def worst(loop, name: str, dtype: str, settings: int = 6) -> list[float]:
    """The largest error of each setting, in budgets."""
    variant, number, out = VARIANTS[name], np.dtype(format_of(dtype).name).type, []
    for seed in range(settings):
        rng = np.random.default_rng(seed)
        h = vectors.hyperparameters(variant, rng, dtype)
        rates = vectors.rates(h.pop("learning_rate"), 16, changes=True)
        run = Sequence(h, *vectors.draw(rng, WHERE.size, 16, dtype), rates)
        held = {n: number(x) for n, x in h.items()}
        gradients = [g.astype(number) for g in run.gradients]
        with np.errstate(all="ignore"):
            rows = loop(run.params.astype(number), gradients, list(map(number, rates)), **held)
            rows = np.stack([np.asarray(row).astype(np.float64) for row in rows])
        allowed = WHERE.leaves_of(truth.rounding(variant, run, WHERE, dtype).allowed)
        pairs = zip(WHERE.leaves_of(rows), truth.proven(variant, run, WHERE), allowed, strict=True)
        out.append(max(_ratio(beyond(leaf, ball), room) for leaf, ball, room in pairs))
    return out


def _ratio(error: np.ndarray, allowed: np.ndarray) -> float:
    room = np.where(error == 0.0, 1.0, allowed)
    return float((error / room)[np.isfinite(room)].max(initial=0.0))


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize(
    ("name", "loop"), [(name, loop) for name, loops in RIGHT.items() for loop in loops]
)
def test_every_order_of_a_steps_terms_is_inside(name, loop, dtype):
    assert max(worst(loop, name, dtype)) <= 1.0


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", WRONG)
def test_the_wrong_twin_is_not(name, dtype):
    assert min(worst(WRONG[name], name, dtype)) > 10.0
