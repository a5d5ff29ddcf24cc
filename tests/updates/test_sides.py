"""Inverse roots of matrices: enclosed, in floats, within their bound; a wrong power is outside."""

import numpy as np
import pytest
from flint import arb, arb_mat, ctx

from verification.arithmetic.formats import format_of
from verification.updates import sides
from verification.updates.rounded import Rounded
from verification.updates.running import RunningError
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


def test_the_root_itself_is_enclosed():
    with ctx.workprec(256):
        found = sides.enclosed(in_balls(np.diag([3.0, 5.0])), 4)
    with ctx.workprec(4096):
        for k, number in enumerate((3, 5)):
            assert found[k, k].contains(arb(number) ** (arb(-1) / 4))
            assert not found[k, k].contains(arb(number) ** (arb(-1) / 2))


@pytest.mark.parametrize("factor", [-1.0, 0.125], ids=["another root", "one that is not near"])
def test_what_newton_has_not_found_is_not_decided(monkeypatch, factor):
    found = sides._approached
    monkeypatch.setattr(sides, "_approached", lambda a, p: found(a, p) * arb(factor))
    with ctx.workprec(256), pytest.raises(Undecided):
        sides.enclosed(in_balls(np.eye(2)), 2)


def test_a_root_is_unknown_where_the_matrix_is():
    a = matrix(2)
    assert np.isfinite(sides.root(a, 4)).all()
    a[0, 1] = a[1, 0] = np.inf
    assert np.isnan(sides.root(a, 4)[[0, 1], [1, 0]]).all()
    assert np.isinf(sides.root_error(a, np.zeros((2, 2)), 4, 2.0**-53)).all()


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


@pytest.mark.parametrize("p", [1, 4])
def test_what_an_error_is_carried_to_is_its_bound_and_little_more(p):
    """Of one entry: the slope in between is that at a at least, and that at a - e at most."""
    a, e = 3.0, 2.0**-10
    carried = (a - e) ** (-1 / p) - a ** (-1 / p)
    (bound,) = sides.root_error(np.array([[a]]), np.array([[e]]), p, 2.0**-52).ravel()
    assert carried <= bound <= carried * (1 - 2 * e / a) ** (-1 / p - 1)


def test_a_high_root_is_rounded_too():
    """A^(-1/p) is near 1 whatever A is off by: what is left is the product of its vectors."""
    a, p, unit = matrix(4, 50.0), 256, float(np.finfo(np.float32).eps) / 2
    with ctx.workprec(256):
        truth = sides.enclosed(in_balls(a.astype(np.float32)), p)
        got = sides.root(a.astype(np.float32), p)
        worst = max(float(abs(t - _exact(x))) for t, x in zip(truth.flat, got.flat, strict=True))
    eigenvalues = sides.ROUNDED * 4 * unit * np.linalg.norm(a) / np.linalg.eigvalsh(a)[0] / p
    assert eigenvalues < worst <= sides.root_error(a, np.zeros((4, 4)), p, unit)[0, 0]


def _exact(x) -> arb:
    high = float(x)
    return arb(high) + arb(float(x - type(x)(high)))


def test_nothing_is_known_where_rounding_reaches_the_least_eigenvalue():
    off = np.full((2, 2), 0.6)
    assert np.isinf(sides.root_error(np.eye(2), off, 4, 1e-16)).all()
    assert np.isfinite(sides.root_error(np.eye(2), off / 2, 4, 1e-16)).all()


def test_matrices_of_each_side_lie_leaf_after_leaf():
    x = np.random.default_rng(0).integers(-4, 5, size=WHERE[-1].stop) / 2.0  # sums are exact
    w, u, b = x[:6].reshape(2, 3), x[6:14].reshape(4, 2), x[14:].reshape(1, 3)
    rows, columns = (sides.gram(x, WHERE, axis) for axis in (-2, -1))
    assert (rows == np.concatenate([(m @ m.T).ravel() for m in (w, u, b)])).all()
    assert (columns == np.concatenate([(m.T @ m).ravel() for m in (w, u, b)])).all()
    cubes = np.concatenate([(m @ m.T @ m).ravel() for m in (w, u, b)])
    assert (sides.times(rows, x, WHERE, -2) == cubes).all()
    assert (sides.times(columns, x, WHERE, -1) == cubes).all()
    assert sides.lengths(WHERE, -2, 0)[0] == 3 and sides.lengths(WHERE, -1, 1)[0] == 3


NUMBERS = RunningError(WHERE, format_of("float32"))
ROUND = format_of("float32").unit


@pytest.mark.parametrize("axis", [-2, -1])
def test_products_are_off_by_what_comes_in_and_by_their_roundings_and_no_more(axis):
    """Of positive numbers the worst is known: all are larger, or all are smaller."""
    value = np.random.default_rng(5).uniform(1.0, 2.0, size=WHERE[-1].stop)
    x = Rounded(value, 2.0**-12 * value, NUMBERS.target)
    gram = lambda v: sides.gram(v, WHERE, axis)
    cube = lambda v: sides.times(gram(v), v, WHERE, axis)
    terms = sides.lengths(WHERE, axis, 0).max() + sides.lengths(WHERE, axis, 1).max()
    squares = NUMBERS.gram(x, axis)
    for told, of in ((squares, gram), (NUMBERS.times(squares, x, axis), cube)):
        carried, above = of(value + x.error) - of(value), of(value + x.error)
        assert (told.value == of(value)).all()
        assert (told.error >= carried + ROUND * of(value)).all()
        assert (told.error <= carried + (1.0 + ROUND) ** terms * terms * ROUND * above).all()


@pytest.mark.parametrize("axis", [-2, -1])
def test_the_root_of_what_is_off_is_off_by_what_its_own_matrix_is(axis):
    scale, e = 3.0 * NUMBERS.eye(axis).value, 2.0**-12
    told = NUMBERS.inverse_root(Rounded(scale, e * (scale > 0.0), NUMBERS.target), 4, axis)
    at = scale > 0.0
    moved = (3.0 - e) ** -0.25 - 3.0**-0.25
    assert (told.error[at] >= moved).all()
    sizes = np.concatenate([np.full(n * n, n) for _, n in sides.sides(WHERE, axis)])
    most = np.sqrt(sizes) * moved * (1 - 2 * sizes * e / 3.0) ** -1.25
    assert (told.error <= most + 8 * sides.ROUNDED * sizes**1.5 * ROUND).all()


def test_after_a_branch_that_rounding_may_have_chosen_nothing_is_known():
    numbers = RunningError(WHERE, format_of("float32"))
    w = numbers.vector(np.ones(WHERE[-1].stop))
    one = numbers.scalar(1.0)
    assert numbers.exceeds(one, 0) and np.isfinite(numbers.written(w, False).error).all()
    near = Rounded(one.value, one.error + 2.0**-20, numbers.target, False)
    numbers.exceeds(near, 1)
    assert np.isinf(numbers.written(w, False).error).all()
