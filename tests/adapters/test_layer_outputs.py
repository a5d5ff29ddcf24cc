"""Layers with several outputs, and layers that return nothing for what has no slope."""

import numpy as np
import pytest

import verification as vf
from verification.adapters.layer import layer, pair


class Cell:
    """Two states in, two out: c <- c a, h <- h + c; backward(dh, dc) or backward((dh, dc))."""

    def __init__(self, share=1.0):
        self.a, self.share = None, share

    def forward(self, h, c):
        self.c = c
        return h + c * self.a, c * self.a

    def backward(self, dh, dc):
        both = dh + self.share * dc
        self.da = both * self.c
        return dh, both * self.a


class Together(Cell):
    def backward(self, above):
        return super().backward(*above)


@pytest.mark.parametrize("kind", [Cell, Together])
@pytest.mark.parametrize("share, verdict", [(1.0, "correct"), (0.0, "wrong")])
def test_several_outputs_have_several_cotangents(kind, share, verdict):
    gradient = layer(lambda: kind(share), ["a"], ["da"], inputs=2)
    of = lambda p, h, c: (h + c * p["a"], c * p["a"])
    draw = lambda rng: ({"a": rng.normal(size=3)}, rng.normal(size=3), rng.normal(size=3))
    assert vf.validate(gradient, of=of, args=draw, argnums=(0, 1, 2), cases=2).verdict == verdict


@pytest.mark.parametrize("share, verdict", [(1.0, "correct"), (0.0, "wrong")])
def test_a_pair_of_functions_with_several_values(share, verdict):
    forward = lambda h, c: (h + c, c * c, c)
    backward = lambda dh, dc, c: (dh, dh + share * 2 * c * dc)
    draw = lambda rng: (rng.normal(size=3), rng.normal(size=3))
    asked = {"of": lambda h, c: (h + c, c * c), "args": draw, "argnums": (0, 1), "cases": 2}
    assert vf.validate(pair(forward, backward), **asked).verdict == verdict


class Rows:
    """An embedding: its backward pass returns nothing, as indices have no slope."""

    def __init__(self, share=1.0):
        self.W, self.share = None, share

    def forward(self, index):
        self.index = index
        return self.W[index]

    def backward(self, d):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.index, self.share * d)


@pytest.mark.parametrize("share, verdict", [(1.0, "correct"), (0.5, "wrong")])
def test_a_layer_that_returns_nothing_for_its_indices(share, verdict):
    draw = lambda rng: ({"W": rng.normal(size=(4, 2))}, rng.integers(0, 4, 3))
    asked = {"of": lambda p, i: p["W"][i], "args": draw, "cases": 2}
    assert vf.validate(layer(lambda: Rows(share), ["W"], ["dW"]), **asked).verdict == verdict
