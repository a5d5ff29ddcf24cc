"""docs/textbook is what docstrings and derivations say today; its ten lines are those that ran."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import jax
import pytest

import refnet
from verification.derivations import ALL

from .ci_files import ci_file

ROOT = Path(__file__).resolve().parent.parent
textbook = ci_file("textbook")
usual_names = ci_file("usual_names")
network_digits = ci_file("network_digits")
RECORD = json.loads(textbook.RECORD.read_text("utf-8"))
PAGES = textbook.pages(RECORD)


def test_the_pages_are_what_the_source_says():
    written = {
        path.name: path.read_text("utf-8")
        for path in textbook.FOLDER.iterdir()
        if path.suffix in {".md", ".svg"}
    }
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


@pytest.mark.parametrize("name", textbook.NETWORKS)
def test_the_figure_is_of_these_lines_and_its_layers_are_on_the_page(name):
    made_from, calls = RECORD["flow"][name]
    assert made_from == textbook.made_from(name), "make textbook traces the network anew"
    assert calls[0][0] == "x" and calls[-1][1] == "()"
    boxes = {layer for layer, _ in calls[1:]} - {"poisson_loss"}  # an mse, which the page has
    assert boxes <= set(textbook.NETWORKS[name][1])


def test_the_lines_call_the_layers_of_the_figure_and_another_network_is_another_figure(monkeypatch):
    lines = textbook.ten_lines("physics_informed")
    with jax.enable_x64(False), jax.numpy_dtype_promotion("standard"):
        assert network_digits.flow(lines) == RECORD["flow"]["physics_informed"][1]
        deeper = network_digits.flow(lines.replace("(1, 16, 1)", "(1, 16, 16, 1)"))
        assert [name for name, _ in deeper].count("tanh_jet") == 2
        with pytest.raises(ValueError, match=r"call no rn\.train"):
            network_digits.flow(textbook.BEGIN)
    monkeypatch.setattr(refnet, "mlp", refnet.autoencoder)
    assert textbook.made_from("mlp") != RECORD["flow"]["mlp"][0]


@pytest.mark.parametrize("name", textbook.NETWORKS)
def test_a_figure_is_told_in_words_and_has_a_box_and_the_digits_of_each_layer(name):
    picture = ET.fromstring(PAGES[f"{name}.svg"])
    texts = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    told = picture.findtext("{http://www.w3.org/2000/svg}desc") or ""
    assert picture.findtext("{http://www.w3.org/2000/svg}title")
    for layer, shape in RECORD["flow"][name][1]:
        assert layer in texts and shape in texts and f"{layer} hands on {shape}" in told
        assert set(RECORD["digits"].get(layer, {}).values()) <= set(texts)
    assert f"]({name}.svg)" in PAGES[f"{name}.md"]


def test_signs_of_markup_in_a_name_are_text_in_the_picture():
    picture = network_digits.drawn("a < b & c", [["<g>", '("&")'], ["mse", "()"]], {})
    texts = [text.text for text in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert {"a < b & c", "<g>", '("&")'} <= set(texts)


def test_the_more_digits_are_lost_the_stronger_the_color():
    shades = [network_digits.lost(sure, 7) for sure in ("all", "7", "4", "0", "undecided")]
    assert shades[0] == shades[1] == 0.0 < shades[2] < shades[3] == shades[4] == 0.5


@pytest.mark.parametrize("name", textbook.NETWORKS)
def test_a_page_says_where_the_fewest_digits_are_left_in_each_format_and_why(name):
    section = PAGES[f"{name}.md"].split("## Digits")[1].split("## Trained")[0]
    own, layers = network_digits.own_digits(), textbook.NETWORKS[name][1]
    for one, most in own.items():
        sure = {layer: RECORD["digits"][layer][one] for layer in layers}
        least = min((said for said in sure.values() if said != "all"), key=int)
        first = next(layer for layer, said in sure.items() if said == least)
        assert f"* {one}: {least} of {most}, in {first}" in section
    assert all(f"* {layer}: " in section.split("What rounding does")[1] for layer in layers)


def test_what_is_not_decided_is_said_beside_the_fewest():
    known = {"a": {"float32": "undecided"}, "b": {"float32": "5"}, "c": {"float32": "all"}}
    assert network_digits.fewest_in([*known], known, "float32", 7) == "5 of 7, in b; a is undecided"
    assert network_digits.fewest_in(["c"], known, "float32", 7) == "7 of 7"


def test_rounding_is_read_up_to_the_next_word_of_a_derivation():
    said = "f.\n\nDomain     all\nRounding   sums of\n           products.\nReference  me"
    assert network_digits.rounding_of(said) == "sums of products."
    assert not network_digits.rounding_of("f.\n\nDomain     all")
