"""What is proven, and where a float64 that knows its own error has to be enough."""

import jax.numpy as jnp
import numpy as np
import pytest

from verification.measurement import answer
from verification.measurement.subject import Subject
from verification.oracles.question import ask
from verification.oracles.work import products

POINT = (np.array([[0.3, -1.2, 0.7], [1.1, 0.4, -0.6]]), np.array([0.9, -0.5, 0.2]))


def of(w, x):
    return jnp.sum(jnp.tanh(w @ x) ** 2)


@pytest.mark.parametrize(("dtype", "share", "proven"), (
    ("float64", 1, True),
    ("float64", 8, True),
    ("float64", 9, False),
    ("float32", 1, True),
    ("float32", 2, False),
))  # fmt: skip
def test_more_is_proven_where_float64_is_judged(monkeypatch, dtype, share, proven):
    work = products(ask(of, POINT).program)
    monkeypatch.setattr(answer, "PROVABLE", work / share)
    subject = Subject(lambda w, x: (w, x), of, (0, 1), dtype, POINT)
    found = subject.proven(POINT, None)
    assert [ball.proven for ball in found.truth] == [proven] * 2
    radii = np.concatenate([ball.rad.ravel() for ball in found.truth])
    assert (radii < 1e-20).all() if proven else ((radii > 0.0) & (radii < 1e-12)).all()
