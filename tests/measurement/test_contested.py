"""Of a large answer the entries in question are computed again, and as much is said of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.measurement import contested
from verification.measurement.higher_precision import right_formula
from verification.measurement.sample import Sample
from verification.vocabulary import Ball

N = contested.MANY
X = np.random.default_rng(0).uniform(1e-9, 1.0, size=N)
TRUTH = 2.0 * np.sin(X / 2.0) ** 2  # 1 - cos x

CANDIDATES = {
    "digits lost": (lambda x: 1.0 - jnp.cos(x), True),
    "another function": (lambda x: 1.0 - jnp.cos(x) + 1e-9 * x, False),
    "another number": (lambda x: 0.999999 - jnp.cos(x), False),
}


def sample(candidate) -> Sample:
    zero = np.zeros(N)
    with jax.enable_x64(True):
        got = np.asarray(candidate(X))
    truth = Ball(TRUTH, zero, 4.0 * np.spacing(TRUTH), True)
    return Sample("case", ("x",), [truth], [8.0 * np.spacing(TRUTH)], [got], (X,))


def counted(monkeypatch) -> list[int]:
    sizes, at = [], contested._at
    monkeypatch.setattr(contested, "_at", lambda s, k: sizes.append(len(k)) or at(s, k))
    return sizes


@pytest.mark.parametrize("name", CANDIDATES)
def test_as_much_is_said_of_fewer_entries(name, monkeypatch):
    candidate, right = CANDIDATES[name]
    sizes = counted(monkeypatch)
    asked = sample(candidate)
    assert right_formula(candidate)(asked).right is right
    assert len(sizes) == 1
    monkeypatch.setattr(contested, "MANY", 2 * N)
    assert right_formula(candidate)(asked).right is right
    assert len(sizes) == 1, "of all entries the same is said"


def test_entries_that_depend_on_others_are_all_computed(monkeypatch):
    sizes = counted(monkeypatch)
    candidate = lambda x: 1.0 - jnp.cos(x) + 0.0 * jnp.sum(x)
    assert right_formula(candidate)(sample(candidate)).right is True
    assert not sizes
