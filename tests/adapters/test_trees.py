"""Trees of other people's types go in and come back as they were."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.adapters.trees import Fields, Held, has_foreign, inward, mapped, outward
from verification.vocabulary import Verdict


@dataclass(frozen=True, slots=True)
class Inner:
    w: np.ndarray
    heads: int = 2


@dataclass
class Outer:
    inner: list
    name: str
    scale: float = 1.5
    made: int = field(default=0, init=False)

    def __post_init__(self):
        assert isinstance(self.inner[0].w, np.ndarray), "tracers are not welcome here"


@jax.tree_util.register_dataclass
@dataclass
class Known:
    w: np.ndarray


def outer():
    return Outer([Inner(np.array([1.0, 2.0]))], "dense")


def test_dataclasses_come_back_as_they_were():
    tree = (outer(), {"n": 3, "f": np.tanh}, None, True)
    there = inward(tree)
    back = outward(there)

    assert [np.shape(x) for x in jax.tree.leaves(there)] == [(2,), ()]
    assert isinstance(there[0], Fields) and isinstance(there[1]["n"], Held)
    assert type(back[0]) is Outer and type(back[0].inner[0]) is Inner
    assert back[1:] == tree[1:] and back[0].name == "dense"
    assert has_foreign(there) and not has_foreign(inward(({"w": np.ones(2)}, 1.0)))


def test_leaves_are_mapped_without_a_constructor():
    assert mapped(lambda x: "seen", outer()).inner[0].w == "seen"


def test_a_registered_dataclass_is_left_to_jax():
    assert not has_foreign(inward((Known(np.ones(2)),)))


def test_structures_with_other_values_are_other_structures():
    one, other = (jax.tree.structure(inward((Inner(np.ones(2), n),))) for n in (2, 3))

    assert one != other and one == jax.tree.structure(inward((Inner(np.zeros(2), 2),)))


def test_nested_dataclasses_are_validated():
    of = lambda p, x: jnp.sum(p.scale * jnp.tanh(p.inner[0].w * x) ** p.inner[0].heads)

    def gradient(p, x):
        (layer,) = p.inner
        a = np.tanh(layer.w * x)
        slope = p.scale * layer.heads * a ** (layer.heads - 1) * (1 - a * a) * x
        return Outer([Inner(slope, layer.heads)], p.name, np.sum(a**layer.heads))

    sample = lambda rng: (
        Outer([Inner(rng.normal(size=2))], "dense", rng.normal()),
        rng.normal(size=2),
    )
    found = vf.validate(gradient, of=of, args=sample, cases=2)

    assert found.verdict is Verdict.CORRECT, str(found)
    assert set(found.power) == {"p.inner[0].w", "p.scale"}


def test_a_tensor_that_autograd_records_is_its_values():
    torch = pytest.importorskip("torch")
    of = lambda x: jnp.sum(x**3)
    points = lambda rng: (rng.normal(size=3),)
    recorded = lambda factor: lambda x: factor * torch.tensor(x, requires_grad=True) ** 2

    assert vf.validate(recorded(3.0), of=of, args=points, cases=2).verdict is Verdict.CORRECT
    assert vf.validate(recorded(2.0), of=of, args=points, cases=2).verdict is Verdict.WRONG
