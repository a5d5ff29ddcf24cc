"""Inverse roots of matrices: enclosed, in floats, within their bound; a wrong power is outside."""

import numpy as np
import pytest
from flint import arb, arb_mat, ctx

from verification.updates import sides
from verification.updates.vectors import layout
from verification.vocabulary import Undecided

WHERE = layout([np.zeros((2, 3)), np.zeros((4, 2)), np.zeros(3)]).slices


def matrix(n: int, least: float = 0.5) -> np.ndarray:
    x = np.random.default_rng(n).normal(size=(n, n + 1))
    return x @ x.T + least * np.eye(n)


def in_balls(a: np.ndarray) -> np.ndarray:
    out = np.empty(a.shape, object)
    out[:] = [[arb(float(x)) for x in row] for row in a]
    return out


@pytest.mark.parametrize("p", [1, 2, 4, 8])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_an_enclosed_root_to_the_power_is_the_inverse(n, p):
    a = matrix(n)
    with ctx.workprec(256):
        x = arb_mat(sides.enclosed(in_balls(a), p).tolist())
        power = x
        for _ in range(p - 1):
            power = power * x
        product = power * arb_mat(a.tolist())
        off = [abs(product[i, k] - int(i == k)).abs_upper() for i in range(n) for k in range(n)]
        assert all(y < arb(2) ** -200 for y in off)


@pytest.mark.parametrize("a", [np.zeros((2, 2)), np.ones((2, 2))])
def test_a_singular_matrix_is_not_decided(a):
    with ctx.workprec(256), pytest.raises(Undecided):
        sides.enclosed(in_balls(a), 4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_a_root_in_floats_is_within_its_bound_and_another_power_is_not(dtype):
    a, unit = matrix(4), float(np.finfo(dtype).eps) / 2
    with ctx.workprec(256):
        truth = sides.enclosed(in_balls(a.astype(dtype)), 4)
        bound = sides.root_error(a, np.zeros((4, 4)), 4, unit)[0, 0]
        worst = [
            max(float(abs(t - _exact(x))) for t, x in zip(truth.flat, got.flat, strict=True))
            for got in (sides.root(a.astype(dtype), p) for p in (4, 2))
        ]
    assert worst[0] <= bound < worst[1]


def _exact(x) -> arb:
    high = float(x)
    return arb(high) + arb(float(x - type(x)(high)))


def test_nothing_is_known_where_rounding_reaches_the_least_eigenvalue():
    off = np.full((2, 2), 0.6)
    assert np.isinf(sides.root_error(np.eye(2), off, 4, 1e-16)).all()
    assert np.isfinite(sides.root_error(np.eye(2), off / 2, 4, 1e-16)).all()


def test_matrices_of_each_side_lie_leaf_after_leaf():
    x = np.random.default_rng(0).normal(size=WHERE[-1].stop)
    w, u, b = x[:6].reshape(2, 3), x[6:14].reshape(4, 2), x[14:].reshape(1, 3)
    rows, columns = (sides.gram(x, WHERE, axis) for axis in (-2, -1))
    assert np.allclose(rows, np.concatenate([(m @ m.T).ravel() for m in (w, u, b)]))
    assert np.allclose(columns, np.concatenate([(m.T @ m).ravel() for m in (w, u, b)]))
    told = sides.times(columns, x, WHERE, -1)
    assert np.allclose(told, np.concatenate([(m @ m.T @ m).ravel() for m in (w, u, b)]))
    assert sides.lengths(WHERE, -2, 0)[0] == 3 and sides.lengths(WHERE, -1, 1)[0] == 3
