"""A careful pullback of one's own leaves the room that autodiff of the same function has."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.measurement.opened import other_spellings


@jax.custom_vjp
def careful(z):
    return jnp.tanh(z)


careful.defvjp(lambda z: (jnp.tanh(z), z), lambda z, d: (d / jnp.cosh(z) ** 2,))


@jax.custom_vjp
def doubled(z):
    """Its pullback is another function's."""
    return jnp.tanh(z)


doubled.defvjp(lambda z: (jnp.tanh(z), z), lambda z, d: (2 * d / jnp.cosh(z) ** 2,))


@jax.custom_vjp
def elsewhere(z):
    """Autodiff cannot do without its pullback."""
    return jax.pure_callback(np.tanh, z, z)


elsewhere.defvjp(lambda z: (jnp.tanh(z), z), lambda z, d: (d / jnp.cosh(z) ** 2,))


AT = (np.array([0.3, -2.0]),)


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "correct"), (1.001, "wrong")])
def test_a_slope_from_the_output_is_right(factor, verdict):
    from_output = lambda z, d: factor * (d * (1 - np.tanh(z) ** 2))
    at = lambda rng: (6 * rng.normal(size=6),)
    found = vf.validate(from_output, of=careful, args=at, dtype="float32", cases=4, edges="none")
    assert str(found.verdict) == verdict, found


def test_there_is_one_where_there_is_a_pullback_and_autodiff_can_do_without():
    assert len(other_spellings(careful, AT)) == len(other_spellings(jax.jit(careful), AT)) == 1
    assert other_spellings(jnp.tanh, AT) == []
    (other,) = other_spellings(jax.jit(careful), AT)
    assert "custom_vjp" not in str(jax.make_jaxpr(other)(*AT))
    assert other_spellings(elsewhere, AT) == []
    looped = lambda z: jax.lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1]), (0, z))[1]
    assert other_spellings(lambda z: careful(looped(z)), AT) == []


def test_a_slope_around_a_loop_is_one_of_its_own():
    powers = lambda z: jax.lax.scan(lambda a, _: (a * z, None), z, None, 3)[0]
    around, plain = jax.custom_jvp(powers), jax.custom_jvp(jnp.square)
    for of, slope in ((around, lambda z: 4 * z**3), (plain, lambda z: 2 * z)):
        of.defjvps(lambda dz, out, z, slope=slope: slope(z) * dz)
    (other,) = other_spellings(around, AT)
    assert "custom_jvp" not in str(jax.make_jaxpr(other)(*AT))
    assert other_spellings(plain, AT) == []


def test_a_pullback_of_another_function_is_still_wrong():
    twice = lambda z, d: 2 * d / np.cosh(z) ** 2
    at = lambda rng: (rng.normal(size=6),)
    found = vf.validate(twice, of=doubled, args=at, cases=4, edges="none")
    assert str(found.verdict) == "wrong", found
