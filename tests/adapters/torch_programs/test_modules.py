"""The benchmark over modules, in its smallest run, and what it makes of a wrong one."""

import pytest

import verification as vf

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

from benchmarks import torch_modules, torch_networks  # noqa: E402


class Cut(torch_networks.Dicts):
    """A head that the loss does not reach the hidden layer through."""

    def forward(self, x):
        hidden = torch.nn.functional.gelu(self.first(x))
        return {
            "policy": (self.heads[0](hidden).log_softmax(-1), None),
            "value": self.heads[1](hidden.detach())[:, 0],
        }


def test_outputs_in_dicts_and_tuples_are_proven():
    row = torch_modules.judged("MLP of dicts", "float64")

    assert (row["verdict"], row["oracle"], row["parameters"]) == ("correct", "ball", 84)


def test_a_module_that_is_wrong_is_listed():
    of, sample = torch_networks.Dicts(), torch_modules.drawn((6, 5))
    wrong = Cut()
    wrong.load_state_dict(of.state_dict())
    found = vf.validate(wrong, of=of, args=sample, cases=2, edges="none")
    row = {"verdict": str(found.verdict), "oracle": found.oracle, "reason": found.reason}

    assert found.worst is not None and "first" in found.worst.leaf, str(found)
    assert row["verdict"] == "wrong"
    assert "* Cut: " in torch_modules.table({"Cut": row})


def test_a_process_that_dies_is_a_row():
    row = torch_modules.alone("no such module", "float64")

    assert row["verdict"] == "crash" and "no such module" in row["reason"]
