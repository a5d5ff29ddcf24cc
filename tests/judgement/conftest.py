"""Subjects to judge: right ones, wrong ones, and right ones that lose their digits."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.judgement.verdict import judge
from verification.measurement.budget import budget
from verification.measurement.evaluation import evaluated, held, proof
from verification.measurement.higher_precision import right_formula
from verification.oracles.question import ask
from verification.vocabulary import Case


@pytest.fixture
def verdict_of():
    """verdict_of(gradient, of, points, dtype) -> Finding, with no catalogue of faults."""

    def finding(gradient, of, points, dtype="float64", faults=()):
        samples = []
        for k, args in enumerate(points):
            case = held(Case(f"case {k}", args), dtype, (0,))
            if case is None:
                samples.append(None)
                continue
            bound = partial(budget, jax.grad(of), case.args, dtype)
            samples.append(evaluated(gradient, proof(ask(of, case.args)), bound, case))
        return judge("subject", dtype, samples, faults, formula_is_right=right_formula(gradient))

    return finding


@pytest.fixture
def points():
    """Six draws of (w, x): vectors of 5 and matrices of 8 by 5."""
    rng = np.random.default_rng(7)
    draw = lambda *shape: np.float64(np.float32(rng.normal(size=shape)))
    return [(draw(5), draw(8, 5)) for _ in range(6)]


def loss(w, x):
    return jnp.mean(jnp.tanh(x @ w) ** 2)


@pytest.fixture
def of():
    return loss
