"""The worked examples run and print what they say: a mistake is found, and its mend is correct."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(p for p in (ROOT / "docs" / "mend").glob("*.md") if p.name != "README.md")
TORCH = [p for p in PAGES if "torch.autograd" in p.read_text()]
PLAIN = [p for p in PAGES if p not in TORCH]
DOCTESTS = """
import doctest, json, sys
run = lambda page: doctest.testfile(page, module_relative=False)
print(json.dumps({page: list(run(page))[:2] for page in sys.argv[1:]}))
"""


def results(pages) -> tuple[dict[str, list[int]], str]:
    """(failed, attempted) of every page, and what was printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", DOCTESTS, *map(str, pages)],
        env=environment,
        text=True,
        capture_output=True,
        timeout=300,
        check=True,
    )
    said, _, last = done.stdout.strip().rpartition("\n")
    return json.loads(last), said


def check(pages):
    found, said = results(pages)
    assert set(found) == set(map(str, pages))
    assert all(failed == 0 and attempted > 5 for failed, attempted in found.values()), said


@pytest.mark.end_to_end
def test_the_pages_print_what_they_say():
    check(PLAIN)


@pytest.mark.end_to_end
@pytest.mark.torch
def test_the_page_of_pytorch_prints_what_it_says():
    pytest.importorskip("torch")
    check(TORCH)


def test_there_are_ten_pages_each_with_a_mistake_and_its_mend():
    assert len(PAGES) >= 10 and len(TORCH) == 1
    for page in PAGES:
        text = page.read_text()
        assert "\nwrong: " in text and text.rstrip("\n` ").endswith("correct"), page.name
        assert f"({page.name})" in (ROOT / "docs" / "mend" / "README.md").read_text()


@pytest.mark.end_to_end
def test_a_page_whose_mend_is_none_fails(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PLAIN[0].read_text().replace("mended, of=", "backward, of="))
    assert results([page])[0][str(page)][0] > 0
