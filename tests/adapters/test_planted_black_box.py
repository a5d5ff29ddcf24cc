"""Ten wrong gradients of functions that can only be called are wrong; their right twins correct."""

import math

import numpy as np
import pytest

import verification as vf
from verification.vocabulary import Verdict

from .planted import Planted


def plainly(x):
    """What keeps JAX out, as many a NumPy program does without meaning to."""
    return np.asarray(x)


# --- a network in NumPy, which takes complex numbers --------------------------------------------


def network(params, x, y):
    hidden = np.tanh(plainly(x) @ plainly(params["w"]) + params["b"])
    return np.mean((hidden @ params["v"] - y) ** 2)


def sample(rng):
    params = {"w": rng.normal(size=(2, 3)), "b": rng.normal(size=3), "v": rng.normal(size=3)}
    return params, rng.normal(size=(4, 2)), rng.normal(size=4)


def backward(params, x, y, power=2.0, slope=lambda h: 1 - h * h, rows=True, scale=1.0):
    hidden = np.tanh(x @ params["w"] + params["b"])
    error = scale * power * (hidden @ params["v"] - y) / len(y)
    dz = error[:, None] * params["v"] * slope(hidden)
    db = dz.sum(0) if rows else dz[0].copy()
    return {"w": x.T @ dz, "b": db, "v": hidden.T @ error}


def once(params, x, y):
    return backward(params, x, y, power=1.0)


def no_slope(params, x, y):
    return backward(params, x, y, slope=lambda h: 1.0 + 0.0 * h)


def first_row(params, x, y):
    return backward(params, x, y, rows=False)


def nearly(params, x, y):
    return backward(params, x, y, scale=1.0 + 1e-7)


# --- a function that does not, and one in float32 -----------------------------------------------


def energy(x):
    return float(sum(math.exp(-(float(a) ** 2)) + math.sin(float(a)) for a in x))


def vector(rng):
    return (rng.uniform(0.3, 1.5, size=4),)


def energy_slope(x):
    return np.cos(x) - 2.0 * x * np.exp(-x * x)


def dropped(x):
    return np.cos(x)


def negative(x):
    return -energy_slope(x)


def in_float32(w, x):
    w, x = (np.asarray(a, np.float32) for a in (w, x))
    return float(np.mean(np.tanh(x @ w) ** 2))


def float32_sample(rng):
    return rng.normal(size=3), rng.normal(size=(4, 3))


def narrow_slope(w, x):
    a = np.tanh(x @ w)
    return x.T @ (2.0 * a * (1.0 - a * a)) / len(x)


def narrow_double(w, x):
    return 2.0 * narrow_slope(w, x)


# --- array-valued -------------------------------------------------------------------------------


def softmax(z):
    e = np.exp(plainly(z))
    return e / e.sum(-1, keepdims=True)


def matrix(rng):
    return (rng.normal(size=(2, 3)),)


def softmax_slope(z, d):
    p = softmax(z)
    return p * (d - (p * d).sum(-1, keepdims=True))


def diagonal(z, d):
    p = softmax(z)
    return p * (1 - p) * d


def upstream_ignored(z, d):
    return softmax_slope(z, np.full_like(d, 0.5))


def other_axis(z, d):
    p = softmax(z)
    return p * (d - (p * d).sum(0, keepdims=True))


NETWORK, ENERGY = (network, sample, backward), (energy, vector, energy_slope)
SOFTMAX = softmax, matrix, softmax_slope
FLOAT32 = (("dtype", "float32"),)
PLANTED = {
    "half": Planted(*NETWORK, once),
    "no slope": Planted(*NETWORK, no_slope),
    "the first example only": Planted(*NETWORK, first_row),
    "off by a ten millionth": Planted(*NETWORK, nearly),
    "a term dropped": Planted(*ENERGY, dropped),
    "the sign": Planted(*ENERGY, negative),
    "twice, of a function in float32": Planted(
        in_float32, float32_sample, narrow_slope, narrow_double, FLOAT32
    ),
    "the diagonal alone": Planted(*SOFTMAX, diagonal),
    "upstream ignored": Planted(*SOFTMAX, upstream_ignored),
    "another axis": Planted(*SOFTMAX, other_axis),
}


@pytest.mark.parametrize("name", PLANTED)
def test_the_mistake_is_wrong_and_its_right_twin_correct(name):
    planted = PLANTED[name]
    right, wrong = planted.judged(planted.right), planted.judged(planted.wrong)

    assert right.verdict is Verdict.CORRECT, str(right)
    assert "finite_difference" in right.oracle and all(0 < p < 1.0 for p in right.power.values())
    assert "by witnesses: of cannot be traced" in right.reason
    assert wrong.verdict is Verdict.WRONG, str(wrong)


def test_the_finding_says_which_oracles_there_were():
    smooth, real = PLANTED["half"].judged(backward), PLANTED["the sign"].judged(energy_slope)

    assert smooth.oracle == "complex_step, finite_difference"
    assert max(smooth.power.values()) < 1e-11
    assert real.oracle == "finite_difference"
    assert any("no complex step" in note for note in real.notes)
    assert max(smooth.power.values()) < max(real.power.values()) < 1e-6


def test_float32_noise_is_measured_first_and_makes_nothing_wrong():
    found = vf.validate(narrow_slope, of=in_float32, args=float32_sample, cases=2)

    assert found.verdict is Verdict.UNDECIDED  # at most what float32 can show is known
    assert any("of computes in less than float64" in note for note in found.notes)
    assert all(seen < 1e-2 for seen in found.power.values())
    assert vf.validate(narrow_double, of=in_float32, args=float32_sample, cases=2).verdict is (
        Verdict.WRONG
    )


def test_one_witness_alone_decides_nothing():
    """An answer off by less than differences can see: the complex step excludes it, alone."""
    wave = lambda x: np.sum(np.sin(7.0 * plainly(x)))
    slope = lambda x: 7.0 * np.cos(7.0 * x)
    off = lambda x: slope(x) * (1.0 + 1e-13)
    found = vf.validate(off, of=wave, args=vector, cases=2)

    assert vf.validate(slope, of=wave, args=vector, cases=2).verdict is Verdict.CORRECT

    assert found.verdict is Verdict.UNDECIDED
    assert (
        "complex_step excludes the answer at an entry, but another witness does not" in found.reason
    )


def test_a_function_that_raises_is_named():
    def broken(x):
        raise RuntimeError("no such table")

    with pytest.raises(ValueError, match="of raised RuntimeError: no such table"):
        vf.validate(energy_slope, of=broken, args=vector)
