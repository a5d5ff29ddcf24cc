"""The committed atlas of PyTorch: its page is made from it, its convictions hold in PyTorch."""

import copy
import subprocess
import sys

import pytest

from benchmarks import atlas, torch_operators
from verification.atlas import tables


@pytest.fixture(scope="module")
def committed():
    return torch_operators.read()


def test_the_page_is_of_this_atlas(committed):
    assert torch_operators.PAGE.read_text() == torch_operators.page(committed)
    other = copy.deepcopy(committed)
    proven = next(row for row in other["rows"] if row["oracle"] == "ball")
    proven["oracle"] = "finite_difference"
    assert torch_operators.shares(other) != torch_operators.shares(committed)


def test_nothing_crashes_and_every_conviction_has_been_looked_at(committed):
    unseen = lambda made: set(atlas.convicted(made)) - set(torch_operators.LOOKED_AT)
    assert not unseen(committed)
    none = (tables.CRASH, "rejected")
    assert not [row["name"] for row in committed["rows"] if row["verdict"] in none]
    planted = copy.deepcopy(committed)
    planted["rows"][0]["verdict"] = "wrong"
    assert unseen(planted) == {planted["rows"][0]["name"].partition("/")[0]}


@pytest.mark.torch
def test_every_line_is_true_in_pytorch_alone():
    pytest.importorskip("torch")
    lines = [look.line for look in torch_operators.LOOKED_AT.values()]
    asked = "import torch\n" + "".join(f"print(({line}) is True)\n" for line in [*lines, "False"])
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True"] * len(lines) + ["False"]
