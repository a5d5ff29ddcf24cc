"""What is computed in float32 is inaccurate in float64, also where the function is, too."""

import numpy as np
import pytest

import verification as vf

AT = {"args": lambda rng: (rng.normal(size=4),), "cases": 2, "edges": "none"}


def forward(x):
    """A black box: NumPy, in float32."""
    y = np.tanh(np.asarray(x).astype(np.float32))
    return float(np.sum(y * y))


def narrow(x):
    y = np.tanh(x.astype(np.float32))
    return (2 * y * (1 - y * y)).astype(np.float64)


def wide(x):
    y = np.tanh(x)
    return 2 * y * (1 - y * y)


def test_an_answer_of_float32_to_a_function_of_float32_is_inaccurate():
    finding = vf.validate(narrow, of=forward, **AT)
    assert finding.verdict == "inaccurate"
    assert finding.reason.startswith("it is computed in float32")


def test_an_answer_with_all_digits_is_not_said_to_have_lost_them():
    assert vf.validate(wide, of=forward, **AT).verdict == "undecided"


@pytest.mark.parametrize("gradient", [narrow, wide])
def test_in_float32_both_are_right(gradient):
    assert vf.validate(gradient, of=forward, dtype="float32", **AT).verdict == "correct"


@pytest.mark.parametrize("factor", [1.1, -1.0])
def test_a_mistake_that_is_larger_than_the_noise_stays_wrong(factor):
    gradient = lambda x: factor * narrow(x)
    assert vf.validate(gradient, of=forward, **AT).verdict == "wrong"
