"""Edges are made from the sample: what moves, what is held, and what obeys a law of its own."""

import numpy as np
import pytest

from verification.inputs.structure import batch, edges, is_free

RNG = np.random.default_rng(4)
NORMAL = RNG.normal(size=(4, 3))


def labels(point, argnums=(0,), named=(), dtype="float64"):
    return [edge.case.label for edge in edges(point, argnums, named, dtype)]


def at(point, label, **options):
    cases = {
        e.case.label: e.case.args for e in edges(point, (0,), options.get("named", ()), "float64")
    }
    return cases[label]


def test_the_differentiated_argument_has_zeros_ties_and_every_scale():
    said = labels((np.array([0.3, -0.7]),))

    for what in ("with a zero", "all zeros", "with ties", "times 32", "times 1.02e+03"):
        assert f"edge: args[0] {what}" in said
    assert at((np.array([0.3, -0.7]),), "edge: args[0] with ties")[0].tolist() == [0.3, 0.3]
    assert at((np.array([0.3, -0.7]),), "edge: args[0] with a zero")[0].tolist() == [0.0, -0.7]


LAWS = {
    "labels": np.array([0.0, 1.0, 1.0]),
    "probabilities": np.array([0.2, 0.7, 0.4]),
    "signs": np.array([1.0, -1.0, -1.0]),
    "unit rows": NORMAL / np.linalg.norm(NORMAL, axis=1, keepdims=True),
    "centred columns": NORMAL - NORMAL.mean(0),
    "symmetric": NORMAL[:3] + NORMAL[:3].T,
    "sorted": np.sort(NORMAL[:, 0]),
    "one number": np.array(0.7),
}


@pytest.mark.parametrize("law", LAWS)
def test_data_with_a_law_of_their_own_stay_as_they_are(law):
    w = np.array([0.3, -0.7])

    assert not is_free(LAWS[law])
    assert not any("args[1]" in label for label in labels((w, LAWS[law])))
    assert any("args[1]" in label for label in labels((w, NORMAL)))


def test_integers_and_python_numbers_are_held_unless_they_are_named():
    point = np.array([0.3, -0.7]), np.array([2, 0, 1]), 3

    assert not any("args[1]" in s or "args[2]" in s for s in labels(point))
    assert "edge: args[1] with a duplicate" in labels(point, named=(1, 2))
    assert at(point, "edge: args[1] all one index", named=(1,))[1].tolist() == [2, 2, 2]
    assert at(point, "edge: args[2] = 0", named=(2,))[2] == 0


def test_a_batch_of_one_is_asked_for_where_the_batch_is_known():
    w, x, y = RNG.normal(size=3), RNG.normal(size=(5, 3)), RNG.normal(size=5)
    one = at((w, x, y), "edge: a batch of 1")

    assert [a.shape for a in one] == [(3,), (1, 3), (1,)]
    assert batch((w, x, y), (0,)) == (5, {1, 2}, True)


def test_a_square_sample_loses_one_example_and_never_comes_down_to_one():
    """A batch of one could be broadcast against the axis that is as long."""
    w, x = RNG.normal(size=(4, 4)), RNG.normal(size=(4, 4))

    assert "edge: a batch of 3" in labels((w, x))
    assert "edge: a batch of 1" not in labels((w, x))


def test_scales_are_those_of_the_format():
    half = np.array([0.5, -2.0], np.float16)
    found = [e.case.args[0] for e in edges((half,), (0,), (), "float16")]

    assert all(a.dtype == np.float16 and np.isfinite(a).all() for a in found)
