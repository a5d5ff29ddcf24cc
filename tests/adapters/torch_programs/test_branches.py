"""Programs that read their numbers: traced the way they go, and measured where they go two ways."""

import jax
import numpy as np
import pytest

import verification as vf
from verification.adapters import torch_function
from verification.adapters.torch_programs.branches import CONSTANT, UNKNOWN, Way, key
from verification.adapters.torch_programs.memory import NotTraced
from verification.adapters.torch_programs.programs import WAYS_SAID, Program
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
    assert WAYS_SAID.format(1) in found.notes
    assert wrong.verdict is Verdict.WRONG and wrong.oracle == "ball"


def test_a_program_that_goes_two_ways_is_proven_on_both():
    right = lambda x: 2.0 * x if x[0] > 0 else np.exp(x)
    asked = {"of": by_sign, "args": signs, "cases": 8}
    found, allowed = (
        vf.validate(f, **asked, allow=allow)
        for f, allow in ((right, ()), (lambda x: 0.5 * right(x), ("half",)))
    )

    for one in (found, allowed):
        assert one.verdict is Verdict.CORRECT and one.oracle == "ball", str(one)
        assert one.edges > 0 and WAYS_SAID.format(2) in one.notes, one.notes


@pytest.mark.parametrize(
    "wrong, line",
    [(lambda x: 2.0 * x, "torch.exp(x)"), (lambda x: x if x[0] > 0 else np.exp(x), "x * x")],
    ids=["the first way taken for both", "half on one way"],
)
def test_a_mistake_on_one_of_two_ways_is_caught_there(wrong, line):
    found = vf.validate(wrong, of=by_sign, args=signs, cases=8, edges="none")

    assert found.verdict is Verdict.WRONG and found.oracle == "ball", str(found)
    assert any(line in one.term for one in found.explanation), str(found)


class Experts(torch.nn.Module):
    """Each token to the two best of three experts; `keep` is what becomes of their weights."""

    def __init__(self, keep=lambda w: w):
        super().__init__()
        torch.manual_seed(0)
        self.gate, self.keep = torch.nn.Linear(2, 3), keep
        self.experts = torch.nn.ModuleList([torch.nn.Linear(2, 2) for _ in range(3)])

    def forward(self, x):
        weight, chosen = self.gate(x).softmax(-1).topk(2, -1)
        out = torch.zeros_like(x)
        for k, expert in enumerate(self.experts):
            token, place = torch.where(chosen == k)
            if token.numel():
                out.index_add_(0, token, expert(x[token]) * self.keep(weight)[token, place, None])
        return out


def test_experts_that_are_chosen_by_their_numbers_are_proven_at_every_choice():
    sample = lambda rng: (rng.normal(size=(3, 2)),)
    right, wrong = (
        vf.validate(Experts(keep), of=Experts(), args=sample, cases=3, edges="none")
        for keep in (lambda w: w, lambda w: w.detach())
    )

    assert right.verdict is Verdict.CORRECT and right.oracle == "ball", str(right)
    assert WAYS_SAID.format(3) in right.notes, right.notes
    assert wrong.verdict is Verdict.WRONG and "gate" in wrong.worst.leaf, str(wrong)


def test_where_what_steers_it_is_tied_is_no_edge():
    of = lambda x: x[int((0.1 * x + 0.3).argmax())] * torch.exp(x)
    found = vf.validate(of, of, lambda rng: (rng.normal(size=2),), cases=2)

    assert found.verdict is Verdict.CORRECT and found.edges_skipped > 0, str(found)


def test_a_point_at_which_it_raises_is_said():
    negative = lambda rng: (rng.normal(size=3),)
    with pytest.raises(ValueError, match="of raised ValueError: x must be positive"):
        vf.validate(checked, checked, negative, cases=8)


def test_a_trace_is_no_number_where_the_program_would_go_another_way():
    of = Program(by_sign, by_sign)
    assert of.along((np.ones(3),)) is of and of.along((np.full(3, 2.0),)) is of
    other = of.along((-np.ones(3),))
    assert other is not of and of.along((np.full(3, -2.0),)) is other
    with jax.enable_x64(True):
        there, elsewhere = (jax.jit(of)(x) for x in (np.ones(3), -np.ones(3)))
        on_its_way = jax.jit(other)(-np.ones(3))

    assert float(there) == 3.0 and np.isnan(float(elsewhere)) and float(on_its_way) > 0


def test_a_way_whose_trace_is_not_to_be_trusted_is_not_traced():
    of = Program(by_sign, by_sign)
    of.along((np.ones(3),))
    of.check = lambda other, point: "it is not"

    assert of.along((-np.ones(3),)).refused == "it is not"


def test_what_no_point_has_answered_is_not_traced_and_neither_is_a_float():
    with pytest.raises(NotTraced, match=UNKNOWN):
        Way(()).read(None)
    with pytest.raises(NotTraced, match=CONSTANT):
        Way((0.5,)).read(np.float64(0.5))
    assert Way((0.5,)).read(None) == 0.5  # of a constant of the program
    assert key((np.nan, 1)) == key((np.nan, 1))
    assert key((0,)) != key((1,)) and key((0,)) != key((0, 0))


def test_the_row_of_the_padding_has_no_slope():
    rows = torch.tensor([0, 2, 0, 1])
    look = lambda padding: lambda w: torch.nn.functional.embedding(rows, w, padding)
    own = torch_function.derivative(look(0))
    sample = lambda rng: (rng.normal(size=(3, 2)),)

    assert vf.validate(own, of=look(0), args=sample, **OPTIONS).verdict is Verdict.CORRECT
    assert vf.validate(own, of=look(None), args=sample, **OPTIONS).verdict is Verdict.WRONG
