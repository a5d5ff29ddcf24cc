"""Differences know how far off they may be: extrapolation, noise, kinks, edges of the domain."""

import jax.numpy as jnp
import numpy as np
import pytest

from verification.oracles import ball, finite_difference, sampling
from verification.oracles.finite_difference import richardson
from verification.oracles.question import ask
from verification.vocabulary import Silent


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-6, 1e-9, 1e-12, 1e-13, 1e-15, 0.0])
def test_a_kink_nearby_is_admitted(distance):
    kinked = lambda z: jnp.maximum(z, 0.0).sum() + jnp.sin(z).sum()
    question = ask(kinked, (np.array([distance, -distance]),))
    (said,) = finite_difference.gradient(question)
    (true,) = ball.gradient(question)
    assert (np.abs(said.mid - true.mid) <= said.rad + true.rad).all()
    if distance >= 1e-9:
        assert (said.rad < 1e-11).all()  # the kink does not spoil what smaller steps can see


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1.0, 1e5])
def test_the_estimate_covers_the_error_at_every_scale(scale):
    rng = np.random.default_rng(19)
    z = scale * rng.uniform(0.5, 2.0, 40)
    question = ask(lambda z: jnp.log(z).sum() + (jnp.tanh(z) * z).sum(), (z,))
    (said,), (true,) = finite_difference.gradient(question), ball.gradient(question)
    error = np.abs(said.mid - true.mid)
    assert (error <= said.rad).all()
    assert (said.rad <= np.abs(true.mid) * 1e-4).all()


def test_richardson_cancels_one_power_of_h_squared_per_column():
    steps = 4.0 ** -np.arange(6)
    table, _ = richardson(np.exp(1.0) * np.sinh(steps) / steps, np.zeros(6))
    for k in range(3):
        error = np.abs(table[k] - np.exp(1.0))
        observed = np.log(error[k] / error[k + 1]) / np.log(4.0)
        assert abs(observed - 2 * (k + 1)) < 0.5, (k, observed)


def test_outside_the_domain_it_is_silent():
    with pytest.raises(Silent, match="inf or NaN"):
        finite_difference.gradient(ask(lambda z: jnp.log(z).sum(), (np.array([1e-30]),)))


def test_a_tiny_neighbour_does_not_silence_the_others():
    (said,) = finite_difference.gradient(ask(lambda z: jnp.log(z).sum(), (np.array([1e-30, 2.0]),)))
    assert np.isinf(said.rad[0]) and abs(said.mid[1] - 0.5) <= said.rad[1] < 1e-9


def test_points_in_batches_are_the_function_at_each():
    question = ask(lambda a, n, b: jnp.sin(a).sum() * b[n], (np.ones(2), 1, np.arange(3.0)), (0, 2))
    rows = np.random.default_rng(23).normal(size=(2500, 5))
    values = sampling.along_lines(question, rows)
    want = np.sin(rows[:, :2]).sum(axis=1) * rows[:, 3]
    assert (np.abs(values - want) <= 8 * np.finfo(float).eps * 2 * np.abs(rows[:, 3])).all()
    axes = np.array([3, 0])
    moved = sampling.along_axes(question, axes, np.array([2.5, 0.0]))
    want = np.array([2 * np.sin(1.0) * 2.5, np.sin(1.0)])
    assert (np.abs(moved - want) <= 8 * np.finfo(float).eps * want).all()


def test_at_a_jump_nothing_is_known_and_a_kink_is_no_jump():
    f = lambda z: jnp.where(z > 0.0, 1.0 + z, 0.0).sum() + jnp.abs(z - 1.0).sum()
    (said,) = finite_difference.gradient(ask(f, (np.array([0.0, 1.0, 0.5]),)))

    assert np.isinf(said.rad[0])
    assert 1.0 <= said.rad[1] < 16.0 and said.rad[2] < 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_a_sum_that_nearly_cancels_is_not_thought_exact(seed):
    rng = np.random.default_rng(seed)
    c, z = rng.normal(size=(2, 200))
    rest = float(c @ z)
    (said,) = finite_difference.gradient(ask(lambda z: (jnp.asarray(c) * z).sum() - rest, (z,)))
    assert (np.abs(said.mid - c) <= said.rad).all()
    assert (said.rad < 1e-10).all()
