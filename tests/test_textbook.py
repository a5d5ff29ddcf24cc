"""docs/textbook is what docstrings and derivations say today; its ten lines are those that ran."""

import json
import re
from pathlib import Path

import jax
import pytest

import refnet
from verification.derivations import ALL

from .ci_files import ci_file

ROOT = Path(__file__).resolve().parent.parent
textbook = ci_file("textbook")
usual_names = ci_file("usual_names")
RECORD = json.loads(textbook.RECORD.read_text("utf-8"))
PAGES = textbook.pages(RECORD)


def test_the_pages_are_what_the_source_says():
    written = {path.name: path.read_text("utf-8") for path in textbook.FOLDER.glob("*.md")}
    assert written == PAGES, "make textbook writes them anew"


def test_another_docstring_or_number_is_another_page(monkeypatch):
    other = json.loads(json.dumps(RECORD))
    other["digits"]["dense"]["float32"] = "1"
    assert textbook.page("mlp", other) != PAGES["mlp.md"]
    monkeypatch.setattr(refnet.mlp, "__doc__", "Something else.")
    assert textbook.page("mlp", RECORD) != PAGES["mlp.md"]


def test_every_layer_is_derived_and_every_format_is_asked():
    layers = {one for _, layers, _ in textbook.NETWORKS.values() for one in layers}
    assert layers <= set(ALL) and layers == set(RECORD["digits"])
    assert {len(formats) for formats in RECORD["digits"].values()} == {6}


@pytest.mark.parametrize("name", textbook.NETWORKS)
def test_the_ten_lines_are_those_that_ran_and_the_loss_fell(name):
    lines, said = RECORD["trained"][name]
    assert lines == textbook.BEGIN + textbook.NETWORKS[name][2] + textbook.END
    first, last = (float(words.split()[-1]) for words in said.split(", "))
    assert last < 0.8 * first


def test_the_lines_of_a_page_run():
    with jax.enable_x64(False), jax.numpy_dtype_promotion("standard"):
        assert textbook.measure_training("physics_informed")[1].startswith("loss ")


def test_every_public_function_has_its_usual_names_and_every_name_a_function():
    chapters = ci_file("reference").chapters().values()
    public = {name for functions in chapters for name in functions}
    names = usual_names.NAMES
    assert not usual_names.faults(names, public)
    without = {name: said for name, said in names.items() if name != "glorot"}
    assert usual_names.faults(without, public) == ["glorot has no usual name: add its line"]
    assert usual_names.faults(names | {"xavier": "X"}, public)
    assert usual_names.faults(names | {"glorot": "Xavier; "}, public)
    assert usual_names.faults(names | {"glorot": "Xavier; Xavier"}, public)


@pytest.mark.parametrize(
    ("usual", "own"),
    [
        ("NLL", "softmax_cross_entropy_with_integer_labels"),
        ("BCE", "binary_cross_entropy"),
        ("Xavier", "glorot"),
        ("Kaiming", "he"),
        ("NT-Xent", "info_nce"),
        ("ELBO", "evidence_lower_bound"),
        ("swish", "silu"),
        ("RoPE", "rotary"),
        ("heavy ball", "momentum"),
        ("SGD", "gradient_descent"),
    ],
)
def test_a_reader_of_books_finds_the_function(usual, own):
    line = next(
        row for row in PAGES["usual_names.md"].splitlines() if row.startswith(f"| {usual} |")
    )
    assert f"| `{own}` |" in line


def test_the_links_of_the_usual_names_lead_to_files():
    links = re.findall(r"\]\(([^)]+)\)", PAGES["usual_names.md"])
    assert len(links) > len(usual_names.NAMES) and all(
        (textbook.FOLDER / x).exists() for x in links
    )
