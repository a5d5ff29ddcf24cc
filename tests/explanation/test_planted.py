"""Functions nobody has seen: a wrong local derivative from another sweep is put on its line."""

from pathlib import Path

import pytest

from benchmarks.explain import BARS, counted, network, table
from benchmarks.planted_networks import mlp, recurrent, transformer


@pytest.mark.parametrize("kind", BARS)
def test_planted_mistakes_are_put_on_their_lines(kind, tmp_path: Path):
    row = counted(kind, lines=16, programs=1, mistakes=3, seed=3, folder=tmp_path)

    assert row.planted >= 1
    assert row.named >= BARS[kind] * row.planted


SMALL = {
    "MLP": mlp(4, 3, 2),
    "transformer": transformer(1, 2, 3),
    "recurrent loop": recurrent(3, 2, 2),
}


DEAR = [n if n == "MLP" else pytest.param(n, marks=pytest.mark.dear) for n in SMALL]


@pytest.mark.parametrize("name", DEAR)
def test_two_mistakes_in_a_network_are_looked_for(name, tmp_path: Path):
    row = network(name, SMALL[name], 1, seed=3, folder=tmp_path)

    assert (row.planted, row.misled, len(row.seconds)) == (1, 0, 1) and row.equations > 10
    assert row.named == (name != "transformer")  # what is planted there no search fits
    assert f"| {name} | {len(SMALL[name].lines)} |" in table("network", [row.told()])
