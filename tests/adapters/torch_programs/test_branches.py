"""Programs that read their numbers: traced the way they go, and measured where they go two ways."""

import jax
import numpy as np
import pytest

import verification as vf
from verification.adapters import torch_function
from verification.adapters.torch_programs.branches import CONSTANT, UNKNOWN, Way, same
from verification.adapters.torch_programs.memory import NotTraced
from verification.adapters.torch_programs.programs import WAY_SAID, Program
from verification.judgement.programs import OTHERWISE
from verification.vocabulary import Verdict

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

OPTIONS = {"cases": 2, "edges": "none"}


def checked(x):
    if x.ndim != 1 or (x < 0).any() or torch.isnan(x).any().item():
        raise ValueError("x must be positive")
    return torch.log(x)


def compared(x):
    return x * x if not torch.equal(x, torch.zeros_like(x)) else x


def by_sign(x):
    return torch.sum(x * x if x[0] > 0 else torch.exp(x))


def positive(rng):
    return (rng.uniform(0.5, 2.0, size=3),)


def signs(rng):
    return (rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 2.0, size=2),)


@pytest.mark.parametrize("of", [checked, compared, by_sign], ids=lambda f: f.__name__)
def test_a_check_of_its_numbers_leaves_a_program_proven(of):
    off = lambda *args: 1.001 * of(*args)
    found, wrong = (
        vf.validate(torch_function.derivative(f), of=of, args=positive, **OPTIONS)
        for f in (of, off)
    )

    assert found.verdict is Verdict.CORRECT and found.oracle == "ball", str(found)
    assert WAY_SAID in found.notes
    assert wrong.verdict is Verdict.WRONG and wrong.oracle == "ball"


def test_a_program_that_goes_two_ways_is_measured():
    one_way = lambda x: 2.0 * x
    right = lambda x: 2.0 * x if x[0] > 0 else np.exp(x)
    asked = {"of": by_sign, "args": signs, "cases": 8, "edges": "none"}
    found, wrong = (vf.validate(f, **asked) for f in (right, one_way))

    assert found.verdict is Verdict.CORRECT and "ball" not in found.oracle, str(found)
    assert WAY_SAID not in found.notes and any(OTHERWISE in note for note in found.notes)
    assert wrong.verdict is Verdict.WRONG


def test_a_trace_is_no_number_where_the_program_would_go_another_way():
    of = Program(by_sign, by_sign)
    assert of.goes_on((np.ones(3),)) and of.goes_on((np.full(3, 2.0),))
    assert not of.goes_on((-np.ones(3),))
    with jax.enable_x64(True):
        there, elsewhere = (jax.jit(of)(x) for x in (np.ones(3), -np.ones(3)))

    assert float(there) == 3.0 and np.isnan(float(elsewhere))


def test_what_no_point_has_answered_is_not_traced_and_neither_is_a_float():
    with pytest.raises(NotTraced, match=UNKNOWN):
        Way(()).read(None)
    with pytest.raises(NotTraced, match=CONSTANT):
        Way((0.5,)).read(np.float64(0.5))
    assert Way((0.5,)).read(None) == 0.5  # of a constant of the program
    assert same((np.nan, 1), (np.nan, 1))
    assert not same((0,), (1,)) and not same((0,), (0, 0))


def test_the_row_of_the_padding_has_no_slope():
    rows = torch.tensor([0, 2, 0, 1])
    look = lambda padding: lambda w: torch.nn.functional.embedding(rows, w, padding)
    own = torch_function.derivative(look(0))
    sample = lambda rng: (rng.normal(size=(3, 2)),)

    assert vf.validate(own, of=look(0), args=sample, **OPTIONS).verdict is Verdict.CORRECT
    assert vf.validate(own, of=look(None), args=sample, **OPTIONS).verdict is Verdict.WRONG
