"""PyTorch's database of operators goes through the same command as the functions of JAX."""

import json

import numpy as np
import pytest

from verification.adapters.torch_programs import Program
from verification.atlas import torch_operators
from verification.atlas.rows import row
from verification.cli import run

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
pytest.importorskip("expecttest")  # PyTorch's own testing needs it


class Off(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, d):
        return 2.0001 * d * ctx.saved_tensors[0]


@pytest.fixture
def few(monkeypatch):
    """Two operators, and one that has no small sample."""
    every = torch_operators.operators
    kept = lambda torch: [pair for pair in every(torch) if pair[0] in ("atan2", "dot", "sin")]
    monkeypatch.setattr(torch_operators, "operators", kept)


def test_the_command_judges_each_sample_once(few, tmp_path):
    asked = ["atlas", "torch", "--out", str(tmp_path), "--dtypes", "float64", "--cases", "2"]
    assert run(asked) == 0
    journal = (tmp_path / "torch.jsonl").read_text()
    made = json.loads((tmp_path / "atlas.json").read_text())

    names = {one["name"]: one for one in made["rows"]}
    assert set(names) == {"torch.atan2/0", "torch.dot/0", "torch.atan2/1", "torch.atan2/2"}
    assert {(one["verdict"], one["oracle"]) for one in names.values()} == {("correct", "ball")}
    assert made["not judged"] == {"torch.sin/0": torch_operators.NONE}
    assert run(asked) == 0 and (tmp_path / "torch.jsonl").read_text() == journal


def test_a_wrong_operator_is_wrong():
    from contextlib import nullcontext

    place = torch_operators.Sampled("off/0", Program(Off.apply, Off), (np.ones(3),))
    assert row(place, "float64", 2, nullcontext()).verdict == "wrong"


def test_what_a_sample_holds_still_has_the_dtype_that_is_judged(monkeypatch):
    every = torch_operators.operators
    monkeypatch.setattr(
        torch_operators,
        "operators",
        lambda torch: (p for p in every(torch) if p[0] == "nn.functional.prelu"),
    )
    place = next(torch_operators.functions()).function
    held = [x for x in place.point if x.dtype == np.float64]
    narrow = place.of(*(x.astype(np.float32) for x in held))

    assert narrow[0].dtype == np.float32
