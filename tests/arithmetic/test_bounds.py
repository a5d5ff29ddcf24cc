"""The ulp bounds of elementary functions hold for JAX and for NumPy, over the whole range."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import ctx
from jax import lax
from scipy import special

from verification.arithmetic.balls import BALLS
from verification.arithmetic.bounded import Bounded
from verification.arithmetic.bounds import bounds
from verification.arithmetic.elementary import ELEMENTARY
from verification.arithmetic.formats import format_of
from verification.arithmetic.interpreter import run
from verification.arithmetic.ulps import ULPS
from verification.measurement.budget import running_bound
from verification.measurement.error import distance
from verification.oracles.ball import to_ball

FUNCTIONS = {  # name: (JAX's, NumPy's, where)
    "exp": (jnp.exp, np.exp, (-80, 80)),
    "exp2": (jnp.exp2, np.exp2, (-120, 120)),
    "expm1": (jnp.expm1, np.expm1, (-80, 80)),
    "log": (jnp.log, np.log, (1e-30, 1e30)),
    "log1p": (jnp.log1p, np.log1p, (-0.99, 1e6)),
    "sqrt": (jnp.sqrt, np.sqrt, (1e-30, 1e30)),
    "rsqrt": (lax.rsqrt, lambda x: 1 / np.sqrt(x), (1e-30, 1e30)),
    "sin": (jnp.sin, np.sin, (-3, 3)),
    "cos": (jnp.cos, np.cos, (-1.5, 1.5)),
    "tanh": (jnp.tanh, np.tanh, (-20, 20)),
    "logistic": (lax.logistic, special.expit, (-80, 80)),
    "erf": (lax.erf, special.erf, (-6, 6)),
    "erfc": (lax.erfc, special.erfc, (-5, 9)),
}


def grid(name, dtype):
    """Evenly spread points, and as many near zero or in every binade, as the range allows."""
    low, high = FUNCTIONS[name][2]
    even = np.linspace(low, high, 1500)
    fine = np.geomspace(max(low, 1e-30), high, 1500)
    return np.concatenate([even, fine, -fine[-fine >= low]]).astype(dtype)


def observed(name, x, f) -> np.ndarray:
    """The error of f at x, in units of u |f(x)|."""
    target = format_of(str(x.dtype))
    with ctx.workprec(160):
        proven = to_ball(BALLS.rules[name](BALLS.lift(x)))
    with jax.enable_x64(True):
        got = np.asarray(f(x), np.float64)
    error = np.maximum(distance(got, proven) - target.tiny, 0.0)
    return error / (target.unit * np.abs(proven.mid))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_elementary_functions_keep_their_ulp_bound(name, dtype):
    x = grid(name, dtype)
    for f in FUNCTIONS[name][:2]:
        error = observed(name, x, f)

        assert (error <= ULPS[name](x.astype(float))).all(), f"{error.max()} at {x[error.argmax()]}"
        assert error.max() > 0.4  # the comparison sees rounding: it is not vacuous


def test_every_bound_is_tried():
    assert set(ULPS) - {"pow", "atan2"} == set(FUNCTIONS) | set(ELEMENTARY)  # tried there


ZEROS = {
    "add": lambda x: x + x,
    "mul": lambda x: x * 3.0,
    "div": lambda x: x / 3.0,
    "tanh": jnp.tanh,
    "reduce_sum": lambda x: jnp.sum(x)[None],
    "dot_general": lambda x: x @ jnp.ones((3, 2)),
}


@pytest.mark.parametrize("name", ZEROS)
def test_an_exact_zero_has_no_error_and_its_neighbour_has(name):
    target = bounds(format_of("float32"))
    error = {}
    small = 2.0**-100 * float(np.float32(0.1))
    for value in (0.0, small):
        x = np.full(3, value)
        (out,) = run(jax.make_jaxpr(ZEROS[name])(x), [target.lift(x)], target)
        error[value] = out.error

    assert (error[0.0] == 0).all()
    assert (error[small] > 0).all()


# --- infinities that were put there --------------------------------------------------------------

MASK = np.array([[True, False, False], [True, True, False], [True, True, True]])


def bounded(f, *args):
    with jax.enable_x64(True):
        program = jax.make_jaxpr(f)(*args)
    arithmetic = bounds(format_of("float32"))
    with np.errstate(all="ignore"):
        (out,) = run(program, list(map(arithmetic.lift, args)), arithmetic)
    return out


MASKED = {
    "exp": lambda x: jnp.exp(jnp.where(MASK, x, -jnp.inf) - 0.3),
    "softmax": lambda x: jax.nn.softmax(jnp.where(MASK, x, -jnp.inf), -1),
    "added": lambda x: jax.nn.softmax((x + jnp.where(MASK, 0.0, -jnp.inf)) / np.sqrt(3.0), -1),
    "logistic": lambda x: jax.nn.sigmoid(jnp.where(MASK, x, -jnp.inf) * 0.5),
}


@pytest.mark.parametrize("name", MASKED)
def test_a_mask_of_minus_infinity_leaves_exact_zeros(name):
    x = np.random.default_rng(3).normal(size=(3, 3))
    out = bounded(MASKED[name], x)

    assert (out.value[~MASK] == 0.0).all() and (out.error[~MASK] == 0.0).all()
    assert np.isfinite(out.error).all() and (out.error[MASK] > 0.0).all()


def test_an_infinity_by_overflow_has_no_bound():
    big = np.array([1e30, 3.0])

    assert np.isinf(bounded(lambda x: x * x, big).error[0])
    assert np.isinf(bounded(lambda x: -(x * x) - x, big).error[0])
    assert np.isinf(bounded(lambda x: 1.0 / (x - x * 1.0), big).error[0])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_power_of_what_underflow_alone_has_made_is_finite(dtype):
    zeros = np.zeros(3)
    for power in (0.5, 0.7, 1.5):
        (allowed,) = running_bound(lambda x, y=power: jnp.sum(x**4) ** y, (zeros,), dtype)
        assert 0.0 < allowed < format_of(dtype).tiny ** min(0.4, power)


def test_a_power_of_what_may_be_below_zero_has_no_bound():
    rest = lambda x: ((x[0] * x[0] - 1.44) * x[1]) ** 0.5  # 1.44 is no number of float32
    (allowed,) = running_bound(rest, (np.array([1.2, 1.0]),), "float32")
    assert allowed == np.inf


@pytest.mark.parametrize("best", [lax.max, lax.min])
def test_the_larger_of_two_that_are_apart_has_its_own_error(best):
    x = np.array([-3.0, 3.0, 1e-9])  # the last is 0 within the error of the other
    out = bounded(lambda x: best(x / 3 * 3 - 1e-9, jnp.zeros(3)), x)
    exact = out.value == 0.0

    assert exact.sum() == 2 and (out.error[exact] > 0.0).tolist() == [False, True]
    assert out.error[~exact] > 0.0


@pytest.mark.parametrize("best", [jnp.maximum, jnp.minimum])
def test_a_maximum_is_known_to_be_one_of_its_operands(best):
    """Both have an error.  Where rounding may turn which it is, nothing is known."""
    numbers = bounds(format_of("float32"))

    def asked(x, y):
        total = x + y
        found = best(total, y)
        return total == found, y == found, x * 1.0 + y == found  # that again, by other roundings

    x, y = np.array([0.3, -0.3, 1e-9, 0.2]), np.full(4, 0.1)
    args = [numbers.lift(x), numbers.lift(y)]
    own, other, again = run(jax.make_jaxpr(asked)(x, y), args, numbers)
    first = (x > 0.0) == (best is jnp.maximum)
    for told, right in ((own, first), (other, ~first)):
        assert told.sure.tolist() == [True, True, False, True]
        assert np.array_equal(told.value[told.sure], right[told.sure])
    assert not again.sure[first].any()


@pytest.mark.parametrize("errors", ((None, None), (None, 0.5), (0.25, 0.5)))
def test_bounds_are_laid_end_to_end_as_their_values_are(errors):
    parts = [Bounded(np.full((2, 1), k), e and np.full((2, 1), e)) for k, e in enumerate(errors)]
    whole = bounds(format_of("float32")).rules["concatenate"](*parts, dimension=1)
    assert whole.exact == (errors == (None, None))
    assert whole.value.tolist() == [[0.0, 1.0]] * 2
    assert whole.error.tolist() == [[e or 0.0 for e in errors]] * 2
