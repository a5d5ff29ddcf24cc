"""Deviations from a mean: the budget holds the formulas that leave their mean out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import jaxpr_as_fun

from verification.arithmetic.centered import centered
from verification.judgement.check import mixed
from verification.measurement import subject
from verification.oracles import ball
from verification.oracles.question import ask
from verification.selftest.calibration import judged
from verification.selftest.spellings.corpus import target
from verification.selftest.spellings.spelling import Spelled

EPS = 1e-5


def normed(h):
    c = h - h.mean(0, keepdims=True)
    return c / jnp.sqrt((c * c).mean(0, keepdims=True) + EPS)


def with_bias(x, w, b):
    return normed(x @ w + b[None, :])


def compact(x, w, b, dy):
    """r (dy - mean dy - h mean(dy h)), as courses write it."""
    h = x @ w + b
    c = h - h.mean(0)
    r = 1 / np.sqrt((c * c).mean(0) + h.dtype.type(EPS))
    dh = r * (dy - dy.mean(0) - c * r * (dy * c * r).mean(0))
    return x.T @ dh, dh.sum(0)


def covariance(x, s):
    c = x + s - (x + s).mean(0, keepdims=True)
    return c.T @ c / (len(x) - 1)


def from_covariance(x, s, d):
    c = x + s - (x + s).mean(0)
    dx = c @ (d + d.T) / x.dtype.type(len(x) - 1)
    return dx, dx.sum(0, keepdims=True)


def correlation(x, s):  # of z-scores
    c = x + s - (x + s).mean(0, keepdims=True)
    z = c / jnp.sqrt((c * c).mean(0, keepdims=True))
    return jnp.einsum("ni,nj->ij", z, z) / len(x)


def from_correlation(x, s, d):
    n, c = x.dtype.type(len(x)), x + s - (x + s).mean(0)
    root = np.sqrt((c * c).mean(0))
    z = c / root
    dz = z @ (d + d.T) / n
    dx = (dz - z * (dz * z).mean(0)) / root
    return dx, dx.sum(0, keepdims=True)


def normal(*shapes):
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


def off_center(rng):
    return rng.normal(size=(5, 3)), 0.2 * rng.normal(size=(3, 4)), 1.0 + rng.normal(size=4)


RIGHT = {
    "bias before a batch norm": (with_bias, off_center, compact, (1, 2)),
    "covariance": (covariance, normal((7, 3), (1, 3)), from_covariance, (0, 1)),
    "z-scores": (correlation, normal((7, 3), (1, 3)), from_correlation, (0, 1)),
}


def worst(name, dtype="float64", seeds=12):
    """The largest error of the formula, in budgets."""
    of, draw, right, argnums = RIGHT[name]
    subject.autodiff.cache_clear()
    spelled = Spelled(of, draw, {"by hand": right}, argnums)
    found = (target(spelled, dtype, 1.0, seed) for seed in range(seeds))
    return max(judged(name, mixed(right, dtype), dtype, name, held).worst for held in found)


@pytest.mark.parametrize("name", RIGHT)
def test_formulas_without_the_slope_of_the_mean_are_inside(name):
    assert worst(name) < 1.0


@pytest.mark.parametrize("name", RIGHT)
def test_autodiff_alone_has_no_room_for_them(name, monkeypatch):
    """The control: the program with the slope that is 0."""
    monkeypatch.setattr(subject, "centered", lambda program: program)
    assert worst(name) > 1.0
    subject.autodiff.cache_clear()


# --- which programs ------------------------------------------------------------------------------


X, Y, SQUARE = (np.random.default_rng(5).normal(size=s) for s in ((4, 3), (4, 3), (3, 3)))
COLUMNS = {"keepdims": True, "axis": 0}


def deviation(x):
    return x - x.mean(**COLUMNS)


def one_over_count(x):
    return x - jnp.broadcast_to(0.25 * x.sum(0), x.shape)


CHANGED = {
    "squares": (lambda x: (deviation(x) ** 2).sum(0), X),
    "products of two": (lambda x: (deviation(x) * deviation(jnp.asarray(Y))).sum(), X),
    "the variance of JAX": (lambda x: x.var(0), X),
    "a sum over the count": (lambda x: jnp.square(one_over_count(x)).sum(0), X),
    "a product of matrices": (lambda x: deviation(x).T @ deviation(x), X),
    "over its root": (lambda x: ((deviation(x) / x.std(**COLUMNS)) ** 3).sum(0), X),
    "in a loop": (lambda x: jax.lax.scan(lambda s, r: (s + r.var(), s), 0.0 * x[0, 0], x)[0], X),
}
LEFT = {
    "no mean": (lambda x: ((x - Y) ** 2).mean(), X),
    "cubes": (lambda x: (deviation(x) ** 3).sum(0), X),
    "one deviation": (lambda x: (deviation(x) * x).sum(0), X),
    "along another axis": (lambda x: (deviation(x) ** 2).sum(1), X),
    "rows, not columns": (lambda x: deviation(x) @ deviation(x).T, X),
    "squares that are returned": (lambda x: (deviation(x) ** 2, (deviation(x) ** 2)[0]), X),
    "weights": (lambda x: (jnp.asarray(Y) * deviation(x) * deviation(x)).sum(0), X),
    "another count": (lambda x: ((x - x.sum(**COLUMNS) / 3) ** 2).sum(0), X),
    "the mean of another row": (lambda x: ((x - x.mean(1)[None, :]) ** 2).sum(0), SQUARE),
    "a number less a sum": (lambda x: jnp.square(1.0 - x.sum()), X),
    "the mean of another array": (lambda x: ((x - Y.mean(**COLUMNS)) ** 2).sum(0), X),
}


def traced(of, x):
    return jax.make_jaxpr(of)(x)


@pytest.mark.parametrize("name", CHANGED)
def test_the_program_without_has_the_same_slopes(name):
    of, x = CHANGED[name]
    program = traced(of, x)
    other = centered(program)
    assert other is not program

    above = np.random.default_rng(6).normal(size=program.out_avals[0].shape)
    ways = [lambda x: of(x), lambda x: jaxpr_as_fun(other)(x)[0]]
    (one,), (two,) = (ball.gradient(ask(way, (x,), (0,), above)) for way in ways)
    apart = np.abs((one.mid - two.mid) + (one.tail - two.tail))
    assert (apart <= one.rad + two.rad).all()


@pytest.mark.parametrize("name", LEFT)
def test_other_programs_are_left_as_they_are(name):
    of, x = LEFT[name]
    program = traced(of, x)
    assert centered(program) is program
