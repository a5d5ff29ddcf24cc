"""Gradients as other people write them: right ones pass, wrong ones do not, and nothing crashes."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special as sp

import verification as vf

from .digits_of_others import DIGITS
from .spelt_by_others import CASES, normal, pair


@pytest.mark.parametrize("name", CASES | DIGITS)
def test_each_is_what_it_is(name):
    wanted, gradient, of, args, more = (CASES | DIGITS)[name]
    finding = vf.validate(gradient, of=of, args=args, **more)
    assert finding.verdict == wanted, finding.reason


@pytest.mark.parametrize("name", ["0/0 at 0", "the product over the entry", "inf times 0"])
def test_what_edges_decide_is_a_note_where_the_user_says_so(name):
    _, gradient, of, args, _ = CASES[name]
    assert vf.validate(gradient, of=of, args=args, edges="note").verdict == "correct"


def test_two_layers_as_every_course_writes_them_in_float32():
    def stable(xp):
        def sigmoid(x):
            e = xp.exp(-xp.abs(x))
            return xp.where(x >= 0, 1 / (1 + e), e / (1 + e))

        return sigmoid

    def of(x, w1, b1, w2, t):
        s = stable(jnp)
        return 0.5 * ((s(s(x @ w1 + b1[None, :]) @ w2) - t) ** 2).sum()

    def back(x, w1, b1, w2, t, off=1.0):
        s = stable(np)
        h = s(x @ w1 + b1)
        o = s(h @ w2)
        d2 = (o - t) * o * (1 - o)
        d1 = d2 @ w2.T * h * (1 - off * h)
        return x.T @ d1, d1.sum(0), h.T @ d2

    def draw(rng):
        n = lambda *shape: rng.normal(size=shape)
        return n(5, 3), n(3, 4), n(4), n(4, 2), rng.uniform(0.1, 0.9, size=(5, 2))

    asked = {"of": of, "args": draw, "argnums": (1, 2, 3), "dtype": "float32"}
    for seed in range(3):
        finding = vf.validate(back, seed=seed, **asked)
        assert finding.verdict == "correct", finding.reason
    off = lambda *a: back(*a, off=np.float32(1.001))
    assert vf.validate(off, **asked).verdict == "wrong"


def test_keys_and_samples_of_jax_are_no_crash():
    keep = lambda seed: jax.random.bernoulli(jax.random.key(seed), 0.5, (4,))
    finding = vf.validate(
        lambda x, seed: np.asarray(keep(seed), x.dtype),
        of=lambda x, seed: (x * keep(seed).astype(x.dtype)).sum(),
        args=lambda rng: (rng.normal(size=4), 3),
    )
    assert finding.verdict == "correct"
    finding = vf.validate(
        lambda x, key: np.ones(4, x.dtype),
        of=lambda x, key: (x * jax.random.bernoulli(key, 1.0, (4,)).astype(x.dtype)).sum(),
        args=lambda rng: (rng.normal(size=4), np.array([0, 7], np.uint32)),
    )
    assert finding.verdict == "correct"


def test_pooling_and_loops_of_jax_are_no_crash():
    window = lambda x: jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (2,), (1,), "VALID")
    pool = lambda x: (window(x) ** 2).sum()
    assert vf.validate(jax.grad(pool), of=pool, args=normal(4)).verdict == "correct"
    expi = lambda x: jax.scipy.special.expi(x).sum()
    draw = lambda rng: (rng.uniform(0.2, 0.9, size=4),)
    assert vf.validate(jax.grad(expi), of=expi, args=draw, cases=4).verdict == "correct"


def test_a_candidate_of_float32_alone_and_a_function_that_answers_none():
    def only32(x):
        if x.dtype != np.float32:
            raise TypeError("float32 is declared")
        return -np.cos(x)

    of = lambda x: float(np.sum(np.sin(x)))
    assert vf.validate(only32, of=of, args=normal(4), dtype="float32").verdict == "wrong"

    def none_far_away(x):
        s = float(np.sum(np.asarray(x, float) ** 2))
        return s if s < 1e3 else None

    assert vf.validate(lambda x: 2 * x, of=none_far_away, args=normal(3)).verdict == "correct"


def test_an_exception_far_away_is_what_nan_is_and_its_place_is_said():
    def by_math(x):
        e = [math.exp(v) for v in x]
        return np.array([v / sum(e) for v in e]) - np.eye(4)[0]

    of = lambda x: -jax.nn.log_softmax(x)[0]
    finding = vf.validate(by_math, of=of, args=lambda rng: (2 * rng.normal(size=4),))
    assert finding.verdict == "inaccurate"
    assert "overflows from about 7" in finding.reason and "OverflowError" in finding.reason


def test_a_candidate_that_ends_the_program_is_rejected():
    def ends(x):
        raise SystemExit(3)

    finding = vf.validate(ends, of=lambda x: (x * x).sum(), args=normal(3), cases=2)
    assert finding.verdict == "rejected" and "SystemExit" in finding.reason


def test_two_conventions_at_once():
    asked = {"of": lambda p, t: jnp.sum((p - t) ** 2), "args": pair(4)}
    allowed = ("negative", "half")
    assert vf.validate(lambda p, t: t - p, allow=allowed, **asked).verdict == "correct"
    assert vf.validate(lambda p, t: (t - p) / 3, allow=allowed, **asked).verdict == "wrong"


def test_black_boxes_are_named_leaf_by_leaf_and_no_kink_is_taken_for_noise():
    of = lambda a, b: float(np.sum(np.sin(a)) + np.sum(b**2))
    finding = vf.validate(lambda a, b: (-np.cos(a), 2 * b), of=of, args=pair(4), argnums=(0, 1))
    assert finding.verdict == "wrong" and "sign" in finding.explanation[0].mistake
    relu = lambda x: np.maximum(0, x)
    for of, back in [(relu, lambda x, d: d * (x > 0)), (sp.i1, lambda x, d: d * sp.ivp(1, x))]:
        finding = vf.validate(back, of=of, args=normal(4, 5))
        assert finding.verdict == "correct", finding.reason
        assert not [note for note in finding.notes if "less than float64" in note]
