"""Sides of a kink, measured: their gradients are what the formula says, and a jump is seen."""

import numpy as np
import pytest

from verification.arithmetic.hulls import separation
from verification.oracles.measured_sides import Around, Jump, sides
from verification.vocabulary import Silent

NOISE = 2.0**-53


def around(f, x):
    rows = lambda places: np.array([f(place) for place in places])
    return Around(rows, np.asarray(x, float), NOISE, np.random.default_rng(0))


def asked(f, x, answer):
    return sides(around(f, x), np.asarray(answer, float), np.full(len(x), 1e-9))


def test_every_column_is_a_gradient_beside_the_point_to_within_its_error():
    x = [1.0, 1.0, -0.5]
    found = asked(lambda y: max(y[0], y[1] ** 2) * np.exp(y[2]), x, [0.0, 0.0, 0.0])
    size = np.exp(-0.5)
    exact = size * np.array([[1.0, 0.0, 1.0], [0.0, 2.0, 1.0]])
    off = np.abs(found.columns[:, None] - exact).max(axis=2)

    assert (off.min(axis=1) <= found.error.max()).all() and found.error.max() < 1e-3
    assert len(np.unique(off.argmin(axis=1))) == 2


@pytest.mark.parametrize("count", [4, 12])
def test_an_answer_is_met_however_many_sides_there_are(count):
    for share in (0.0, 0.5, 1.0):
        found = asked(lambda y: np.maximum(y, 0.0).sum(), np.zeros(count), np.full(count, share))
        mean = found.columns.mean(axis=0)
        assert np.isfinite(mean).all() and len(found.columns) > 1


def test_what_is_smooth_has_no_kink():
    assert not around(lambda y: np.exp(y).sum() * y[0], [0.3, -2.0, 0.0]).has_kink()
    assert around(lambda y: np.median(y), [1.0, 1.0, 1.0]).has_kink()


def test_a_jump_is_no_kink():
    with pytest.raises(Jump):
        asked(lambda y: np.floor(y[0]) + y[1], [1.0, 0.5], [0.0, 1.0])


def test_a_root_has_no_sides():
    with pytest.raises(Silent):
        asked(lambda y: np.sqrt(abs(y[0])), [0.0], [1.0])


def test_of_infinitely_many_sides_only_what_is_far_out_is_outside():
    singular = lambda y: np.linalg.svd(y.reshape(2, 2), compute_uv=False) @ np.array([1.0, -0.6])
    least = lambda y: min(np.linalg.norm(y[:2]), np.linalg.norm(y[2:]))
    zero = np.zeros(4)

    for of, answer in ((singular, [np.nan] * 4), (least, [0.4] * 4)):
        with pytest.raises(Silent):
            asked(of, zero, answer)
    assert (
        separation(asked(least, zero, [5.0] * 4).columns, np.full(4, 5.0), np.zeros(4)) is not None
    )


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_of_a_convex_or_concave_function_every_answer_is_told(sign):
    """The subgradients of a norm at 0 are a ball: 0.5 in each of four entries is on its sphere."""
    norm = lambda y: sign * np.linalg.norm(y)
    zero = np.zeros(4)

    for share in (0.0, 0.25, 0.5, -0.5):
        found = asked(norm, zero, np.full(4, share))
        assert separation(found.columns, np.full(4, share), 1e-9 + found.error) is None
    for share in (0.55, -0.7, 5.0):
        found = asked(norm, zero, np.full(4, share))
        assert separation(found.columns, np.full(4, share), 1e-9 + found.error) is not None


def test_where_it_bends_both_ways_no_mixture_of_sides_is_outside():
    least = lambda y: min(np.linalg.norm(y[:2]), np.linalg.norm(y[2:]))
    rng = np.random.default_rng(1)
    for _ in range(8):
        unit = rng.normal(size=(2, 2))
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        share = rng.uniform()
        answer = np.concatenate([share * unit[0], (1.0 - share) * unit[1]])
        try:
            found = asked(least, np.zeros(4), answer)
        except Silent:
            continue
        assert separation(found.columns, answer, 1e-9 + found.error) is None
