"""Of a large leaf a few entries are looked at first: what is found stays found, at little cost."""

import jax.numpy as jnp
import numpy as np
import pytest

from verification.explanation import explain, leaves, slope_values, where
from verification.explanation.large_leaves import LARGE, taken
from verification.explanation.problem import TOO_LARGE
from verification.measurement.sample import Sample
from verification.vocabulary import Ball

SIDE = 300
RNG = np.random.default_rng(0)
X = RNG.normal(size=(SIDE, SIDE))
assert X.size > LARGE


def black_box(x):
    raise TypeError("it cannot be traced")


def said(got, of=black_box, x=X):
    """What is said of an answer to the gradient cos(x)."""
    right = np.cos(x)
    truth = Ball(right, np.zeros_like(x), np.zeros_like(x), True)
    one = Sample("draw", ("[0]",), [truth], [1e-15 * np.abs(right)], [got], (x,))
    return explain((one,), of=of, argnums=(0,), scalar=True)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (lambda g: -g, "sign"),
        (lambda g: g.T, "transposed"),
        (lambda g: np.roll(g, 1, 0), "shifted"),
        (lambda g: np.full_like(g, g.mean()), "axis"),
        (lambda g: 3.0 * g, "factor"),
        (lambda g: g.astype(np.float32).astype(np.float64), "cast"),
        (lambda g: g - g.mean(), "axis"),
    ],
)
def test_a_form_of_a_large_leaf_is_named(wrong, kind):
    first = said(np.asarray(wrong(np.cos(X))))[0]

    assert first.fits and first.kind == kind


def test_what_fits_in_a_few_entries_alone_is_not_named():
    wrong = -np.cos(X)
    seen = np.zeros(X.size, bool)
    seen[np.random.default_rng(X.size).integers(0, X.size, len(taken(X)))] = True
    spared = int(np.flatnonzero(~seen)[0])
    wrong.flat[spared] = 0.5

    assert not any(one.fits for one in said(wrong))


def test_a_form_that_misses_is_not_held_against_the_whole(monkeypatch):
    held = []
    whole = leaves.residual_of
    noted = lambda *given: held.append(given) or whole(*given)
    monkeypatch.setattr(leaves, "residual_of", noted)

    assert not any(one.fits for one in said(np.tan(7.0 * X)))
    assert not held
    assert said(-np.cos(X))[0].fits
    assert held


def test_a_few_wrong_entries_of_many_are_listed_and_many_are_not():
    wrong = np.cos(X)
    wrong[3, 4] = 0.0
    assert "[3, 4]" in said(wrong)[0].term

    assert not any("[3, 4]" in one.term for one in said(np.tan(7.0 * X)))


def test_entries_that_are_no_numbers_are_counted():
    only = said(np.where(X > 0.0, np.nan, np.cos(X)))[0]

    assert f"and {int((X > 0.0).sum()) - where.SHOWN} more" in only.term


# --- what is given up for its size is said --------------------------------------------------------


def sines(x):
    return jnp.sum(jnp.sin(x))


@pytest.mark.parametrize("most", [100, 2**20])
def test_a_search_that_was_not_made_is_said(monkeypatch, most):
    monkeypatch.setattr(slope_values, "MANY", most)
    one = said(np.tan(7.0 * X), sines)[0]

    assert ("was not looked for" in one.mistake) == (most == 100)


def test_a_program_that_was_not_searched_is_said(monkeypatch):
    monkeypatch.setattr("verification.explanation.problem.LARGE", 100)
    assert TOO_LARGE in said(np.tan(7.0 * X), sines)[0].mistake


def test_a_wrong_slope_among_many_entries_is_named():
    first = said(np.sin(X), sines)[0]

    assert first.fits and first.kind == "slope" and "the value itself" in first.mistake
