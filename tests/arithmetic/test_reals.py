"""NumPy code runs over balls as it stands: what it computes encloses what it means."""

import math

import numpy as np
import pytest
from flint import arb, ctx

from verification.arithmetic.reals import FUNCTIONS, balls, objects
from verification.vocabulary import Undecided

X = np.array([[0.3, 2.25, 5.0], [1.7, 0.125, 3.5]])


def entries(x):
    return [[arb(float(v)) for v in row] for row in x]


ROWS = entries(X)
PROGRAMS = {  # in NumPy, and its first entry by hand
    "logistic": (lambda x: 1 / (1 + np.exp(-x)), 1 / (1 + (-ROWS[0][0]).exp())),
    "mean": (lambda x: x.mean(axis=0), (ROWS[0][0] + ROWS[1][0]) / 2),
    "variance": (lambda x: np.var(x[:, :2], axis=1), ((ROWS[0][0] - ROWS[0][1]) / 2) ** 2),
    "largest": (lambda x: np.maximum(x, 1.5) - x.max(), arb(1.5) - 5),
    "chosen": (lambda x: np.where(x > 1, x, 2.5 * x), arb(2.5) * ROWS[0][0]),
    "power": (lambda x: x**3 - x**-1.0, ROWS[0][0] ** 3 - 1 / ROWS[0][0]),
    "root": (lambda x: x**0.5 * 2.0**x, ROWS[0][0].sqrt() * arb(2) ** ROWS[0][0]),
    "numbers of NumPy": (lambda x: np.float32(0.5) * x / np.int64(3), ROWS[0][0] / 6),
    "product": (lambda x: x @ x[0], sum((v * v for v in ROWS[0]), arb(0))),
    "contraction": (lambda x: np.einsum("ij,ij->i", x, x), sum((v * v for v in ROWS[0]), arb(0))),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_means_what_it_means_by_hand(name):
    program, by_hand = PROGRAMS[name]
    first = balls(program(objects(X))).flat[0]

    assert first.overlaps(by_hand)
    assert not first.overlaps(by_hand * (1 + arb(np.finfo(np.float64).eps) * 16))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_the_one_that_numpy_names(name):
    close = float(getattr(np, name)(0.3))
    four = arb(close, 4 * math.ulp(close))  # NumPy's own bound for its functions

    with ctx.workprec(128):
        (ball,) = balls(getattr(np, name)(objects(np.array([0.3]))))
        assert four.contains(ball)
        assert not four.contains(ball + 9 * math.ulp(close))


def test_digits_that_floats_lose_are_there():
    z = np.array([-0.5, 60.0])
    program = lambda x: 1 - 1 / (1 + np.exp(-x))
    with ctx.workprec(256):
        (_, small) = balls(program(objects(z)))
        stable = 1 / (1 + arb(60).exp())

        assert small.overlaps(stable)
        assert not small.overlaps(stable * (1 + arb(2) ** -64))
    assert program(z)[1] == 0.0


def test_what_wants_floats_is_refused():
    for program in (lambda x: x.astype(np.float32), lambda x: math.exp(x[0, 0]), np.isnan):
        with pytest.raises(TypeError):
            program(objects(X))


def test_a_comparison_that_balls_cannot_decide_is_not_guessed():
    third = objects(np.array([1.0])) / 3
    with pytest.raises(Undecided, match="steers"):
        _ = third * 3 > 1
    assert (third < 1).all()
    assert (third != 1).all()
