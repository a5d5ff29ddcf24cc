"""1 - t^2 as (1 - t)(1 + t): the same function, and the room that its slopes need."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.measurement.factored import has_squares, in_factors
from verification.measurement.other_words import traced_in_numbers
from verification.selftest.spellings import corpus
from verification.selftest.spellings.corpus import judgements

Z = np.linspace(-2.0, 2.0, 9)


def test_only_a_square_less_than_one_is_factored():
    program = lambda f: traced_in_numbers(f, (Z,))[0]
    assert has_squares(program(lambda z: 1.0 - jnp.tanh(z) ** 2))
    assert has_squares(program(lambda z: 1.0 - jnp.square(z)))
    assert not has_squares(program(lambda z: 1.0 + z * z))
    assert not has_squares(program(lambda z: 2.0 - z * z))
    assert not has_squares(program(lambda z: 1.0 - z * jnp.sin(z)))


def test_it_is_the_same_function_with_slopes_that_lose_digits_near_zero():
    with jax.enable_x64(True):
        one = lambda t: 1.0 - t * t
        other = in_factors(one)
        assert np.allclose(other(Z), one(Z), rtol=1e-15)
        at = np.float64(1e-9)
        assert jax.grad(one)(at) == -2e-9
        assert 0.0 < abs(jax.grad(other)(at) + 2e-9) < 3e-16


def test_twice_a_number_whose_square_is_taken_loses_what_a_slope_loses():
    with jax.enable_x64(True):
        one = lambda t: (1.0 - t * t) * (-2.0 * t)
        assert np.allclose(in_factors(one)(Z), one(Z), rtol=1e-14)
        at = np.float64(1e-9)
        assert 0.0 < abs(in_factors(one)(at) - one(at)) < 3e-16
        for alone in (lambda t: (1.0 - t * t) * (3.0 * t), lambda t: (1.0 - t) * (2.0 * t)):
            assert in_factors(alone)(at) == np.float64(alone(at))


@pytest.mark.parametrize("seed", [5, 905022645])
def test_tanh_differentiated_twice_by_jax_has_room_that_it_needs(seed, monkeypatch):
    """The reference has -2 t s; JAX what is left of s (1 - t) - s (1 + t)."""
    spelled = corpus.CORPUS["tanh_jet"]
    found = lambda: judgements({"tanh_jet": spelled}, ("float64",), range(seed, seed + 1))
    alarms = lambda: [one.configuration for one in found() if one.alarms]
    assert alarms() == []
    monkeypatch.setattr(corpus, "other_spellings", lambda of, args: [])
    assert len(alarms()) == 1
