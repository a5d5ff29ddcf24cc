"""The benchmark over modules, in its smallest run, and what it makes of a wrong one."""

import json

import pytest

import verification as vf

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

from benchmarks import torch_layers, torch_modules, torch_networks  # noqa: E402


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


def test_every_module_of_pytorch_with_parameters_has_a_row(monkeypatch):
    assert list(torch_layers.missing()) == []
    fewer = {name: row for name, row in torch_layers.LAYERS.items() if name != "Bilinear"}
    monkeypatch.setattr(torch_layers, "LAYERS", fewer)
    assert list(torch_layers.missing()) == ["Bilinear"]


def test_the_page_of_the_layers_is_made_from_their_record():
    done = json.loads(torch_layers.RECORD.read_text())

    assert torch_layers.PAGE.read_text() == torch_layers.table(done)
    assert torch_layers.table({}) != torch_layers.table(done)
    assert {row["verdict"] for row in done.values()} <= {"correct", "inaccurate", "undecided"}


def test_a_layer_is_judged_in_a_narrow_dtype():
    row = torch_layers.judged("PReLU", "bfloat16")

    assert (row["verdict"], row["oracle"]) == ("correct", "ball"), row["reason"]
