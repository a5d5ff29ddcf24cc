"""Eigenbases: enclosed, in floats, within their bound; where eigenvalues may be equal, none."""

import numpy as np
import pytest
from flint import arb, arb_mat, ctx
from scipy import linalg

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
    a, gap = np.diag([1.0, 1.0 + 2.0**-30]), 2.0**-30
    assert np.isinf(bases.basis_error(a, np.full((2, 2), gap), 2.0**-53)).all()
    own = bases.basis_error(a, np.zeros((2, 2)), 2.0**-53)
    assert (own < 4.0 * bases.ROUNDED * 2 * 2.0**-53 / gap).all()


def apart(a: np.ndarray, q: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Entries of two bases, of which the signs are free."""
    signs = np.sign((q * exact).sum(axis=0))
    return np.abs(q * signs - exact)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_a_basis_in_floats_is_inside_its_bound_and_another_is_not(dtype):
    unit = float(np.finfo(dtype).eps) / 2
    for seed in range(20):
        a = matrix(3, seed).astype(np.float32).astype(np.float64)
        exact = np.linalg.eigh(a)[1]
        bound = bases.basis_error(a, np.zeros_like(a), max(unit, 2.0**-53))
        assert (apart(a, bases.basis(a.astype(dtype)), exact) <= 2.0 * bound).all()
        moved = a + 2.0**-10 * np.abs(a).max() * np.outer(*[np.ones(3)] * 2)
        off = apart(a, bases.basis(moved), exact)
        assert (off > bound).any()
        wider = bases.basis_error(a, np.abs(moved - a), unit)
        assert (off <= wider).all()


def near(gap: float, seed: int = 0) -> np.ndarray:
    """Two of its eigenvalues are so near to one another."""
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    a = (q * np.array([1.0, 1.0 + gap, 3.0])) @ q.T
    return (a + a.T) / 2


def test_a_solver_in_float32_is_as_far_off_as_eigenvalues_are_near():
    """LAPACK's own: NumPy solves in float64 and rounds."""
    for seed in range(4):
        a = near(2.0**-12, seed).astype(np.float32)
        off = apart(a, linalg.eigh(a)[1], np.linalg.eigh(a.astype(float))[1])
        bound = bases.basis_error(a, np.zeros_like(a), 2.0**-24)
        assert (off <= bound).all() and (bound < 1.0).all()
        assert off.max() > bases.ROUNDED * len(a) * 2.0**-24


def test_the_wider_basis_has_its_digits_where_eigenvalues_are_near():
    """One step of refinement does not find them."""
    a = near(2.0**-46, seed=2)
    with ctx.workprec(256):
        exact = bases.enclosed(in_balls(a))
    halves = lambda x: (
        np.longdouble(float(x.mid())) + np.longdouble(float((x - float(x.mid())).mid()))
    )
    exact = np.array([[halves(x) for x in row] for row in exact])
    unit = float(np.finfo(np.longdouble).eps) / 2
    bound = bases.basis_error(a, np.zeros_like(a), unit)
    assert (apart(a, bases.basis(a.astype(np.longdouble)), exact) <= bound).all()


def test_the_angle_is_that_of_a_matrix_which_turns_as_far_as_any():
    """diag(0, 1) and e beside the diagonal: a turn by e, of which the norm says up to 2 e."""
    e = 2.0**-20
    bound = bases.basis_error(np.diag([0.0, 1.0]), np.array([[0.0, e], [e, 0.0]]), 0.0)
    assert ((bound >= e) & (bound <= 3.0 * e)).all()


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_of_what_is_no_number_no_basis_is_known(number, n):
    a = np.stack([np.diag(np.arange(1.0, n + 1)), np.full((n, n), number)])
    assert np.isfinite(bases.basis(a)).all(axis=(1, 2)).tolist() == [True, False]
    assert np.isnan(bases.basis(a)[1]).all()
    bound = bases.basis_error(a, np.zeros_like(a), 2.0**-53)
    assert np.isfinite(bound[0]).all() and (bound[1] == np.inf).all()
    assert n > 1 or (bound[0] == 0.0).all()
