"""Layers as courses write them, judged as they are: attributes, lists, dicts, returned slopes."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.adapters.layer import layer, pair
from verification.adapters.places import put_at, read_at


def dense(params, x):
    w, b = params.values()
    return x @ w + b[None]


class Attributes:
    """self.W and self.dW, written over in every pass."""

    def __init__(self, share=1.0):
        self.W, self.b, self.share = np.zeros((3, 2)), np.zeros(2), share

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, d):
        self.dW, self.db = self.x.T @ d, self.share * d.sum(axis=0)
        return d @ self.W.T


class Lists(Attributes):
    """self.params and self.grads, arrays that are written into."""

    def __init__(self, share=1.0):
        super().__init__(share)
        self.params, self.grads = [self.W, self.b], [np.zeros((3, 2)), np.zeros(2)]

    def forward(self, x):
        self.W, self.b = self.params
        return super().forward(x)

    def backward(self, d):
        slope = super().backward(d)
        for held, new in zip(self.grads, (self.dW, self.db), strict=True):
            held[...] = new
        return slope


class Tables(Attributes):
    """Dicts, into which every pass adds."""

    def __init__(self, share=1.0):
        super().__init__(share)
        self.params, self.grads = {"W": self.W, "b": self.b}, {"W": 0.0, "b": 0.0}

    def forward(self, x):
        self.W, self.b = self.params["W"], self.params["b"]
        return super().forward(x)

    def backward(self, d):
        slope = super().backward(d)
        self.grads["W"] += self.dW
        self.grads["b"] += self.db
        return slope


class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, None


class Objects(Attributes):
    """parameters() -> objects with data and grad."""

    def __init__(self, share=1.0):
        super().__init__(share)
        self.own = [Parameter(self.W), Parameter(self.b)]

    def parameters(self):
        return self.own

    def forward(self, x):
        self.W, self.b = (p.data for p in self.own)
        return super().forward(x)

    def backward(self, d):
        slope = super().backward(d)
        self.own[0].grad, self.own[1].grad = self.dW, self.db
        return slope


class Returned(Attributes):
    def backward(self, d):
        slope = super().backward(d)
        return slope, self.dW, self.db


class Table(Attributes):
    def backward(self, d):
        slope = super().backward(d)
        return slope, {"W": self.dW, "b": self.db}


class Listed(Attributes):
    def backward(self, d):
        slope = super().backward(d)
        return [slope, self.dW, self.db]


class Named(Attributes):
    """One dict for all, with a d before each name."""

    def backward(self, d):
        slope = super().backward(d)
        return {"dx": slope, "dW": self.dW, "db": self.db}


class Tuples(Attributes):
    """Parameters in a tuple, whose arrays are written into."""

    def __init__(self, share=1.0):
        super().__init__(share)
        self.params = self.W, self.b


class Descending(Attributes):
    """backward(d, rate) takes a step at once, and keeps no gradient."""

    def backward(self, d, rate):
        slope = super().backward(d)
        self.W = self.W - rate * self.dW
        self.b = self.b - rate * self.db
        return slope


class TooLate(Descending):
    """The slope of the input is taken at the weights after the step."""

    def backward(self, d, rate):
        super().backward(d, rate)
        return d @ self.W.T


KINDS = {
    Listed: (("W", "b"), "returned", None),
    Named: (("W", "b"), "returned", None),
    Tuples: (("params.0", "params.1"), ("dW", "db"), False),
    Descending: (("W", "b"), "updated", None),
    TooLate: (("W", "b"), "updated", None),
    Attributes: (("W", "b"), ("dW", "db"), False),
    Lists: (("params.0", "params.1"), ("grads.0", "grads.1"), False),
    Tables: (("params.W", "params.b"), ("grads.W", "grads.b"), True),
    Objects: (
        ("parameters().0.data", "parameters().1.data"),
        ("parameters().0.grad", "parameters().1.grad"),
        False,
    ),
    Returned: (("W", "b"), "returned", None),
    Table: (("W", "b"), "returned", None),
}


def judged(kind, share=1.0, dtype="float64", **how):
    params, grads, accumulates = KINDS[kind]
    draw = lambda rng: (
        dict(zip(params, (rng.normal(size=(3, 2)), rng.normal(size=2)), strict=True)),
        rng.normal(size=(5, 3)),
    )
    how = {"accumulates": accumulates, **how}
    gradient = layer(lambda: kind(share), params, grads, **how)
    return vf.validate(gradient, of=dense, args=draw, argnums=(0, 1), dtype=dtype)


RIGHT = [kind for kind in KINDS if kind is not TooLate]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", RIGHT)
def test_a_layer_is_judged_as_it_is(kind, dtype):
    if kind is Tuples and dtype == "float32":  # it was made in float64, and a tuple holds it
        assert "make the object so" in judged(kind, dtype=dtype).reason
        return
    right = judged(kind, dtype=dtype)
    assert right.verdict == "correct", right.reason
    wrong = judged(kind, 2.0, dtype)
    assert wrong.verdict == "wrong" and "2" in str(wrong.explanation[0])


@pytest.mark.parametrize(("kind", "said"), [(Attributes, True), (Tables, False)])
def test_what_a_second_pass_does_is_looked_at(kind, said):
    found = judged(kind, accumulates=said)
    assert found.verdict == "rejected" and "a second pass" in found.reason


def test_a_loss_has_no_cotangent_and_no_parameters():
    class SquaredError:
        def forward(self, x, y):
            self.off = x - y
            return np.mean(self.off**2)

        def backward(self):
            return 2.0 * self.off / self.off.size

    gradient = layer(SquaredError, inputs=2)
    of = lambda x, y: jnp.mean((x - y) ** 2)
    draw = lambda rng: (rng.normal(size=(4, 3)), rng.normal(size=(4, 3)))
    assert vf.validate(gradient, of=of, args=draw).verdict == "correct"


def test_what_is_not_there_is_said():
    x, d = np.ones((5, 3)), np.ones((5, 2))
    values = {"W": np.ones((3, 2)), "b": np.ones(2)}
    with pytest.raises(ValueError, match="Attributes has no 'dw'"):
        layer(Attributes, ("W", "b"), ("dw", "db"))(values, x, d)
    with pytest.raises(ValueError, match="an object with a member 'b'"):
        layer(Attributes, ("W", "b"), ("dW", "db"))({"W": values["W"]}, x, d)
    with pytest.raises(ValueError, match="1 places were given for 2 parameters"):
        layer(Attributes, ("W", "b"), ("dW",))
    with pytest.raises(ValueError, match="backward returned ndarray"):
        layer(Attributes, ("W", "b"), "returned")(values, x, d)


def test_a_slope_at_the_weights_after_the_step_is_wrong():
    assert judged(TooLate).verdict == "wrong"


def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w)


def affine_backward(d, cache):
    x, w = cache
    return (d @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ d, d.sum(axis=0)


def test_a_pair_of_functions_with_a_cache():
    of = lambda x, w, b: x.reshape(len(x), -1) @ w + b[None]
    draw = lambda rng: (rng.normal(size=(4, 3, 2)), rng.normal(size=(6, 5)), rng.normal(size=5))
    asked = {"of": of, "args": draw, "argnums": (0, 1, 2), "cases": 4}
    assert vf.validate(pair(affine_forward, affine_backward), **asked).verdict == "correct"
    late = lambda d, cache: (*affine_backward(d, cache)[:2], d.mean(axis=0))
    assert vf.validate(pair(affine_forward, late), **asked).verdict == "wrong"


def test_what_is_not_returned_or_cannot_be_put_is_said():
    x, d = np.ones((5, 3)), np.ones((5, 2))
    values = {"W": np.zeros((3, 2)), "b": np.zeros(2)}
    with pytest.raises(
        ValueError, match="backward returned dx, dW, db; there is no slope of 'share'"
    ):
        layer(Named, ("W", "share"), "returned")({"W": values["W"], "share": 1.0}, x, d)
    with pytest.raises(ValueError, match="'params.0' is in a tuple, where float64"):
        layer(Tuples, ("params.0",), ("dW",))({"params.0": np.zeros((4, 2))}, x, d)
    made = layer(Named, ('["W"]', "v"), "returned")
    with pytest.raises(ValueError, match="there is no 'v' in a Named; it has "):
        made({'["W"]': np.zeros((3, 2)), "v": values["b"]}, x, d)


def test_a_place_is_written_as_python_has_it():
    one = {"layers": [{"W": np.zeros(2)}], "n": 1}
    for place in ("layers.0.W", 'layers[0]["W"]', "['layers'][0].W"):
        put_at(one, place, np.ones(2) + read_at(one, "layers[0].W"))
    assert read_at(one, "layers.0.W").tolist() == [3.0, 3.0]
