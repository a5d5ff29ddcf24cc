"""A masked mean that is divided by another count is told by both counts, at its line."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf

ROWS, COLUMNS = 4, 5


def loss(p, x, mask):
    off = (x @ p["w"] + p["b"]) ** 2
    return jnp.sum(mask * off) / jnp.sum(mask)


def by_rows(p, x, mask):
    off = (x @ p["w"] + p["b"]) ** 2
    return jnp.mean(jnp.sum(mask * off, axis=1) / jnp.sum(mask, axis=1))


def sample(rng):
    lengths = rng.permutation(COLUMNS)[:ROWS] + 1
    mask = 1.0 * (np.arange(COLUMNS) < lengths[:, None])
    params = {"w": rng.normal(size=2), "b": rng.normal()}
    return params, rng.normal(size=(ROWS, COLUMNS, 2)), mask


def gradient(for_w, for_b=None):
    """Of the sum of squares under the mask, divided by what these make of it."""

    def answer(p, x, mask):
        d = 2.0 * mask * (x @ p["w"] + p["b"])
        w = np.einsum("rc,rcd->d", d / for_w(mask), x)
        return {"w": w, "b": np.sum(d / (for_b or for_w)(mask))}

    return answer


def said(wrong, of=loss):
    found = vf.validate(wrong, of=of, args=sample, cases=3, edges="none")
    assert found.verdict == "wrong"
    return found.explanation[0]


COUNTS = {
    "the batch": (len, "divided by 4, the count of the batch, not by"),
    "all": (np.size, "divided by 20, the count of all but the last axis, not by"),
    "what is left out": (lambda m: (1 - m).sum(), "the count of what mask leaves out, not by"),
    "one more": (lambda m: m.sum() + 1, "one too many, not by"),
    "none": (lambda m: 1.0, "it is not divided by"),
}


@pytest.mark.parametrize("name", COUNTS)
def test_both_counts_are_said_at_the_division(name):
    count, words = COUNTS[name]
    first = said(gradient(count))

    assert first.fits and words in first.mistake and "`jnp.sum(mask)`" in first.mistake
    assert first.term.startswith("the local derivative of the / in `jnp.sum(mask * off)")
    assert first.remedy == "divide by `jnp.sum(mask)`" and "test_counts.py" in first.location


def test_one_leaf_alone_is_told():
    first = said(gradient(np.sum, len))

    assert first.fits and first.leaves == ("p['b']",)
    assert "divided by 4, the count of the batch, not by" in first.mistake


ROW_BY_ROW = {
    "all": (lambda m: ROWS * COLUMNS, "every row is divided by 5, the count of an axis"),
    "the mean": (np.sum, "every row is divided by the mean of all counts"),
    "none": (lambda m: ROWS, "every row is divided by one"),
}


@pytest.mark.parametrize("name", ROW_BY_ROW)
def test_counts_of_every_row_are_said(name):
    count, words = ROW_BY_ROW[name]
    first = said(gradient(count), by_rows)

    assert first.fits and words in first.mistake and first.remedy.startswith("divide by `jnp.sum(")


def test_the_right_count_is_correct_and_no_count_is_none():
    rows = lambda m: ROWS * m.sum(1, keepdims=True)
    for right, of in ((gradient(np.sum), loss), (gradient(rows), by_rows)):
        assert vf.validate(right, of=of, args=sample, cases=3).verdict == "correct"
    first = said(gradient(lambda m: 1.37 * m.sum()))
    assert "count" not in first.mistake and "divided by" not in first.mistake


def test_a_black_box_is_divided_by_the_count_of_an_argument():
    of = lambda x, mask: float(np.sum(np.asarray(x) ** 2 * np.asarray(mask)) / np.sum(mask))
    drawn = lambda rng: (rng.normal(size=6), 1.0 * (np.arange(6) < 2 + rng.permutation(4)[0]))
    found = vf.validate(lambda x, m: 2 * x * m / len(m), of=of, args=drawn, cases=3, edges="none")

    assert "divided by 6, the count of the batch, not by" in found.explanation[0].mistake
    assert found.explanation[0].remedy == "divide by the count of mask"
