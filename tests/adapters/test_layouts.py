"""Every derivation has a layout, what is written is read back, and the text of it is current."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest

from verification.adapters.layouts import (
    HEXADECIMAL,
    NUMBER,
    in_one_line,
    layout,
    shapes,
    written,
)
from verification.adapters.protocol_text import renewed, run_exchange
from verification.adapters.strict_json import Improper
from verification.derivations import ALL

TEXT = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"


@pytest.mark.parametrize("floats", [NUMBER, HEXADECIMAL])
@pytest.mark.parametrize("name", ALL)
def test_what_is_written_is_read_back(name, floats):
    of, args = layout(name), ALL[name].draw(np.random.default_rng(1))
    names = of.arguments[: len(args)]
    short = of._replace(arguments=names)
    sent = json.loads(json.dumps(short.encoded(args, floats)))
    assert set(sent) == set(names)
    gradient = {n: written(args[i], floats) for n, i in zip(of.wanted, of.argnums, strict=True)}
    back = of.decoded(json.loads(json.dumps(gradient)), args, "float64", floats)
    same = tuple(args[i] for i in of.argnums)
    assert jax.tree.structure(back) == jax.tree.structure(same)
    assert all(map(np.array_equal, jax.tree.leaves(back), jax.tree.leaves(same)))


def test_an_answer_is_rounded_to_the_dtype():
    args = (np.zeros(2, np.float32), np.zeros(2, np.float32))
    (z,) = layout("relu").decoded({"z": [0.1, 1e300]}, args, "float32")
    assert z.dtype == np.float32
    assert z.tolist() == [float(np.float32(0.1)), np.inf]


def test_infinities_need_hexadecimal():
    with pytest.raises(TypeError, match="choose hexadecimal floats"):
        written(np.array([np.inf]))
    assert written(np.array([np.inf, -0.0]), HEXADECIMAL) == ["inf", "-0x0.0p+0"]
    with pytest.raises(TypeError, match="arrays of complex128"):
        written(np.array([1j]))
    assert written(np.array([True, False])) == [True, False]


def test_a_layer_keeps_its_members():
    args = ALL["neuron"].draw(np.random.default_rng(1))
    with pytest.raises(Improper, match="params as an object with w, not as an object with w, b"):
        layout("neuron").decoded({"params": {"w": 1.0}, "x": [0.0] * 7}, args, "float64")


@pytest.mark.parametrize("name", ALL)
def test_every_derivation_says_its_shapes(name):
    assert shapes(name)
    assert in_one_line(name).startswith("gradient: ")


def test_an_unknown_derivation_is_named():
    with pytest.raises(
        ValueError, match="against is 'msee'; did you mean 'mse'. it must be one of"
    ):
        layout("msee")


def test_the_text_of_the_protocol_is_current():
    """python -m verification.adapters.protocol_text docs/protocol.md writes it anew."""
    text = TEXT.read_text()
    assert renewed(text) == text
    assert renewed(text.replace("`layer` {w, b}", "`layer` {w}")) == text
    assert renewed(text.replace("`b1`, `b2`, `eps`", "`b1`, `b2`")) == text
    with pytest.raises(ValueError, match="to replace"):
        renewed("nothing")


def test_the_run_that_the_text_shows_is_momentum():
    """w - r v, v <- decay v + g, by hand."""
    _, answer = run_exchange().splitlines()[1:3]
    assert json.loads(answer[2:])["output"]["params"] == [
        {"w": [0.9375, -0.5], "b": 0.375},
        {"w": [0.921875, -0.625], "b": 0.40625},
    ]
