"""Libraries that only update: what they subtract is their gradient."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.adapters.updated import RATE, updated

DRAW = lambda rng: ({"w": rng.normal(size=3), "b": rng.normal(size=())}, rng.normal(size=(6, 3)))


def loss(params, x):
    return jnp.mean((x @ params["w"] + params["b"]) ** 2)


def fit(params, x, rate=RATE, share=1.0):
    """One step in place."""
    e = x @ params["w"] + params["b"]
    two, count = x.dtype.type(2.0 * share), x.dtype.type(len(x))
    params["w"] -= x.dtype.type(rate) * (two * (x.T @ e) / count)
    params["b"] -= x.dtype.type(rate) * (two * e.mean())


def anew(params, x):
    own = {k: np.array(v) for k, v in params.items()}
    fit(own, x)
    return own


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("step", [fit, anew])
def test_a_step_is_judged_as_a_gradient(step, dtype):
    found = vf.validate(updated(step), of=loss, args=DRAW, dtype=dtype)
    assert found.verdict == "correct", found.reason
    doubled = updated(lambda params, x: fit(params, x, share=2.0))
    assert vf.validate(doubled, of=loss, args=DRAW, dtype=dtype).verdict == "wrong"


def test_a_small_rate_loses_the_digits_of_the_gradient():
    small = updated(lambda params, x: fit(params, x, 2.0**-10), 2.0**-10)
    assert vf.validate(small, of=loss, args=DRAW).verdict == "inaccurate"
    other = updated(lambda params, x: fit(params, x, RATE / 2))
    assert "0.5" in str(vf.validate(other, of=loss, args=DRAW).explanation[0])


def test_two_arguments_that_are_updated():
    def step(w, b, x):
        both = {"w": w, "b": b}
        fit(both, x)
        return both["w"], both["b"]

    of = lambda w, b, x: loss({"w": w, "b": b}, x)
    draw = lambda rng: (rng.normal(size=3), rng.normal(size=()), rng.normal(size=(6, 3)))
    gradient = updated(step, argnums=(0, 1))
    assert vf.validate(gradient, of=of, args=draw, argnums=(0, 1)).verdict == "correct"


def test_the_arguments_stay_and_what_is_no_answer_is_said():
    params, x = DRAW(np.random.default_rng(0))
    before = params["w"].copy()
    updated(fit)(params, x)
    np.testing.assert_array_equal(params["w"], before)
    for rate in (0.0, np.inf, np.nan):
        with pytest.raises(ValueError, match=f"rate is {rate}"):
            updated(fit, rate)
    with pytest.raises(ValueError, match=r"shape \(2,\); it was \(3,\)"):
        updated(lambda w: w[:2])(np.ones(3))
    with pytest.raises(ValueError, match="the step answered"):
        updated(lambda w: {"w": w})(np.ones(3))
