"""Operators that people register: traced where they are PyTorch inside, else measured in place."""

import numpy as np
import pytest

import verification as vf

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

OPTIONS = {"cases": 2, "edges": "none"}
MEASURED = "ball, finite_difference"


def sine(x):
    return torch.sin(x)


def sine_of_arrays(x):
    return torch.from_numpy(np.sin(x.detach().numpy()))


def sine_of_narrow_arrays(x):
    if x.dtype != torch.float32:
        raise TypeError("this kernel is one of float32")
    return sine_of_arrays(x)


def sine_of_small_arrays(x):
    if (x.abs() > 2.0).any():
        raise ValueError("this kernel is one of small numbers")
    return sine_of_arrays(x)


def operator(name, forward, factor):
    """The sine as an operator, whose own slope is `factor` times the cosine."""
    make, schema = torch.library.custom_op, "(Tensor x) -> Tensor"
    made = make(f"refnet_tests::{name}", forward, mutates_args=(), schema=schema)
    made.register_fake(lambda x: torch.empty_like(x))
    made.register_autograd(
        lambda ctx, d: d * factor * torch.cos(ctx.x),
        setup_context=lambda ctx, inputs, output: setattr(ctx, "x", inputs[0]),
    )
    return made


def products(rng):
    return rng.uniform(-1.0, 1.0, size=(2, 3)), rng.uniform(-0.5, 0.5, size=(3, 2))


@pytest.mark.parametrize("factor, verdict", [(1.0, "correct"), (1.001, "wrong")])
@pytest.mark.parametrize(
    "forward, oracle, dtype",
    [
        (sine, "ball", "float64"),
        (sine_of_arrays, MEASURED, "float64"),
        (sine_of_narrow_arrays, MEASURED, "float32"),
        (sine_of_small_arrays, MEASURED, "float64"),
    ],
)
def test_a_custom_operator_in_a_program_is_judged(forward, oracle, dtype, factor, verdict):
    name = f"{forward.__name__}_{int(1000 * factor)}"
    own = operator(name, forward, factor)
    of = lambda x, w: torch.exp(own(own(x @ w)))
    found = vf.validate(of, of, products, argnums=(0, 1), dtype=dtype, **OPTIONS)

    assert found.verdict == verdict, str(found)
    assert found.oracle == oracle
    said = f"refnet_tests.{name}.default is measured where the program comes to it"
    assert any(said in note for note in found.notes) is (oracle == MEASURED)
    if verdict == "correct":
        assert max(found.power.values()) < (1e-8 if dtype == "float64" else 1e-3)


class Scaled(torch.autograd.Function):
    """k x w by NumPy, the order of each row of x, and the squares of its rows."""

    @staticmethod
    def forward(x, w, k=2):
        a, b = x.detach().numpy(), w.detach().numpy()
        outs = k * a @ b, np.argsort(a, -1), (a * a).sum(-1)
        return tuple(map(torch.from_numpy, outs))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs[:2])
        ctx.k = inputs[2]
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx, *above):
        (d, _, e), (x, w) = above, ctx.saved_tensors
        return ctx.k * d @ w.T + 2 * e[:, None] * x, ctx.k * x.T @ d, None


class Halved(Scaled):
    @staticmethod
    def backward(ctx, *above):
        (d, _, e), (x, w) = above, ctx.saved_tensors
        return ctx.k * d @ w.T + e[:, None] * x, ctx.k * x.T @ d, None


@pytest.mark.parametrize("rule, verdict", [(Scaled, "correct"), (Halved, "wrong")])
def test_a_forward_pass_that_leaves_pytorch_is_measured_in_place(rule, verdict):
    def of(x, w):
        z, order, squares = rule.apply(torch.tanh(x), w, 3)
        return torch.sin(z)[order[:, 0] % 2] * squares[:, None]

    found = vf.validate(of, of, products, argnums=(0, 1), **OPTIONS)

    assert (found.verdict, found.oracle) == (verdict, MEASURED), str(found)
    assert vars(Scaled)["forward"].__func__.__name__ == "forward"  # as it was
    assert Scaled.apply(torch.ones(1, 2), torch.ones(2, 1))[0].item() == 4.0


def test_what_raises_at_the_first_point_says_what_pytorch_said():
    own = operator("no_kernel", lambda x: 1 / 0, 1.0)
    with pytest.raises(ValueError, match="of raised ZeroDivisionError: division by zero, at the"):
        vf.validate(lambda x: own(x), lambda x: own(x) + 0.0, lambda rng: (rng.normal(size=2),))


def test_a_function_that_holds_a_narrow_tensor_is_judged_in_its_dtype():
    held = torch.linspace(-1.0, 1.0, 6).reshape(3, 2)
    of, off = (lambda x, k=k: k * torch.tanh(x @ held) / k for k in (1.0, 2.0))
    slope = lambda x, d: (d * (1 - torch.tanh(x @ held) ** 2)) @ held.T
    draw = lambda rng: (rng.normal(size=(4, 3)),)

    for gradient, verdict in (
        (of, "correct"),
        (slope, "correct"),
        (lambda x, d: 1.01 * slope(x, d), "wrong"),
    ):
        found = vf.validate(gradient, of, draw, dtype="float32", **OPTIONS)
        assert (found.verdict, found.oracle) == (verdict, "ball"), str(found)
    with pytest.raises(ValueError, match='takes float32 alone.*judge it with dtype="float32"'):
        vf.validate(off, off, draw)
