"""Mistakes that are differentiated again: caught, right once more, or beyond JAX."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from verification import faults
from verification.derivations import ALL
from verification.selftest import kill_table_second as second
from verification.selftest.kill_table import CAUGHT

TANH, MSE = ALL["tanh"], ALL["mse"]


@pytest.fixture(scope="module")
def known():
    return {one.name: second.second_of(one, "float64") for one in (TANH, MSE)}


def test_the_right_gradient_is_right_again(known):
    for one in (TANH, MSE):
        assert second.status(known[one.name], one.gradient) == second.RIGHT


def test_what_is_right_once_and_stopped_is_caught(known):
    stopped = lambda z, da: jax.tree.map(jax.lax.stop_gradient, TANH.gradient(z, da))
    assert second.status(known["tanh"], stopped) == CAUGHT


def test_a_mistake_in_a_constant_is_none_any_more(known):
    off = lambda p, t: jax.tree.map(lambda g: g + 0.5, MSE.gradient(p, t))
    assert second.status(known["mse"], off) == second.RIGHT
    twice = lambda p, t: jax.tree.map(lambda g: 2.0 * g, MSE.gradient(p, t))
    assert second.status(known["mse"], twice) == CAUGHT


def test_what_numpy_does_cannot_be_differentiated(known):
    numpy = lambda p, t: jax.tree.map(np.asarray, MSE.gradient(p, t))
    assert second.status(known["mse"], numpy) == second.NONE


def test_a_derivation_that_is_wrong_at_second_order_is_an_error(monkeypatch):
    monkeypatch.setattr(second, "status", lambda known, gradient: CAUGHT)
    with pytest.raises(AssertionError, match="the second derivative of mse is caught"):
        second.statuses(MSE, [], "float64")


def test_where_the_truth_is_not_known_nothing_is_called_right(monkeypatch):
    def unknown(*asked):
        sample = proven(*asked)
        balls = [ball._replace(rad=np.full_like(ball.rad, np.inf)) for ball in sample.truth]
        return replace(sample, truth=balls)

    proven = second.truth_source.proven
    monkeypatch.setattr(second.truth_source, "proven", unknown)
    assert second.statuses(MSE, faults.twins("mse")[:1], "float64") == [second.UNKNOWN]


@pytest.mark.parametrize("name", ["attention", "multi_head_attention"])
def test_the_truth_is_known_where_a_mask_hides_numbers(name):
    known = second.second_of(ALL[name], "float64")
    assert known is not None
    off = lambda *args: jax.tree.map(lambda g: 1.001 * g, ALL[name].gradient(*args))
    assert second.status(known, off) == CAUGHT
