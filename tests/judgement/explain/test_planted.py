"""Functions nobody has seen: a wrong local derivative from another sweep is put on its line."""

from pathlib import Path

import pytest

from benchmarks.explain import tally


@pytest.mark.parametrize("kind", ["single", "double"])
def test_planted_mistakes_are_put_on_their_lines(kind, tmp_path: Path):
    row = tally(kind, lines=50, programs=1, mistakes=5, seed=3, folder=tmp_path)

    assert row.planted >= 3
    assert row.named == row.planted and row.misled == 0
    assert row.equations >= 50
