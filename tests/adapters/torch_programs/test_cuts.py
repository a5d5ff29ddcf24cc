"""Where slopes are cut, as PyTorch cuts them: no_grad, detach, .data, and writes behind them."""

import pytest

import verification as vf
from verification.adapters.torch_programs import Program
from verification.vocabulary import Verdict

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
F = torch.nn.functional
OPTIONS = {"cases": 2, "edges": "none"}


def clamped(w):
    w = 1.0 * w
    with torch.no_grad():
        w.clamp_(-0.5, 0.5)
    return w.sin()


def behind_views(w):
    w = 1.0 * w
    w.data[0] = 2.0 * w.data[1]
    w.detach().mul_(2.0)
    return w.sin()


def written_later(w):
    with torch.no_grad():
        fresh = 2.0 * w
    fresh.mul_(w)
    fresh[0] = w[0] * w[0]
    return fresh


def nested(w):
    with torch.no_grad():
        once = 2.0 * w
        with torch.enable_grad():
            thrice = 3.0 * w
        five = 5.0 * w
    return once * thrice * five


def inferred(w):
    with torch.inference_mode():
        scale = w.abs().max()
    return w / scale.clone()


def hard(w):
    return F.gumbel_softmax(w, hard=True, dim=0) * w


class Rule(torch.autograd.Function):
    """x sin(2 x), whose forward pass has every switch that is nobody's cut there."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        with torch.no_grad():
            y = 2.0 * x.detach()
        with torch.enable_grad():
            z = y.sin()
        return z * x.detach()

    @staticmethod
    def backward(ctx, d):
        (x,) = ctx.saved_tensors
        return d * (2.0 * (2.0 * x).cos() * x + (2.0 * x).sin())


def around_a_rule(w):
    with torch.no_grad():
        scale = 2.0 * Rule.apply(w)
    return scale * w + Rule.apply(w) * w.detach()


CUTS = [clamped, behind_views, written_later, nested, inferred, hard, around_a_rule]


def shortly(rng):
    return (rng.normal(size=3),)


@pytest.mark.parametrize("of", CUTS, ids=lambda f: f.__name__)
def test_a_program_with_cuts_is_proven_as_pytorch_has_it(of):
    found = vf.validate(of, of=of, args=shortly, **OPTIONS)

    assert found.verdict is Verdict.CORRECT and found.oracle == "ball", str(found)


def test_beside_such_cuts_another_one_is_seen():
    cut = Program(lambda w: around_a_rule(w).detach() + 0.0 * w, None).derivative()
    found = vf.validate(cut, of=around_a_rule, args=shortly, **OPTIONS)

    assert found.verdict is Verdict.WRONG and found.oracle == "ball", str(found)


def test_rows_that_are_too_long_are_made_shorter_without_a_slope():
    module = torch.nn.Sequential(torch.nn.Embedding(5, 3, max_norm=1.0), torch.nn.Linear(3, 2))
    found = vf.validate(module, args=lambda rng: (rng.integers(0, 5, 4),), **OPTIONS)

    assert found.verdict is Verdict.CORRECT and found.oracle == "ball", str(found)
