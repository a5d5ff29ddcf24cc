"""The notebooks: each runs from top to bottom, and says what is stored in it; the site shows it."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .ci_files import ci_file

ROOT = Path(__file__).resolve().parent.parent
notebooks = ci_file("notebooks.py")

BOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
read = lambda path: json.loads(path.read_text(encoding="utf-8"))
named = lambda path: path.stem


def again(book: dict, folder: Path) -> list[str]:
    """What it says when it is run anew, in a process of its own, as a reader runs it."""
    place = folder / "book.ipynb"
    place.write_text(json.dumps(book))
    subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "notebooks.py"), str(place)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}, check=True,
    )  # fmt: skip
    return notebooks.outputs(read(place))


@pytest.mark.end_to_end
@pytest.mark.parametrize("path", BOOKS, ids=named)
def test_it_says_what_is_stored_in_it(path, tmp_path):
    assert again(read(path), tmp_path) == notebooks.outputs(read(path))


@pytest.mark.parametrize("path", BOOKS, ids=named)
def test_it_is_a_notebook_of_which_every_cell_has_been_run_in_order(path):
    book = read(path)
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert notebooks.outputs(book) and path.stat().st_size < 200_000


def small(*sources: str) -> dict:
    cells = [{"cell_type": "code", "source": [one], "outputs": []} for one in sources]
    return {"cells": [{"cell_type": "markdown", "source": ["# T"]}, *cells]}


def test_what_a_cell_prints_and_shows_is_stored_and_a_change_is_seen():
    book = notebooks.executed(small("x = 2\nprint('two')", "x + 1"))
    assert notebooks.outputs(book) == ["two\n", "3"]
    other = copy.deepcopy(book)
    other["cells"][2]["source"] = ["x + 2"]
    assert notebooks.outputs(notebooks.executed(other)) != notebooks.outputs(book)
    page = notebooks.markdown(book)
    assert page.startswith("# T\n\n```python\nx = 2\n") and "```text\ntwo\n" in page
    with pytest.raises(ZeroDivisionError):
        notebooks.executed(small("1 / 0"))
