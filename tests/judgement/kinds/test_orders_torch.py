"""Second derivatives written for tensors: Hessians, products with one, gradients, functions."""

import pytest

import verification as vf

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),
]

AT = {"args": lambda rng: (rng.normal(size=3),), "cases": 2, "edges": "none", "order": 2}


def loss(x):
    return torch.sum(x**3) + x[0] * x[1]


def product(x, v):
    return torch.func.jvp(torch.func.grad(loss), (x,), (v,))[1]


def half(x):
    return torch.func.hessian(loss)(x) / 2


def by_hand(x):
    swapped = torch.stack([x[1], x[0], 0 * x[2]])
    return 3 * x * x + swapped


def cut(x):
    swapped = torch.stack([x[1], x[0], 0 * x[2]])
    return 3 * x * x.detach() + swapped


RIGHT = {
    "hessian": torch.func.hessian(loss),
    "autograd": lambda x: torch.autograd.functional.hessian(loss, x),
    "product": product,
    "gradient": torch.func.grad(loss),
    "by hand": by_hand,
    "itself": loss,
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_written_for_tensors_is_judged(name):
    finding = vf.validate(RIGHT[name], of=loss, **AT)
    assert (finding.verdict, finding.oracle) == ("correct", "ball")


@pytest.mark.parametrize("wrong", [half, cut, lambda x, v: 2 * product(x, v)])
def test_a_mistake_in_it_is_wrong(wrong):
    assert vf.validate(wrong, of=loss, **AT).verdict == "wrong"
