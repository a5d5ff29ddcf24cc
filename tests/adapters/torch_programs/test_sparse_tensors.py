"""Sparse tensors that a program brings along, or makes of its arguments, are dense to the proof."""

from functools import cache

import pytest

import verification as vf

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore:Sparse")]  # of PyTorch itself
torch = pytest.importorskip("torch")

PLACES = ((0, 1, 2, 2, 1), (2, 0, 3, 3, 0))  # two of them twice
OPTIONS = {"cases": 2, "edges": "none"}


@cache
def edges(layout):
    numbers = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0], dtype=torch.float64)
    made = torch.sparse_coo_tensor(torch.tensor(PLACES), numbers, (3, 4))
    return made.to_sparse_csr() if layout == "csr" else made


class Graph(torch.nn.Module):
    """A layer on a graph, whose edges are a sparse buffer; `keep` may cut off."""

    def __init__(self, keep=lambda h: h):
        super().__init__()
        self.layer, self.keep = torch.nn.Linear(2, 3), keep
        self.register_buffer("edges", edges("coo"))

    def forward(self, x):
        h = self.keep(torch.relu(self.layer(x)))
        return torch.sparse.mm(self.edges, h)


def test_a_layer_on_a_graph_is_proven_and_a_cut_is_named_at_its_line():
    asked = {"args": lambda rng: (rng.normal(size=(4, 2)),), **OPTIONS}
    right = vf.validate(Graph(), **asked)
    assert right.verdict == "correct" and right.oracle == "ball", str(right)
    wrong = vf.validate(Graph(keep=lambda h: h.detach()), of=Graph(), **asked)
    assert wrong.verdict == "wrong"
    assert "test_sparse_tensors.py" in str(wrong.explanation[0].location)


PROGRAMS = {
    "of its values": (
        lambda v, x: torch.sparse_coo_tensor(torch.tensor(PLACES), v, (3, 4)).to_dense() @ x,
        lambda rng: (rng.normal(size=5), rng.normal(size=(4, 2))),
    ),
    "of rows": (lambda x: edges("csr") @ torch.sin(x), lambda rng: (rng.normal(size=(4, 2)),)),
    "added to": (
        lambda x: torch.sparse.addmm(x[:3], edges("coo"), x, beta=0.5),
        lambda rng: (rng.normal(size=(4, 2)),),
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_products_of_sparse_tensors_are_proven(name):
    of, draw = PROGRAMS[name]
    for layout in ("coo", "csr"):
        edges(layout)  # before the program is traced
    found = vf.validate(of, of=of, args=draw, **OPTIONS)
    assert found.verdict == "correct" and found.oracle == "ball", str(found)
