"""Ties of functions that can only be called: every convention is right, both sides are wrong."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.vocabulary import Verdict

WEIGHTS = np.array([0.5, 1.0, 2.0, -1.0])


class Tied(NamedTuple):
    """A function of NumPy arrays alone, gradients that are right at its ties, and wrong ones."""

    of: object
    right: tuple
    wrong: tuple
    argnums: object = 0
    args: object = lambda rng: (rng.normal(size=4),)


def opaque(f):
    """f, where JAX cannot trace it."""

    def called(*args):
        assert all(isinstance(x, np.ndarray) for x in args)
        return f(*args)

    return called


def first(x, best=np.argmax):
    return np.eye(len(x))[best(x)]


def alike(x, best=np.max):
    return 1.0 * (x == best(x))


def in_order(x):
    out = np.zeros_like(x)
    out[np.argsort(x, kind="stable")] = WEIGHTS
    return out


def of_equal_ranks(x):
    ordered = np.sort(x)
    return np.array([WEIGHTS[ordered == value].sum() for value in x])


def middle(x):
    out = np.zeros_like(x)
    out[np.argsort(x, kind="stable")[1:3]] = 0.5
    return out


def all_middle(x):
    low, high = np.sort(x)[1:3]
    return np.where((x == low) | (x == high), 0.5, 0.0)


def windows(x):
    return np.array([x[:3].max(), x[1:].max()])


def of_windows(share):
    return lambda x, d: np.append(d[0] * share(x[:3]), 0.0) + np.append(0.0, d[1] * share(x[1:]))


def unit(at_zero):
    return lambda x: x / np.linalg.norm(x) if x.any() else np.full_like(x, at_zero)


masked = lambda right, left: lambda a, b, d: (d * right(a, b), d * left(a, b))
TIES = {
    "max": Tied(lambda x: x.max(), (first, lambda x: alike(x) / alike(x).sum()), (alike,)),
    "the range": Tied(
        np.ptp,
        (lambda x: first(x) - first(x, np.argmin),),
        (lambda x: alike(x) - alike(x, np.min),),
    ),
    "abs": Tied(
        lambda x: np.abs(x).sum(),
        (np.sign, lambda x: np.where(x < 0, -1.0, 1.0)),
        (lambda x: np.where(x == 0, 2.0, np.sign(x)),),
    ),
    "relu": Tied(
        lambda x: np.maximum(x, 0.0),
        (lambda x, d: d * (x > 0), lambda x, d: d * (x >= 0)),
        (lambda x, d: d * (1.0 * (x > 0) + (x >= 0)) / (1 + (x > 0)) * (1 + (x == 0)),),
    ),
    "where": Tied(
        lambda x: np.where(x > 0, x * x + x, 2.0 * x).sum(),
        (lambda x: np.where(x > 0, 2.0 * x + 1.0, 2.0),),
        (lambda x: np.where(x > 0, 2.0 * x + 1.0, np.where(x < 0, 2.0, 5.0)),),
    ),
    "sort": Tied(lambda x: np.sort(x) @ WEIGHTS, (in_order,), (of_equal_ranks,)),
    "the median": Tied(np.median, (middle,), (all_middle,)),
    "overlapping windows": Tied(windows, (of_windows(first),), (of_windows(alike),)),
    "the norm": Tied(np.linalg.norm, (unit(0.0), unit(0.5)), (unit(0.6),)),
    "maximum of two": Tied(
        np.maximum,
        (masked(np.greater, np.less_equal), masked(np.greater_equal, np.less)),
        (masked(np.greater_equal, np.less_equal), masked(np.greater, np.less)),
        (0, 1),
        lambda rng: (rng.normal(size=3), rng.normal(size=3)),
    ),
}


def judged(tied, gradient, dtype="float64"):
    more = {"argnums": tied.argnums, "dtype": dtype, "cases": 2}
    return vf.validate(gradient, of=opaque(tied.of), args=tied.args, **more)


@pytest.mark.parametrize("name", TIES)
def test_a_tie_of_a_function_that_is_only_called_is_joint(name):
    tied = TIES[name]
    for gradient in tied.right:
        assert judged(tied, gradient).verdict is Verdict.CORRECT
    for gradient in tied.wrong:
        assert judged(tied, gradient).verdict is Verdict.WRONG


@pytest.mark.parametrize("name", ["max", "relu"])
def test_so_it_is_in_float32(name):
    tied = TIES[name]

    assert judged(tied, tied.right[0], "float32").verdict is Verdict.CORRECT
    assert judged(tied, tied.wrong[0], "float32").verdict is Verdict.WRONG


def test_what_is_done_at_a_tie_is_said():
    tied = TIES["maximum of two"]

    assert "both sides of a tie get all of it" in judged(tied, tied.wrong[0]).reason
    assert "of [0, 1] at" in judged(tied, tied.right[0]).convention


def test_where_the_function_jumps_nothing_is_judged():
    tied = Tied(lambda x: np.floor(x) * x, (lambda x, d: d * np.floor(x),), ())

    assert judged(tied, tied.right[0]).verdict is Verdict.CORRECT


def test_of_a_traced_norm_too_endlessly_many_sides_are_told():
    asked = {"of": jnp.linalg.norm, "args": lambda rng: (rng.normal(size=4),), "cases": 2}

    for share in (0.0, 0.5):
        found = vf.validate(unit(share), **asked)
        assert found.verdict is Verdict.CORRECT and not found.edges_skipped
    for share in (0.6, 1.0):
        found = vf.validate(unit(share), **asked)
        assert found.verdict is Verdict.WRONG and "all zeros" in found.reason


def with_rows(there):
    """The gradient of the sum of the rows' lengths; what it is at rows of zeros is a choice."""

    def gradient(x):
        size = np.sqrt((x * x).sum(-1, keepdims=True))
        return np.where(size == 0, there, x / np.where(size == 0, 1, size))

    return gradient


@pytest.mark.parametrize(("there", "verdict"), [(0.5, "correct"), (1.0, "wrong")])
def test_rows_of_zeros_that_are_drawn_have_endlessly_many_sides(there, verdict):
    x = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, -1.0], [0.0, 0.0, 0.0]])
    lengths = lambda x: jnp.sum(jnp.linalg.norm(x, axis=-1))
    assert str(vf.validate(with_rows(there), of=lengths, args=(x,)).verdict) == verdict
