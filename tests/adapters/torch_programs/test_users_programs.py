"""Programs as people write them: by methods alone, with masks, slopes inside, casts, structures."""

import numpy as np
import pytest

import verification as vf
from verification.vocabulary import Verdict

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
F = torch.nn.functional
OPTIONS = {"cases": 2, "edges": "none"}


def in_place(x, w):
    y = x.clone()
    y[:, 0] *= 2
    y[1:].add_(w)
    return y.mul_(y.sigmoid())


def masked_mean(x, mask):
    return x.masked_fill(~mask, 0).sum(1) / mask.sum(1)


def of_the_mask(x, mask):
    return (x[mask] ** 2).mean()


def in_parts(x):
    return [x.sin(), {"a": x.cos(), "n": 3, "kind": "text", "none": None}]


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, bias, scale, kind):
        ctx.save_for_backward(x, w)
        ctx.scale, ctx.has_bias = scale, bias is not None
        out = scale * (x @ w.t())
        return out if bias is None else out + bias

    @staticmethod
    def backward(ctx, d):
        x, w = ctx.saved_tensors
        dx = ctx.scale * d @ w if ctx.needs_input_grad[0] else None
        dw = ctx.scale * d.t() @ x if ctx.needs_input_grad[1] else None
        bias = d.sum(0) if ctx.has_bias and ctx.needs_input_grad[2] else None
        return dx, dw, bias, None, None


def scaled(x, w):
    return Scaled.apply(x, w, None, 0.5, "plain")


def biased(x, w, b):
    return Scaled.apply(x, w, b, 0.5, "plain")


def residual_of_an_equation(t, w):
    t = t.requires_grad_() if t.is_leaf else t
    u = torch.tanh(t * w).sum(-1)
    (slope,) = torch.autograd.grad(u.sum(), t, create_graph=True)
    return ((slope[:, 0] + u) ** 2).mean()


def second(x):
    return torch.func.hessian(lambda v: (v**4).sum() + v.prod())(x)


def divergence(mean, spread):
    one = torch.distributions.Normal(mean, spread.exp())
    other = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    return torch.distributions.kl_divergence(one, other).sum()


def of_neighbors(x, w, start, end):
    sent = torch.tanh(x @ w)[start]
    total = torch.zeros_like(x).index_add(0, end, sent)
    return total / torch.bincount(end, minlength=len(x)).clamp(min=1)[:, None]


def drawn(*shapes):
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


def with_mask(rng):
    return rng.normal(size=(2, 4)), np.arange(8).reshape(2, 4) % 3 > 0


def edges(rng):
    return *drawn((3, 2), (2, 2))(rng), np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1])


PROGRAMS = {
    "methods and writes": (in_place, drawn((3, 2), (2,)), (0, 1)),
    "a mask": (masked_mean, with_mask, 0),
    "a mask that says how many": (of_the_mask, with_mask, 0),
    "structures": (in_parts, drawn((3,)), 0),
    "a rule without a bias": (scaled, drawn((3, 2), (4, 2)), (0, 1)),
    "a rule with one": (biased, drawn((3, 2), (4, 2), (4,)), (1, 2)),
    "slopes inside": (residual_of_an_equation, drawn((3, 1), (1, 2)), 1),
    "a Hessian": (second, drawn((3,)), 0),
    "distributions": (divergence, drawn((3,), (3,)), (0, 1)),
    "a graph": (of_neighbors, edges, (0, 1)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_proven(name):
    of, sample, argnums = PROGRAMS[name]
    found = vf.validate(of, of, sample, argnums=argnums, **OPTIONS)

    assert found.verdict is Verdict.CORRECT and found.oracle == "ball", str(found)


def test_a_gradient_for_such_a_function_is_wrong_where_it_is():
    for factor, verdict in ((1.0, Verdict.CORRECT), (1.001, Verdict.WRONG)):
        by_hand = lambda x, m, d, k=factor: k * d[:, None] * m / m.sum(1, keepdims=True)
        found = vf.validate(by_hand, masked_mean, with_mask, **OPTIONS)
        assert found.verdict is verdict and found.oracle == "ball", str(found)


class Norm(torch.nn.Module):
    """As most public ones: in float32 inside, whatever comes in."""

    def __init__(self, keep=lambda h: h):
        super().__init__()
        self.weight, self.keep = torch.nn.Parameter(torch.ones(4)), keep

    def forward(self, x):
        h = x.float()
        h = h * self.keep(torch.rsqrt(h.square().mean(-1, keepdim=True) + 1e-6))
        return h.type_as(x) * self.weight


def test_a_cast_inside_loses_digits_and_is_no_mistake():
    sample = lambda rng: (rng.normal(size=(3, 4)),)
    options = {"argnums": (0, 1), **OPTIONS}
    found, narrow, wrong = (
        vf.validate(module, of=Norm(), args=sample, dtype=dtype, **options)
        for module, dtype in (
            (Norm(), "float64"),
            (Norm(), "float32"),
            (Norm(lambda h: h.detach()), "float64"),
        )
    )

    assert found.verdict is Verdict.INACCURATE and "the formula is right" in found.reason
    assert narrow.verdict is Verdict.CORRECT
    assert wrong.verdict is Verdict.WRONG
