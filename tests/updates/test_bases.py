"""Eigenbases: enclosed, in floats, within their bound; where eigenvalues may be equal, none."""

import numpy as np
import pytest
from flint import arb, arb_mat, ctx

from verification.updates import bases
from verification.vocabulary import Undecided


def matrix(n: int, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(n, n + 1))
    return x @ x.T


def in_balls(a: np.ndarray) -> np.ndarray:
    out = np.empty(a.shape, object)
    out[:] = [[arb(float(x)) for x in row] for row in a]
    return out


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_an_enclosed_basis_makes_the_matrix_diagonal_by_rising_eigenvalues(n):
    a = matrix(n)
    with ctx.workprec(256):
        q = arb_mat(bases.enclosed(in_balls(a)).tolist())
        turned = q.transpose() * arb_mat(a.tolist()) * q
        one = q.transpose() * q
        for i in range(n):
            assert abs(one[i, i] - 1).abs_upper() < arb(2) ** -200
            assert i == 0 or turned[i - 1, i - 1] < turned[i, i]
            for j in range(n):
                assert i == j or abs(turned[i, j]).abs_upper() < arb(2) ** -200


def test_equal_eigenvalues_have_no_basis():
    with ctx.workprec(256), pytest.raises(Undecided, match="eigenvalues may be equal"):
        bases.enclosed(in_balls(np.eye(3)))
    assert np.isinf(bases.basis_error(np.eye(3), np.zeros((3, 3)), 2.0**-53)).all()
    near = np.diag([1.0, 1.0 + 1e-9])
    assert np.isinf(bases.basis_error(near, np.full((2, 2), 1e-9), 2.0**-53)).all()
    assert (bases.basis_error(near, np.zeros((2, 2)), 2.0**-53) < 1e-5).all()


def apart(a: np.ndarray, q: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Entries of two bases, of which the signs are free."""
    signs = np.sign((q * exact).sum(axis=0))
    return np.abs(q.astype(np.float64) * signs - exact)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_a_basis_in_floats_is_inside_its_bound_and_another_is_not(dtype):
    unit = float(np.finfo(dtype).eps) / 2
    for seed in range(20):
        a = matrix(3, seed).astype(np.float32).astype(np.float64)
        exact = np.linalg.eigh(a)[1]
        bound = bases.basis_error(a, np.zeros_like(a), max(unit, 2.0**-53))
        assert (apart(a, bases.basis(a.astype(dtype)), exact) <= 2.0 * bound).all()
        moved = a + 1e-3 * np.abs(a).max() * np.outer(*[np.ones(3)] * 2)
        off = apart(a, bases.basis(moved), exact)
        assert (off > bound).any()
        wider = bases.basis_error(a, np.abs(moved - a), unit)
        assert (off <= wider).all()


def test_the_wider_basis_has_its_digits():
    a = matrix(3).astype(np.longdouble)
    q = bases.basis(a)
    off = q.T @ a @ q
    off[np.diag_indices(3)] = 0.0
    assert np.abs(off).max() < 64 * np.finfo(np.longdouble).eps * np.abs(a).max()
