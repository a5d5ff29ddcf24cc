"""One wrong entry is flagged: in a network of width 512, and among many as surely as among few."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from refnet import mlp, mse
from refnet.layers import Dense
from verification.judgement.verdict import judge
from verification.measurement.budget import budget
from verification.measurement.evaluation import evaluated, held, proof
from verification.oracles.question import ask
from verification.vocabulary import Case, Verdict

STEPS = {"float64": 1e-9, "float32": 1e-4, "bfloat16": 0.5}  # of a leaf's root mean square


def network(params, x, y):
    return mse(mlp(params, x), y)


def wide(rng):
    """16-512-3 on a batch of 7."""
    layer = lambda m, n: Dense(rng.normal(size=(m, n)) / np.sqrt(m), 0.1 * rng.normal(size=n))
    return (layer(16, 512), layer(512, 3)), rng.normal(size=(7, 16)), rng.normal(size=(7, 3))


def sum_of_terms(w):
    return jnp.sum(jnp.tanh(w) ** 2)


def sample_of(of, draw, dtype):
    case = held(Case("case 0", draw(np.random.default_rng(1))), dtype, (0,))
    bound = partial(budget, jax.grad(of), case.args, dtype)
    return evaluated(jax.jit(jax.grad(of)), proof(ask(of, case.args)), bound, case)


@cache
def network_sample(dtype):
    return sample_of(network, wide, dtype)


@cache
def sum_sample(dtype, n):
    return sample_of(sum_of_terms, lambda rng: (rng.normal(size=n),), dtype)


def flagged(sample, leaf, size):
    """Which entries are outside their budgets once each alone is off by `size` RMS, both ways."""
    truth = sample.truth[leaf]
    step = size * np.sqrt(np.mean(truth.mid**2))
    off, room = (sample.got[leaf] - truth.mid) - truth.tail, sample.allowed[leaf] + truth.rad
    return (np.abs(off + step) > room) & (np.abs(off - step) > room)


@pytest.mark.parametrize("dtype", STEPS)
def test_one_wrong_entry_of_a_network_of_width_512_is_flagged(dtype):
    sample = network_sample(dtype)
    assert judge("network", dtype, [sample]).verdict == Verdict.CORRECT

    for leaf, path in enumerate(sample.paths):
        seen = flagged(sample, leaf, STEPS[dtype])
        # in bfloat16 half an RMS is within the rounding of a few entries in a hundred
        assert seen.mean() > 0.9 if dtype == "bfloat16" else seen.all(), path


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_much_smaller_error_is_let_go(dtype):
    """A hundred thousandth of the step is less than rounding does: it is flagged nowhere."""
    sample = network_sample(dtype)

    assert not any(flagged(sample, k, 1e-5 * STEPS[dtype]).any() for k in range(4))


@pytest.mark.parametrize("dtype", STEPS)
def test_one_wrong_entry_is_seen_as_surely_among_10000_as_among_10(dtype):
    few, many = (flagged(sum_sample(dtype, n), 0, STEPS[dtype]).mean() for n in (10, 10_000))
    powers = [judge("sum", dtype, [sum_sample(dtype, n)]).power["[0]"] for n in (10, 10_000)]

    assert min(few, many) == 1.0 or dtype == "bfloat16"
    assert abs(few - many) <= 0.1  # one of the ten
    # a budget scaled by the size of the array would be a thousand times as large
    assert powers[1] < 10 * powers[0]
