"""Adafactor beside a few lines of NumPy on one matrix: factors, bounds, the relative rate."""

import numpy as np
import pytest

from verification.derivations.rules import VARIANTS
from verification.updates import truth
from verification.updates.vectors import Sequence, layout

H = {"decay_rate": 0.7, "eps": 1e-3, "threshold": 1.2, "min_scale": 0.2}
RATES = (0.9, 0.9, 0.3, 0.3, 0.8, 0.8)


def by_hand(w, gradients, floored=False, relative=True):
    rows, columns, out = np.zeros((2, 1)), np.zeros((1, 3)), []
    rms = lambda x: np.sqrt(np.mean(x * x))
    for t, (g, r) in enumerate(zip(gradients, RATES, strict=True), 1):
        beta, q = 1 - t ** -H["decay_rate"], g * g + (0 if floored else H["eps"])
        rows = beta * rows + (1 - beta) * q.mean(1, keepdims=True)
        columns = beta * columns + (1 - beta) * q.mean(0, keepdims=True)
        least = H["eps"] if floored else 0.0
        u = g / np.sqrt(np.maximum(rows * columns / max(rows.mean(), least), least**2))
        rate = (min(r, t**-0.5) if relative else r) * max(rms(w), H["min_scale"])
        w = w - rate * u / max(1.0, rms(u) / H["threshold"])
        out.append(w)
    return np.stack(out)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("adafactor", {}),
        ("adafactor_rate", {"relative": False}),
        ("adafactor_floored", {"floored": True}),
    ],
)
def test_a_variant_is_what_it_is_by_hand_and_no_other(name, how):
    rng = np.random.default_rng(8)
    w, gradients = rng.normal(size=(2, 3)), rng.normal(size=(6, 2, 3))
    gradients[3] *= 40.0  # bounded there
    gradients[:2] *= 1e-3  # below epsilon there
    where = layout({"w": w})
    run = Sequence(H, w.ravel(), gradients.reshape(6, -1), RATES)
    ball = truth.proven(VARIANTS[name], run, where)[0]
    hows = ({}, {"relative": False}, {"floored": True})
    near = [np.allclose(ball.mid, by_hand(w, gradients, **one), rtol=1e-12) for one in hows]
    assert near == [one == how for one in hows]
