"""A signature names arguments as a foreign program does; what cannot be one is a sentence."""

import json
from typing import NamedTuple

import numpy as np
import pytest

from verification.adapters.strict_json import Improper
from verification.adapters.wire import wire

X = np.arange(6.0).reshape(2, 3)


def loss(w, x):
    return w


def test_by_itself_everything_has_its_own_name():
    it = wire(None, loss, 0, 2)
    assert (it.module, it.function) == ("loss", "gradient")
    assert it.encoded((np.ones(2), X)) == {"w": [1.0, 1.0], "x": X.tolist()}
    assert it.encoded((np.ones(2), X, np.array(3.0)))["cotangent"] == 3.0
    answer = it.decoded({"w": [1, 0.5]}, (np.ones(2), X), "float32")
    assert answer.dtype == "float32" and answer.tolist() == [1.0, 0.5]


def test_several_are_a_tuple_in_the_order_of_argnums():
    x, w = wire(None, loss, (1, 0), 2).decoded(
        {"w": 1.0, "x": X.tolist()}, (np.array(0.0), X), "float64"
    )
    assert x.shape == (2, 3) and w == 1.0


WRITTEN = {  # what is said -> how x is written
    "flat": ({"flat": ["x"]}, X.ravel().tolist()),
    "columns": ({"columns": ["x"]}, X.T.tolist()),
    "one list, column by column": ({"flat": ["x"], "columns": ["x"]}, X.ravel("F").tolist()),
}


@pytest.mark.parametrize("form", WRITTEN)
def test_what_is_written_otherwise_is_read_so(form):
    said, written = WRITTEN[form]
    it = wire(said, loss, 1, 2)
    assert it.encoded((0.0, X))["x"] == written
    np.testing.assert_array_equal(it.decoded({"x": written}, (0.0, X), "float64"), X)
    with pytest.raises(Improper, match="gave x"):
        it.decoded({"x": X[:1].tolist()}, (0.0, X), "float64")


class Layer(NamedTuple):
    w: np.ndarray
    b: np.ndarray


def test_members_beside_the_other_arguments():
    it = wire({"spread": ["w"]}, loss, 0, 2)
    layer = Layer(X, np.ones(2))
    assert it.encoded((layer, X)) == {"w": X.tolist(), "b": [1.0, 1.0], "x": X.tolist()}
    answer = it.decoded({"w": X.tolist(), "b": [0, 2]}, (layer, X), "float64")
    assert isinstance(answer, Layer) and answer.b.tolist() == [0.0, 2.0]


def test_sizes_constants_and_names():
    said = {"sizes": {"n": "x", "m": ["x", 1]}, "constants": {"rate": 0.5}, "output": {"w": "dw"}}
    it = wire(json.dumps(said), loss, 0, 2)
    assert it.encoded((1.0, X)) == {"rate": 0.5, "w": 1.0, "x": X.tolist(), "n": 2, "m": 3}
    assert it.decoded({"dw": 2.0}, (np.array(1.0), X), "float64") == 2.0
    with pytest.raises(Improper, match="not with dw"):
        it.decoded({"w": 2.0}, (np.array(1.0), X), "float64")


def test_what_is_answered_beside_the_slopes_is_named():
    both, point = {"w": 2.0, "loss": 0.25}, (np.array(1.0), X)
    assert wire({"beside": ["loss"]}, loss, 0, 2).decoded(both, point, "float64") == 2.0
    with pytest.raises(Improper, match="with w, loss, not with w"):
        wire({}, loss, 0, 2).decoded(both, point, "float64")


def test_answers_without_names(tmp_path):
    file = tmp_path / "signature.json"
    file.write_text('{"output": "bare"}')
    assert wire(file, loss, 0, 2).decoded(2.0, (np.array(1.0), X), "float64") == 2.0
    w, x = wire(file, loss, (0, 1), 2).decoded([2.0, X.tolist()], (np.array(1.0), X), "float64")
    assert w == 2.0 and x.shape == X.shape
    flat = [9.0, *X.ravel().tolist()]
    w, x = wire({"output": "list"}, loss, (0, 1), 2).decoded(flat, (np.array(1.0), X), "float64")
    assert w == 9.0
    np.testing.assert_array_equal(x, X)
    z, a = wire({"output": "list"}, lambda z, a: z, (0, 1), 2).decoded([1, 2, 3], (X[0, :2], 0.0),
                                                                       "float64")  # fmt: skip
    assert z.tolist() == [1.0, 2.0] and a == 3.0  # as they were asked for, and not by their names
    with pytest.raises(Improper, match="not as a list of 7"):
        wire({"output": "list"}, loss, (0, 1), 2).decoded(flat[1:], (np.array(1.0), X), "float64")


def test_a_jacobian_is_pulled_back():
    it = wire({"jacobian": True, "output": "bare"}, loss, 0, 2)
    jacobian, above = np.arange(8.0).reshape(4, 2), np.arange(4.0)
    assert "cotangent" not in it.encoded((np.ones(2), X, above))
    answer = it.decoded(jacobian.tolist(), (np.ones(2), X, above), "float64")
    np.testing.assert_array_equal(answer, above @ jacobian)


REFUSED = {
    "another member": ({"outputs": "bare"}, "has 'outputs'; did you mean 'output'"),
    "another kind": ({"flat": "x"}, 'flat is "x"; give a list of arguments'),
    "another argument": ({"flat": ["z"]}, "flat has 'z'; the arguments are w, x"),
    "a size of another": ({"sizes": {"n": ["y", 0]}}, "sizes has 'y'"),
    "too few names": ({"arguments": ["w"]}, "arguments are w, but `of` takes 2"),
    "a name twice": ({"arguments": ["w", "w"]}, "name each once"),
    "no JSON": ("{", "which is no JSON"),
    "no object": ("[1]", "cannot be read"),
    "no file": ("none.json", "cannot be read"),
}


@pytest.mark.parametrize("which", REFUSED)
def test_what_cannot_be_a_signature_is_a_sentence(which):
    said, sentence = REFUSED[which]
    with pytest.raises(ValueError, match=sentence):
        wire(said, loss, 0, 2)


def test_what_cannot_be_written_is_a_sentence():
    with pytest.raises(ValueError, match="3 arguments were given|4 arguments were given"):
        wire(None, loss, 0, 2).encoded((1.0, X, X, X))
    with pytest.raises(ValueError, match=r"axis 2 of 'x', which has shape \(2, 3\)"):
        wire({"sizes": {"n": ["x", 2]}}, loss, 0, 2).encoded((1.0, X))
    with pytest.raises(TypeError, match="arrays of complex128 cannot be written"):
        wire(None, loss, 0, 2).encoded((1j, X))
