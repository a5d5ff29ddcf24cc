"""A module that runs a part again on the way back finds the parameters that it ran with."""

import jax.numpy as jnp
import pytest

import verification as vf

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

from torch.utils.checkpoint import checkpoint  # noqa: E402


class Again(torch.nn.Module):
    """Two layers, the first of which is run again; `wrong`: at other numbers."""

    def __init__(self, wrong=False):
        super().__init__()
        self.a, self.b = torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)
        self.wrong = wrong

    def forward(self, x):
        passes = []

        def part(v):
            passes.append(v)
            more = 2.0 if self.wrong and len(passes) > 1 else 1.0
            return torch.tanh(more * self.a(v))

        return self.b(checkpoint(part, x, use_reentrant=False)).sum()


def loss(p, x):
    w, c = p["a.weight"], p["b.weight"]
    hidden = jnp.tanh(x @ w.T + p["a.bias"][None])
    return jnp.sum(hidden @ c.T + p["b.bias"][None])


def sample(rng):
    sizes = {"a.weight": (4, 3), "a.bias": (4,), "b.weight": (2, 4), "b.bias": (2,)}
    return {name: rng.normal(size=size) for name, size in sizes.items()}, rng.normal(size=(5, 3))


@pytest.mark.parametrize(("wrong", "verdict"), [(False, "correct"), (True, "wrong")])
def test_beside_a_function_of_jax(wrong, verdict):
    found = vf.validate(Again(wrong), of=loss, args=sample, cases=2, edges="none")
    assert found.verdict == verdict, str(found)


def test_beside_itself():
    module = Again()
    found = vf.validate(module, of=module, args=lambda rng: rng.normal(size=(5, 3)), cases=2)
    assert found.verdict == "correct" and found.oracle == "ball", str(found)
