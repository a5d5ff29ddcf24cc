"""docs/reference.md is what the docstrings say today, and leaves no public function out."""

import re
from pathlib import Path

import pytest

import refnet

from .ci_files import ci_file

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


@pytest.fixture
def reference():
    return ci_file("reference")


def test_the_page_is_what_the_docstrings_say(reference):
    assert reference.page() == WRITTEN, "make reference writes it anew"


def test_another_docstring_is_another_page(reference, monkeypatch):
    monkeypatch.setattr(refnet.huber, "__doc__", "mean of something else.")
    assert reference.page() != WRITTEN


def test_no_function_is_left_out_and_none_has_no_formula(reference):
    functions = {name for chapter in reference.chapters().values() for name in chapter}
    rows = dict(re.findall(r"^\| `(\w+)\(.*?\)` \| `` (.*?) ``", WRITTEN, flags=re.M))
    assert set(rows) == functions >= {"lstm", "gpt", "mish", "adam", "mse"}
    assert all(len(text) > 5 for text in rows.values())


def test_every_derivation_that_is_linked_is_there():
    links = re.findall(r"\]\(\.\./(\S+?)\)", WRITTEN)
    assert links and all((ROOT / link).is_file() for link in links)
