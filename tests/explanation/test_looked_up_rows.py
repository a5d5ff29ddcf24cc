"""Rows of a table that come more than once, written over in part of their indices only."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf

ROWS, WIDTH = 5, 2


def draw(rng):
    return rng.normal(size=(ROWS, WIDTH)), rng.integers(0, ROWS, size=(3, 6))


def by_sentence(table, words):
    return table[words].sum(axis=1)


def in_place(table, words):
    return jnp.sin(table)[words]


def slices_added(axis, add):
    """The pullback of a table's rows, one slice of the indices after the other."""

    def pullback(shape, words, d):
        out = np.zeros(shape)
        for at, arrives in zip(np.moveaxis(words, axis, 0), np.moveaxis(d, axis, 0), strict=True):
            add(out, at, arrives)
        return out

    return pullback


def written_over(out, at, d):
    out[at] += d  # NumPy keeps the last of a row's terms


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("of", [by_sentence, in_place])
def test_the_axis_along_which_they_are_added_up_is_named(axis, of):
    pull = lambda add: lambda t, words, d: _through(of, slices_added(axis, add), t, words, d)
    judged = lambda add: vf.validate(pull(add), of=of, args=draw, cases=4)
    said = judged(written_over)

    assert said.verdict == "wrong" and said.explanation[0].fits
    assert f"along axis {axis} of the indices" in said.explanation[0].mistake
    assert "written over" in said.explanation[0].mistake
    assert judged(np.add.at).verdict == "correct"


def _through(of, pullback, table, words, d):
    if of is by_sentence:
        return pullback(table.shape, words, np.broadcast_to(d[:, None], (*words.shape, WIDTH)))
    return np.cos(table) * pullback(table.shape, words, d)


def test_another_mistake_is_not_taken_for_it():
    def lacks_a_word(table, words, d):
        out = np.zeros_like(table)
        np.add.at(out, words[:, 1:], np.broadcast_to(d[:, None], (3, 5, WIDTH)))
        return out

    said = vf.validate(lacks_a_word, of=by_sentence, args=draw, cases=4)
    assert said.verdict == "wrong"
    assert not any("written over" in one.mistake and one.fits for one in said.explanation)
