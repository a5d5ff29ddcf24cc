"""Programs as people write them: by methods alone, with masks, slopes inside, casts, structures."""

import dataclasses
import warnings

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


def inner_loop(w, x, y):
    (slope,) = torch.autograd.grad(((x @ w - y) ** 2).mean(), w, create_graph=True)
    return ((x @ (w - 0.1 * slope) - y) ** 2).mean()


def jacobian(x):
    return torch.autograd.functional.jacobian(lambda v: v.sin() * v.sum(), x, create_graph=True)


def bags(w, rows, offsets):
    return torch.nn.functional.embedding_bag(rows, w, offsets, mode="max")


def drawn(*shapes):
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


def with_mask(rng):
    return rng.normal(size=(2, 4)), np.arange(8).reshape(2, 4) % 3 > 0


def several(rng):
    return rng.normal(size=(4, 2)), rng.integers(0, 4, 5), np.array([0, *rng.integers(0, 5, 1)])


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
    "slopes of its arguments inside": (inner_loop, drawn((2,), (4, 2), (4,)), 0),
    "a Jacobian inside": (jacobian, drawn((2,)), 0),
    "bags of drawn sizes": (bags, several, 0),
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


class Packed(torch.nn.Module):
    """Sequences of the lengths that come in, both ways."""

    def __init__(self, kind):
        super().__init__()
        torch.manual_seed(0)
        self.cell = kind(2, 2, batch_first=True, bidirectional=True)

    def forward(self, x, lengths):
        rows = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, True, enforce_sorted=False)
        out, state = self.cell(rows)
        return torch.nn.utils.rnn.pad_packed_sequence(out, True, total_length=3)[0], state


def layers():
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Tanh())


@dataclasses.dataclass
class Output:
    logits: torch.Tensor
    places: torch.Tensor | None = None


class Named(torch.nn.Module):
    """It answers a dataclass; the gradient of its table is sparse."""

    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(4, 2, sparse=True)

    def forward(self, rows):
        return Output(self.table(rows).sin())


MODULES = {
    "a dataclass": Named,
    "a packed LSTM": lambda: Packed(torch.nn.LSTM),
    "a packed GRU": lambda: Packed(torch.nn.GRU),
    "scripted": lambda: torch.jit.script(layers()),
    "traced": lambda: torch.jit.trace(layers().eval(), torch.zeros(4, 2)),
    "on several devices": lambda: torch.nn.DataParallel(layers()),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_proven(name):
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        module = MODULES[name]()
    packed = lambda rng: (rng.normal(size=(2, 3, 2)), np.array([*rng.integers(1, 3, 1), 3]))
    rows = lambda rng: (rng.integers(0, 4, 3),)
    sample = {Packed: packed, Named: rows}.get(type(module), drawn((4, 2)))
    found = vf.validate(module, args=sample, **OPTIONS)

    assert found.verdict is Verdict.CORRECT and found.oracle == "ball", str(found)


def test_a_scripted_module_has_its_own_numbers_again_after():
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        module = torch.jit.script(layers())
    before = {name: x.clone() for name, x in module.state_dict().items()}
    vf.validate(module, args=drawn((4, 2)), **OPTIONS)

    assert all(torch.equal(x, before[name]) for name, x in module.state_dict().items())
    assert all(x.is_leaf and x.requires_grad for x in module.parameters())
