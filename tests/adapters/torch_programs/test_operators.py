"""The benchmark over PyTorch's database of operators, in its smallest run."""

import numpy as np
import pytest

from benchmarks import torch_operators

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


def test_operators_are_judged_by_proof_and_rows_that_are_there_stay():
    there = {"sin/0/float64": {}}
    found = dict(torch_operators.rows(("float64",), 60.0, there, {"sin", "atan2"}))

    assert "atan2/0/float64" in found and not set(found) & set(there)
    assert {(row["verdict"], row["oracle"]) for row in found.values()} == {("correct", "ball")}
    assert not dict(torch_operators.rows(("float64",), 0.0, {}, {"sin"}))


def test_a_wrong_operator_is_wrong_and_listed():
    row = torch_operators.judged(Off.apply, (np.ones(3),), "float64")

    assert row["verdict"] == "wrong"
    assert "| off/0/float64 | wrong |" in torch_operators.table({"off/0/float64": row})
