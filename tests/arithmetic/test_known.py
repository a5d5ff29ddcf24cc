"""What depends on no argument is decided when a program is traced, and only that."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend.core import jaxpr_as_fun

import verification as vf
from verification.adapters import jax_function
from verification.arithmetic.inner_programs import equations
from verification.arithmetic.known import with_known_parts

KEY = jax.random.key(3)
CONSTANT = {
    "a quantile at an entry": (lambda x: jnp.quantile(x, 0.5), 7),
    "quantiles between entries": (lambda x: jnp.quantile(x, np.array([0.1, 0.77])), 7),
    "a percentile of a method": (lambda x: jnp.percentile(x, 30.0, method="midpoint"), 7),
    "a resized row": (lambda x: jax.image.resize(x, (9,), "linear"), 4),
    "random numbers of a key": (lambda x: x * jax.random.normal(KEY, (4,), dtype=x.dtype), 4),
    "dropout": (lambda x: jnp.where(jax.random.bernoulli(KEY, 0.7, (4,)), x / 0.7, 0.0), 4),
    "bits": (lambda x: x * lax.bitcast_convert_type(np.arange(4) << 52, np.float64), 4),
}


def names(program) -> set[str]:
    return {eqn.primitive.name for eqn in equations(program.jaxpr)}


@pytest.mark.parametrize("name", CONSTANT)
def test_indices_and_bits_are_constants_and_the_function_is_the_same(name):
    of, n = CONSTANT[name]
    x = np.random.default_rng(0).normal(size=n)
    program = jax.make_jaxpr(of)(x)
    made = with_known_parts(program)
    assert not names(made) & {"bitcast_convert_type", "floor", "threefry2x32", "random_bits"}
    (out,) = jaxpr_as_fun(made)(x)
    assert jnp.allclose(out, of(x), rtol=1e-14, atol=0.0)
    indices = [e.invars[1] for e in equations(made.jaxpr) if e.primitive.name == "gather"]
    assert set(indices) <= set(made.jaxpr.constvars)


def test_what_an_argument_says_is_left_to_the_run():
    of = lambda x, q: x[jnp.floor(q * 3.0).astype(int)]
    made = with_known_parts(jax.make_jaxpr(of)(np.ones(4), np.array([0.4, 0.7])))
    assert {"floor", "convert_element_type", "gather"} <= names(made)
    plain = jax.make_jaxpr(jnp.sin)(1.0)
    assert with_known_parts(plain) is plain


def test_a_constant_that_balls_do_not_decide_is_left_as_it_is():
    third = np.float64(1.0) / 3.0
    of = lambda x: x[jnp.floor(jnp.log(jnp.exp(third * 3.0 * 0.0 + 1.0))).astype(int)]
    made = with_known_parts(jax.make_jaxpr(of)(np.ones(4)))
    assert "floor" in names(made)  # log(e) is 1, which no ball around it proves


@pytest.mark.parametrize("name", ["quantiles between entries", "random numbers of a key"])
def test_they_are_proven_and_a_planted_mistake_is_seen(name):
    of, n = CONSTANT[name]
    asked = {"of": of, "args": lambda rng: (rng.normal(size=n),), "cases": 2, "edges": "none"}
    right = vf.validate(jax_function.derivative(of), **asked)
    assert right and right.oracle == "ball"
    slope = lambda x, d: 1.01 * np.asarray(jax.vjp(of, jnp.asarray(x))[1](jnp.asarray(d))[0])
    assert str(vf.validate(slope, **asked).verdict) == "wrong"


@pytest.mark.parametrize("sign", [jnp.signbit, lambda y: jnp.copysign(1.0, y) < 0.0])
def test_the_sign_of_a_number_is_a_comparison(sign):
    of = lambda x, y: jnp.sum(jnp.where(sign(y), x, x**3) * y)
    program = jax.make_jaxpr(of)(np.ones(3), np.ones(3))
    assert "bitcast_convert_type" in names(program)
    assert "bitcast_convert_type" not in names(with_known_parts(program))
    draw = lambda rng: (rng.normal(size=3), rng.normal(size=3))
    asked = {"of": of, "args": draw, "cases": 2, "edges": "none"}
    # y is data here: the slopes are traced inside of a program that has it as an argument
    right = vf.validate(lambda x, y: y * np.where(y < 0.0, 1.0, 3.0 * x * x), **asked)
    assert right and right.oracle == "ball"
    turned = vf.validate(lambda x, y: y * np.where(y > 0.0, 1.0, 3.0 * x * x), **asked)
    assert str(turned.verdict) == "wrong"


def test_other_bits_are_no_sign():
    of = lambda x: x * (jax.lax.bitcast_convert_type(x, np.int64) >> 62).astype(float)
    program = jax.make_jaxpr(of)(np.ones(3))
    assert "bitcast_convert_type" in names(with_known_parts(program))


def gaussian(factor):
    """e^(-x^2) in a program that takes the bits of x, with the name that JAX has for it."""

    @jax.custom_jvp
    def exp_neg_sq(x):
        whole = lax.bitcast_convert_type(lax.bitcast_convert_type(x, np.uint64), np.float64)
        return factor * jnp.exp(-whole * x)

    exp_neg_sq.defjvp(
        lambda at, along: (exp_neg_sq(*at), -2.0 * at[0] * exp_neg_sq(*at) * along[0])
    )
    return exp_neg_sq


def test_the_slope_of_erf_is_an_exponential_whatever_bits_it_is_made_of():
    x = jnp.array([0.3, -1.7, 4.0])
    right, wrong = (with_known_parts(jax.make_jaxpr(gaussian(f))(x)) for f in (1.0, 1.0 + 1e-14))
    assert names(right) == {"mul", "neg", "exp"}
    assert "bitcast_convert_type" in names(wrong)  # the name alone is anybody's
    erf = jax.scipy.special.erf
    slope = lambda x, d: d * 2.0 / np.sqrt(np.pi) * np.exp(-x * x)
    sample = lambda rng: (rng.normal(size=3),)
    found = vf.validate(slope, of=erf, args=sample, cases=2, edges="none")
    assert (found.verdict, found.oracle) == ("correct", "ball")
