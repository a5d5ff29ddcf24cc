"""Functions nobody has seen: a wrong local derivative from another sweep is put on its line."""

from pathlib import Path

import pytest

from benchmarks.explain import BARS, counted


@pytest.mark.parametrize("kind", BARS)
def test_planted_mistakes_are_put_on_their_lines(kind, tmp_path: Path):
    row = counted(kind, lines=16, programs=1, mistakes=3, seed=3, folder=tmp_path)

    assert row.planted >= 1
    assert row.named >= BARS[kind] * row.planted
