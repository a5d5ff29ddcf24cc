"""Operators that people register: traced where they are PyTorch inside, else measured and named."""

import numpy as np
import pytest

import verification as vf

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")


def sine(x):
    return torch.sin(x)


def sine_of_arrays(x):
    return torch.from_numpy(np.sin(x.detach().numpy()))


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


@pytest.mark.parametrize("factor, verdict", [(1.0, "correct"), (1.001, "wrong")])
@pytest.mark.parametrize("forward, oracle", [(sine, "ball"), (sine_of_arrays, "difference")])
def test_a_custom_operator_in_a_program_is_judged(forward, oracle, factor, verdict):
    name = f"{forward.__name__}_{int(1000 * factor)}"
    own = operator(name, forward, factor)
    draw = lambda rng: (rng.normal(size=(2, 3)), rng.normal(size=(3, 2)))
    of = lambda x, w: torch.exp(own(x @ w))
    found = vf.validate(of, of, draw, argnums=(0, 1), cases=2, edges="none")

    assert found.verdict == verdict, str(found)
    assert oracle in found.oracle
    assert any(name in said for said in found.notes) is (oracle != "ball")
