"""Layers by hand: their nudged twins are seen, and their forward is that of refnet."""

import inspect
from dataclasses import replace
from pathlib import Path

import jax
import pytest

import refnet
from verification.derivations import layers
from verification.derivations.layers import LAYERS
from verification.selftest.kill_table import answered, caught, samples_of


@pytest.mark.parametrize("name", LAYERS)
def test_one_part_in_2_to_the_40_is_seen(name):
    layer = LAYERS[name]
    (sample,) = samples_of(layer, "float64", cases=1)
    off = lambda *args: jax.tree.map(lambda g: g * (1.0 + 2.0**-40), layer.gradient(*args))

    assert caught(answered(layer.gradient, sample)) == ""
    assert caught(answered(off, sample)) == "ball"


def test_tables_and_files_have_the_same_names():
    files = {p.stem for p in Path(layers.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(LAYERS)
    assert all(name == layer.name for name, layer in LAYERS.items())
    assert all("Reference  " in _text(name) and "Shapes  " in _text(name) for name in LAYERS)


def _text(name):
    return (Path(layers.__file__).parent / f"{name}.py").read_text()


def test_the_forward_of_every_layer_is_the_function_of_refnet():
    """Planted: a forward of one's own, which the reference would not follow."""
    assert [name for name in LAYERS if not calls_refnet(LAYERS[name])] == []
    own = replace(LAYERS["softmax"], function=lambda z: z)
    assert not calls_refnet(own)


def calls_refnet(layer):
    """Whether the function is that of refnet, or hands its arguments to it alone."""
    public = getattr(refnet, layer.of or layer.name)
    if layer.function is public:
        return True
    return public in inspect.getclosurevars(layer.function).globals.values()
