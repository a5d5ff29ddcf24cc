"""Where a derivative turns its sign there is none, and no number is asked for."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


def judged(gradient, of, args, **options):
    return vf.validate(gradient, of=of, args=args, **{"cases": 4, **options})


def by_division(x, g):
    return g * x / np.abs(x)


def turned(x, g):
    return -g * x / np.abs(x)


def halved(x, g):  # relu through y / x: 0/0 at 0, where a program has 0 or 1 to answer
    return g * (np.maximum(x, 0.0) / x)


def normed(x):
    return x / np.sqrt((x * x).sum())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_no_number_is_asked_for_where_the_derivative_turns_its_sign(dtype):
    finding = judged(by_division, jnp.abs, lambda rng: (rng.normal(size=4),), dtype=dtype)
    assert finding.verdict == "correct", finding.reason
    assert any("turns its sign there: x with a zero" in note for note in finding.notes)
    norm = lambda x: jnp.sqrt(jnp.sum(x * x))
    finding = judged(normed, norm, lambda rng: (rng.normal(size=4),), dtype=dtype)
    assert finding.verdict == "correct", finding.reason


def test_elsewhere_it_is():
    draw = lambda rng: (rng.normal(size=4),)
    assert judged(turned, jnp.abs, draw).verdict == "wrong"
    finding = judged(halved, lambda x: jnp.maximum(x, 0.0), draw)
    assert finding.verdict == "rejected" and "0/0 at a zero" in finding.reason
