"""docs/libraries.md is what the table of libraries says today, and leaves no variant out."""

import re
from pathlib import Path

import pytest

from verification.derivations.rules import VARIANTS
from verification.report.sections import update_rules

from .ci_files import ci_file

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = (ROOT / "docs" / "libraries.md").read_text(encoding="utf-8")


@pytest.fixture
def libraries():
    return ci_file("libraries")


def test_the_page_is_what_the_table_says(libraries):
    assert libraries.page() == WRITTEN, "make libraries writes it anew"


def test_another_table_is_another_page(libraries, monkeypatch):
    rows = [row | {"optax": "sgd(r, b)"} for row in update_rules.agreements()]
    monkeypatch.setattr(update_rules, "agreements", lambda: rows)
    assert libraries.page() != WRITTEN


def test_every_variant_has_one_row():
    assert sorted(re.findall(r"^\| `(\w+)` \|", WRITTEN, flags=re.M)) == sorted(VARIANTS)
