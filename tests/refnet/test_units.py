"""Further activations: values and slopes beside closed forms, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn

Z = np.array([-30.0, -3.5, -2.5, -0.75, -1e-3, 1e-3, 0.75, 2.5, 3.5, 5.5, 7.0, 30.0])
E, INSIDE = np.exp(np.minimum(Z, 0.0)), np.abs(Z) < 3.0
T = np.tanh(np.logaddexp(0.0, Z))
ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805
CLOSED = {  # value, slope
    "elu": (np.where(Z > 0, Z, np.expm1(np.minimum(Z, 0))), np.where(Z > 0, 1.0, E)),
    "selu": (
        SCALE * np.where(Z > 0, Z, ALPHA * np.expm1(np.minimum(Z, 0))),
        SCALE * np.where(Z > 0, 1.0, ALPHA * E),
    ),
    "celu": (np.where(Z > 0, Z, np.expm1(np.minimum(Z, 0))), np.where(Z > 0, 1.0, E)),
    "softsign": (Z / (1 + np.abs(Z)), (1 + np.abs(Z)) ** -2.0),
    "mish": (Z * T, T + Z * (1 - T * T) / (1 + np.exp(-Z))),
    "relu6": (np.clip(Z, 0, 6), 1.0 * ((Z > 0) & (Z < 6))),
    "hard_tanh": (np.clip(Z, -1, 1), 1.0 * (np.abs(Z) < 1)),
    "hard_sigmoid": (np.clip(Z / 6 + 0.5, 0, 1), INSIDE / 6),
    "hard_swish": (Z * np.clip(Z / 6 + 0.5, 0, 1), np.where(INSIDE, Z / 3 + 0.5, 1.0 * (Z > 0))),
}


def off(name, z):
    """How far value and slope are from the closed forms, in units of 64 roundings of 1 or more."""
    pull = lambda f: jax.vmap(jax.value_and_grad(f))(z)
    found = zip(pull(getattr(rn, name)), CLOSED[name], strict=True)
    unit = 64 * np.finfo(float).eps
    return max(np.max(np.abs(got - want) / (unit * (1 + np.abs(want)))) for got, want in found)


@pytest.mark.parametrize("name", CLOSED)
def test_values_and_slopes_are_the_formulas(name):
    assert off(name, jnp.asarray(Z)) <= 1.0
    assert off(name, jnp.asarray(Z) * (1.0 + 1e-9)) > 1.0


def test_slopes_far_to_the_left_keep_their_digits():
    """Older autodiff of expm1 has e^z as expm1(z) + 1, which is 0 there."""
    z = jnp.array(-50.0)
    assert jax.grad(rn.elu)(z) == jnp.exp(z) > 0.0
    assert jnp.expm1(z) + 1.0 == 0.0


def test_celu_is_smooth_at_0_for_every_alpha_and_elu_is_not():
    near = lambda f, z: float(jax.grad(lambda z: f(z, 0.5))(jnp.array(z)))
    assert abs(near(rn.celu, -1e-12) - 1.0) < 1e-11 and near(rn.celu, 1e-12) == 1.0
    assert abs(near(rn.elu, -1e-12) - 0.5) < 1e-11


@pytest.mark.parametrize("unit", [rn.elu, rn.celu])
@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan"), float("inf")])
def test_an_alpha_that_is_not_above_0_raises(unit, alpha):
    with pytest.raises(ValueError, match="a finite alpha > 0"):
        unit(jnp.ones(2), alpha)
