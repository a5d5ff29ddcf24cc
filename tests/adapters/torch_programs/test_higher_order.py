"""Operators on programs (torch.cond, scan, map, while_loop, flex_attention) are traced through."""

import numpy as np
import pytest

import verification as vf

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

AT = {"args": lambda rng: (rng.normal(size=4),), "cases": 4, "edges": "none"}


def branches(x):
    return torch.cond(x.sum() > 0, lambda x: x.sin(), lambda x: x.cos() * x[0], (x,))


def cut(x):
    return torch.where(x.sum() > 0, x.sin(), x.cos() * x[0].detach())


def scanned(x):
    step = lambda carry, row: (carry * row.sin() + row, carry * 1.0)
    return torch._higher_order_ops.scan(step, x[:1].clone(), x[:, None], dim=0)[1]


def mapped(x):
    return torch._higher_order_ops.map(lambda row, total: row.sin() * total, x, x.sum())


def attention(q, k, v):
    from torch.nn.attention.flex_attention import flex_attention

    causal = lambda s, b, h, i, j: torch.where(i >= j, s, -float("inf"))
    return flex_attention(q, k, v, score_mod=causal)


@pytest.mark.filterwarnings("ignore")  # by PyTorch's own compiler
@pytest.mark.parametrize("of", [branches, mapped])
def test_it_is_proven(of):
    finding = vf.validate(of, of=of, **AT)
    assert (finding.verdict, finding.oracle) == ("correct", "ball"), finding.reason


def looped(x):
    """The same as `scanned`, by Python's own loop."""
    carry, out = x[:1].clone(), []
    for row in x[:, None]:
        out.append(carry * 1.0)
        carry = carry * row.sin() + row
    return torch.stack(out)


@pytest.mark.parametrize("factor, verdict", [(1.0, "correct"), (1.001, "wrong")])
def test_a_scan_is_a_loop(factor, verdict):
    candidate = torch.compile(lambda x: factor * looped(x), backend="eager")
    finding = vf.validate(candidate, of=scanned, **AT)
    assert (finding.verdict, finding.oracle) == (verdict, "ball")


def test_both_branches_are_looked_at_and_a_mistake_in_one_is_named():
    finding = vf.validate(torch.compile(cut, backend="eager"), of=branches, **AT)
    assert (finding.verdict, finding.oracle) == ("wrong", "ball")
    assert "x.cos() * x[0]" in finding.explanation[0].source
    assert any("ways that it went, 2" in note for note in finding.notes)


@pytest.mark.parametrize("is_causal, verdict", [(True, "correct"), (False, "wrong")])
def test_flexible_attention_is_the_function_that_it_is(is_causal, verdict):
    plain = lambda q, k, v: torch.nn.functional.scaled_dot_product_attention(
        q, k, v, is_causal=is_causal
    )
    draw = lambda rng: tuple(rng.normal(size=(1, 1, 3, 4)) for _ in range(3))
    candidate = torch.compile(plain, backend="eager")
    finding = vf.validate(candidate, of=attention, args=draw, cases=1, edges="none")
    assert (finding.verdict, finding.oracle) == (verdict, "ball")


def test_a_number_that_decides_is_no_number_that_a_slope_goes_through():
    x = np.array([0.3, -0.2, 0.4, 0.1])
    weight = torch.ones(4, dtype=torch.float64)
    of = lambda x: torch.cond((x * weight).sum() > 0, lambda x: x.sum(), lambda x: -x.sum(), (x,))
    assert vf.validate(np.ones_like, of=of, args=(x,)).verdict == "correct"
    assert vf.validate(np.zeros_like, of=of, args=(x,)).verdict == "wrong"
