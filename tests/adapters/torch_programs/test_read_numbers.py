"""Numbers that a program takes out of its tensors are traced, without a slope as in PyTorch."""

import math

import numpy as np
import pytest

import verification as vf
from verification.adapters import torch_function

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

OPTIONS = {"cases": 2, "edges": "none"}
LOG: list[str] = []


def clipped(x):
    return torch.tanh(x) / max(1.0, x.norm().item())


def logged(x):
    loss = (x * x).sum()
    LOG.append(f"{loss.item():.3f} of {abs(-loss.item())}")
    return 2.0 * loss


def scaled(x):
    largest = x.abs().max().item()
    return (x * (1 / largest) + largest**2 - 3 * largest).sum()


def branching(x):
    return 2.0 * x if x.sum().item() > 0.3 else x.sin()


def mask_of_the_least_number(q, k):
    least = torch.finfo(q.dtype).min
    mask = torch.full((3, 4), least, dtype=q.dtype).triu(2)
    scores = torch.max(q @ k.T + mask, torch.tensor(least, dtype=q.dtype))
    return torch.softmax(scores, -1) @ k


def points(rng):
    return (rng.normal(size=3),)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("of", [clipped, logged, scaled, branching], ids=lambda f: f.__name__)
def test_a_number_that_is_taken_out_is_traced(of, dtype):
    found = vf.validate(of, of, points, dtype=dtype, **OPTIONS)
    assert (found.verdict, found.oracle) == ("correct", "ball"), str(found)


def test_what_goes_through_the_number_is_no_slope_of_pytorch():
    through = torch_function.derivative(lambda x: torch.tanh(x) / torch.clamp(x.norm(), min=1.0))
    found = vf.validate(through, clipped, lambda rng: (1.0 + rng.uniform(size=3),), **OPTIONS)
    assert (found.verdict, found.oracle) == ("wrong", "ball"), str(found)


def test_the_log_shows_the_numbers_of_the_point():
    LOG.clear()
    vf.validate(logged, logged, (np.array([3.0, 4.0, 0.0]),), **OPTIONS)
    assert set(LOG) == {"25.000 of 25.0"}


def test_a_bare_float_of_it_makes_a_black_box():
    of = lambda x: x / math.sqrt((x * x).sum().item())
    found = vf.validate(of, of, points, **OPTIONS)
    assert found.oracle == "finite_difference" and found.verdict == "wrong"
    assert "it takes a number out of a tensor" in found.notes[0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_least_number_of_a_dtype_is_a_mask(dtype):
    draw = lambda rng: (rng.normal(size=(3, 2)), rng.normal(size=(4, 2)))
    of, options = mask_of_the_least_number, {"argnums": (0, 1), "dtype": dtype, **OPTIONS}
    off = torch_function.derivative(
        lambda q, k: of(q.detach(), k) + 0.999 * (of(q, k) - of(q.detach(), k))
    )
    for candidate, verdict in ((of, "correct"), (off, "wrong")):
        found = vf.validate(candidate, of, draw, **options)
        assert (found.verdict, found.oracle) == (verdict, "ball"), str(found)
