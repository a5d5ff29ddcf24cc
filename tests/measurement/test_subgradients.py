"""The slope answered at a kink is named, whatever the dtype and the cotangent."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.measurement.answer import answer, cast, truth
from verification.measurement.budget import budget
from verification.measurement.subgradients import answers, conventions, in_words
from verification.oracles.question import ask

POINT, UPSTREAM = np.array([0.0, 1.3, -0.7, -0.0]), np.array([0.3, -0.6, 0.7, -0.2])


def relu(z):
    return jnp.maximum(z, 0.0)


def sampled(gradient, of, dtype, points=POINT):
    z, d = cast((points, UPSTREAM), dtype)
    question = ask(of, (z,), cotangent=d)
    pullback = lambda z, d: jax.vjp(of, z)[1](d)
    allowed = budget(pullback, (z, d), dtype)
    return answer(gradient, question, truth(question), allowed, (z, d), label="")


def with_slope(slope):
    def gradient(z, d):
        at = np.full_like(z, slope)
        return np.where(z == 0, at, (z > 0).astype(z.dtype)) * d

    return gradient


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize(("slope", "named"), [(0.0, "0"), (0.5, "0.5"), (1.0, "1"), (0.3, "0.3")])
def test_the_convention_is_named(dtype, slope, named):
    sample = sampled(with_slope(slope), relu, dtype)

    assert conventions(sample) == f"{named} of [0, 1] at 2 kinks"


def test_other_kinks_have_other_intervals():
    leaky = lambda z: jnp.maximum(z, 0.25 * z)
    sign = lambda z, d: np.sign(z) * d
    least = lambda z, d: np.where(z > 0, 1.0, 0.25) * d

    assert conventions(sampled(sign, jnp.abs, "float32")) == "0 of [-1, 1] at 2 kinks"
    one = np.array([0.0, 1.3, -0.7, 0.4])
    assert conventions(sampled(least, leaky, "float64", one)) == "0.25 of [0.25, 1] at 1 kink"


def test_samples_add_up():
    zero, one = (answers(sampled(with_slope(s), relu, "float64")) for s in (0.0, 1.0))

    assert in_words(zero + one + one) == "0 of [0, 1] at 2 kinks, 1 of [0, 1] at 4 kinks"


def test_of_many_choices_the_commonest_are_said():
    few = {f"{k} of [0, 1]": k + 1 for k in range(6)}
    said = in_words(few)
    assert said.count("kink") == 6 and "other" not in said

    said = in_words({**few, "6 of [0, 1]": 1, "7 of [0, 1]": 1})
    assert said.startswith("0 of [0, 1] at 1 kink, 1 of [0, 1] at 2 kinks, ")
    assert "5 of [0, 1] at 6 kinks" in said and "7 of" not in said
    assert said.endswith(", 2 other choices at 2 kinks")


def test_no_kink_no_convention_and_a_wrong_slope_is_none():
    away = np.array([0.4, 1.3, -0.7, -0.2])

    assert conventions(sampled(with_slope(0.5), relu, "float32", away)) == ""
    assert conventions(sampled(with_slope(1.1), relu, "float32")) == ""
