"""Slopes of factorisations and solves against differences of mpmath's own, at 120 digits.

The central difference with a step of 1e-30 is off by 1e-60, relative to third derivatives.
"""

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg as jsl
import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from jax import lax

from verification.arithmetic.linear_algebra import pullbacks
from verification.oracles import ball
from verification.oracles.question import ask
from verification.vocabulary import NoRule

DIGITS, STEP = 120, "1e-30"


def symmetric(m):
    return (m + m.T) / 2


def rows(m) -> list:
    return [m[i, j] for i in range(m.rows) for j in range(m.cols)]


def mp_qr(m):
    """By Gram and Schmidt, with R's signs as LAPACK has them: those of the float program."""
    q, r = mpmath.qr(m, mode="skinny")
    sign = [mpmath.sign(r[k, k]) * s for k, s in enumerate(SIGNS["qr"])]
    for k, s in enumerate(sign):
        q[:, k] = q[:, k] * s
        r[k, :] = r[k, :] * s
    return rows(q) + rows(r)


def mp_eigh(m):
    values, vectors = mpmath.eigsy(symmetric(m))
    order = sorted(range(len(values)), key=lambda k: values[k])
    wanted, columns = SIGNS["eigh"], []
    for place, k in enumerate(order):
        v = vectors[:, k]
        dot = sum(v[i] * wanted[i, place] for i in range(v.rows))
        columns.append(v * mpmath.sign(dot))
    return [values[k] for k in order] + [c[i] for i in range(m.rows) for c in columns]


def mp_svd(m):
    u, s, vt = mpmath.svd_r(m, full_matrices=False)
    for k in range(len(s)):
        dot = sum(u[i, k] * SIGNS["svd"][i, k] for i in range(u.rows))
        u[:, k], vt[k, :] = u[:, k] * mpmath.sign(dot), vt[k, :] * mpmath.sign(dot)
    return rows(u) + list(s) + rows(vt)


def mp_lu(m):
    """Of rows in the order of the float program, packed."""
    a = mpmath.matrix([[m[int(i), j] for j in range(m.cols)] for i in SIGNS["lu"]])
    for j in range(min(a.rows, a.cols)):
        for i in range(j + 1, a.rows):
            a[i, j] /= a[j, j]
            for k in range(j + 1, a.cols):
                a[i, k] -= a[i, j] * a[j, k]
    return rows(a)


SIGNS: dict[str, Any] = {}  # of the float program at the point
MATRIX = np.random.default_rng(5).integers(-40, 40, (5, 5)) / 16
RIGHT = np.random.default_rng(6).integers(-40, 40, (5, 2)) / 16
WELL = MATRIX @ MATRIX.T + np.eye(5)
mp_right = mpmath.matrix(RIGHT.tolist())
TRIANGLE = lambda m: (
    mpmath.matrix(m.rows, m.cols)
    + mpmath.matrix([[m[i, j] if i >= j else 0 for j in range(m.cols)] for i in range(m.rows)])
)
THREE = lambda m: mpmath.matrix(
    [[m[i, j] if abs(i - j) < 2 else 0 for j in range(m.cols)] for i in range(m.rows)]
)


def three_diagonals(a):
    low, high = jnp.pad(jnp.diagonal(a, -1), (1, 0)), jnp.pad(jnp.diagonal(a, 1), (0, 1))
    return lax.linalg.tridiagonal_solve(low, jnp.diagonal(a), high, jnp.asarray(RIGHT))


CASES = {  # the program, mpmath's, and where
    "cholesky": (jnp.linalg.cholesky, lambda m: rows(mpmath.cholesky(symmetric(m))), WELL),
    "solve": (
        lambda a: jnp.linalg.solve(a, RIGHT),
        lambda m: rows(mpmath.inverse(m) * mp_right),
        MATRIX,
    ),
    "inv": (jnp.linalg.inv, lambda m: rows(mpmath.inverse(m)), MATRIX),
    "det": (jnp.linalg.det, lambda m: [mpmath.det(m)], MATRIX),
    "slogdet": (
        lambda a: jnp.linalg.slogdet(a)[1],
        lambda m: [mpmath.log(abs(mpmath.det(m)))],
        MATRIX,
    ),
    "triangular_solve": (
        lambda a: jsl.solve_triangular(a, RIGHT, lower=True),
        lambda m: rows(mpmath.inverse(TRIANGLE(m)) * mp_right),
        MATRIX,
    ),
    "triangular_solve, transposed": (
        lambda a: jsl.solve_triangular(a, RIGHT, lower=True, trans=1),
        lambda m: rows(mpmath.inverse(TRIANGLE(m).T) * mp_right),
        MATRIX,
    ),
    "triangular_solve from the right": (
        lambda a: lax.linalg.triangular_solve(a, RIGHT.T, left_side=False, lower=True),
        lambda m: rows(mp_right.T * mpmath.inverse(TRIANGLE(m))),
        MATRIX,
    ),
    "tridiagonal_solve": (
        three_diagonals,
        lambda m: rows(mpmath.inverse(THREE(m)) * mp_right),
        MATRIX,
    ),
    "lu": (lambda a: lax.linalg.lu(a)[0], mp_lu, MATRIX[:4, :4]),
    "lu of a tall matrix": (lambda a: lax.linalg.lu(a)[0], mp_lu, MATRIX[:, :3]),
    "lu of a wide matrix": (lambda a: lax.linalg.lu(a)[0], mp_lu, MATRIX[:3]),
    "qr": (lambda a: tuple(jnp.linalg.qr(a)), mp_qr, MATRIX[:4, :4]),
    "qr of a tall matrix": (lambda a: tuple(jnp.linalg.qr(a)), mp_qr, MATRIX[:, :3]),
    "eigh": (lambda a: tuple(jnp.linalg.eigh(a)), mp_eigh, MATRIX[:4, :4] + MATRIX[:4, :4].T),
    "svd": (lambda a: tuple(jnp.linalg.svd(a)), mp_svd, MATRIX[:3, :3]),
    "svd of a tall matrix": (
        lambda a: tuple(jnp.linalg.svd(a, full_matrices=False)),
        mp_svd,
        MATRIX[:, :3],
    ),
    "expm": (jsl.expm, lambda m: rows(mpmath.expm(m, method="taylor")), MATRIX[:3, :3] / 4),
}


@pytest.fixture(autouse=True)
def x64():
    import jax

    with jax.enable_x64(True):
        yield


def slopes(function, where, weights) -> Any:
    """Of <weights, function>, by balls."""
    import jax

    flat = lambda a: jnp.concatenate([jnp.ravel(x) for x in jax.tree.leaves(function(a))]) @ weights
    (leaf,) = ball.enclose(ask(flat, (where,)), 256)
    return leaf


def difference(function, where, weights, entry) -> arb:
    """Of the same, by mpmath."""
    step = mpmath.mpf(STEP)

    def at(moved):
        m = mpmath.matrix(where.tolist())
        m[entry] += moved
        return sum(mpmath.mpf(w) * v for w, v in zip(weights.tolist(), function(m), strict=True))

    slope = (at(step) - at(-step)) / (2 * step)
    return arb(mpmath.nstr(slope, 55))


def found(name: str):
    program, function, where = CASES[name]
    SIGNS["qr"] = np.sign(np.diagonal(np.asarray(jnp.linalg.qr(where)[1])))
    SIGNS["lu"] = np.asarray(lax.linalg.lu(jnp.asarray(where))[2])
    SIGNS["svd"] = np.asarray(jnp.linalg.svd(where, full_matrices=False)[0])
    if where.shape[0] == where.shape[1]:
        SIGNS["eigh"] = np.asarray(jnp.linalg.eigh(where)[1])
    with mpmath.workdps(DIGITS):
        count = len(function(mpmath.matrix(where.tolist())))
        weights = np.random.default_rng(7).integers(-16, 16, count) / 8
        leaf = slopes(program, where, weights)
        entries = [(0, 0), (1, 0), (0, where.shape[1] - 1), (where.shape[0] - 1, 1)]
        return [(leaf[e], difference(function, where, weights, e)) for e in entries]


def contained(pairs) -> bool:
    """Whether every ball holds the other's slope, to 50 digits, and is no wider than 2^-60."""
    with ctx.workprec(256):
        room = arb(0, 1) * arb(10) ** -48
        return all(
            mine.overlaps(other + room * (1 + abs(other)))
            and float(mine.rad()) <= 2.0**-60 * (1 + abs(float(other)))
            for mine, other in pairs
        )


NEWER = jax.__version_info__ >= (0, 12)


@pytest.mark.parametrize("name", CASES)
def test_a_slope_holds_what_mpmath_says(name):
    if name == "expm" and NEWER:  # a primitive of its own there, without a rule
        with pytest.raises(NoRule, match="call_hi_primitive"):
            found(name)
    elif name == "expm":  # the program is Pade's quotient, which is that of exp to 16 digits
        pairs = found(name)
        assert all(abs(float(mine.mid()) - float(other)) < 1e-13 for mine, other in pairs)
    else:
        assert contained(found(name))


@pytest.mark.parametrize(
    ("name", "piece", "mistake"),
    [
        ("cholesky", "halved", lambda x: pullbacks.lower(x)),
        ("cholesky", "on_triangle", lambda x, reads_lower=True: pullbacks.lower(x)),
        (
            "eigh",
            "apart",
            lambda w: (
                -pullbacks.kept(
                    1 / (w[None] - w[:, None] + pullbacks.identity(len(w))),
                    ~np.eye(len(w), dtype=bool),
                )
            ),
        ),
        ("svd", "apart", lambda w: pullbacks.zeros((len(w), len(w)))),
        ("svd of a tall matrix", "_beside", lambda basis, x: pullbacks.zeros(x.shape)),
        ("qr", "lower", lambda x, below=0: pullbacks.kept(x, np.tri(*x.shape, dtype=bool))),
        ("lu", "lower", lambda x, below=0: pullbacks.kept(x, np.tri(*x.shape, dtype=bool))),
        ("triangular_solve", "solved", lambda a, b: pullbacks.product(a, b)),
    ],
)
def test_a_wrong_pullback_is_seen(name, piece, mistake, monkeypatch):
    monkeypatch.setattr(pullbacks, piece, mistake)
    assert not contained(found(name))
