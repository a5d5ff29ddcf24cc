"""Each gate lets a right answer pass, and has a mistake that it is there for; NaN passes none."""

import numpy as np
import pytest

from verification.selftest.gates import GATES, STEPS, Answer, cosine

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=(40, 50))
TRUTH[3, 4] = 1.0  # of the size of the others: that of their root mean square
DIRECTION = RNG.normal(size=(40, 50))
UNIT = 2.0**-24
EAGER = TRUTH * (1.0 + UNIT * RNG.uniform(-1, 1, size=TRUTH.shape))
SLOPE = float(np.sum(TRUTH * DIRECTION))


def answer(got, dtype="float32", eager=EAGER, truth=TRUTH):
    bound = [4.0 * UNIT * np.abs(truth)]
    quotients = tuple(SLOPE * (1.0 + step) for step in STEPS)
    return Answer([got], [truth], [eager], bound, [DIRECTION], quotients, dtype)


def one_entry(factor):
    got = EAGER.copy()
    got[3, 4] *= factor
    return got


@pytest.mark.parametrize("name", GATES)
def test_a_right_answer_passes_and_twice_as_much_does_not(name):
    assert GATES[name](answer(EAGER))
    assert not GATES[name](answer(one_entry(np.nan)))
    if "cosine" not in name:
        assert not GATES[name](answer(2.0 * EAGER))
    assert not GATES[name](answer(-EAGER))


SEES = {  # the smallest of these factors of one entry that the gate sees, or none
    "torch.allclose, defaults": 1 + 1e-4,
    "allclose 1e-4, 16 bits 1e-2 (KernelBench)": 1 + 1e-2,
    "allclose 1e-2 (BackendBench)": 2.0,
    "largest error, 2 x reference + 3e-5 (flash-attention)": 1 + 1e-4,
    "largest error, 2 x reference + floor (torchtitan)": 1 + 1e-6,
    "RMS error, 2 to 3 x reference (PyTorch's same)": 1 + 1e-2,
    "RMS ratio below 0.5 % (flash-linear-attention)": 2.0,
    "cosine above 0.99": None,
    "worst case by gamma, a tensor at a time (hipDNN)": 1 + 1e-6,
    "any of 7 steps to 1e-3 (Mooncake)": 2.0,
}


@pytest.mark.parametrize("name", SEES)
def test_how_wrong_one_entry_of_two_thousand_must_be(name):
    factors = [1 + 1e-6, 1 + 1e-5, 1 + 1e-4, 1 + 1e-2, 2.0]
    seen = [f for f in factors if not GATES[name](answer(one_entry(f)))]

    assert (seen[0] if seen else None) == SEES[name]


def test_every_gate_of_the_table_is_tried():
    assert set(SEES) == set(GATES)


def test_narrow_formats_have_a_tolerance_of_their_own():
    gate = GATES["allclose 1e-4, 16 bits 1e-2 (KernelBench)"]

    assert gate(answer(EAGER + 5e-3, "bfloat16"))
    assert not gate(answer(EAGER + 5e-3, "float32"))


def test_a_cosine_is_blind_to_a_factor_and_zeros_have_none():
    assert cosine(2.0 * TRUTH, TRUTH, TRUTH, "float32")
    assert not cosine(0.0 * TRUTH, TRUTH, TRUTH, "float32")
