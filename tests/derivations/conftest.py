"""What every derivation is asked: is it correct, are its twins not, do its arrows compose."""

import jax
import numpy as np
import pytest
from flint import arb, ctx

from verification.arithmetic.balls import BALLS
from verification.arithmetic.interpreter import is_plain, run
from verification.derivations import ALL
from verification.faults import slopes
from verification.inputs import draws
from verification.judgement import check as judging
from verification.measurement.answer import truth as balls_of
from verification.measurement.budget import budget
from verification.measurement.error import beyond
from verification.vocabulary import Verdict

BITS = 256
SAME = arb(2) ** -90  # tables of constants are held in two doubles: 106 bits


@pytest.fixture
def is_correct():
    """Correct in both dtypes, at a few draws and at every edge."""

    def check(name):
        rng = np.random.default_rng(5)
        findings, _ = judging.examine(ALL[name], rng, {"float64": 3, "float32": 3}, 0)
        for finding in findings:
            assert finding.verdict == Verdict.CORRECT, finding.reason

    return check


@pytest.fixture
def twins_are_wrong():
    """Each planted mistake is found wrong, in float64 and at the draws alone."""

    def check(name):
        assert slopes.ALL[name]
        right, rng = ALL[name], np.random.default_rng(5)
        case = judging.with_cotangent(right, next(judging.draw(right, rng)), rng)
        truth = balls_of(judging.question_of(right, case.args))
        allowed = budget(right.gradient, case.args, "float64").allowed
        for mistake, gradient in slopes.ALL[name].items():
            got = map(np.asarray, jax.tree.leaves(jax.jit(gradient)(*case.args)))
            errors = [beyond(g, t) for g, t in zip(got, truth, strict=True)]
            assert all(np.isfinite(a).all() for a in allowed)
            assert any((e > a).any() for e, a in zip(errors, allowed, strict=True)), mistake

    return check


@pytest.fixture
def composes():
    """The arrows, composed by the test, are the whole to 27 digits: value and gradient.

    `same` is how nearly the values agree, where the code of refnet rounds a constant of its own.
    """

    def check(name, forward, backward, same=SAME):
        derivation = ALL[name]
        rng = np.random.default_rng(11)
        args = derivation.draw(rng)
        assert_same(derivation.function, forward, args, same)
        if not derivation.scalar:
            args = (*args, draws.cotangent_of(rng, derivation.function, args))
        assert_same(derivation.gradient, backward, args)
        with pytest.raises(AssertionError):
            assert_same(derivation.gradient, _nudged(backward), args)

    return check


def _nudged(backward):
    """Control: one part in 2^52 too much is seen."""
    return lambda *args: jax.tree.map(lambda g: g * (1.0 + 2.0**-52), backward(*args))


@pytest.fixture
def same_in_balls():
    return assert_same


def assert_same(f, g, args, same=SAME):
    for x, y in zip(in_balls(f, args), in_balls(g, args), strict=True):
        assert x.shape == y.shape
        with ctx.workprec(BITS):
            scale = max((abs(v).upper() for v in x.flat), default=arb(0))
            for u, v in zip(x.flat, y.flat, strict=True):
                assert abs(u - v) <= same * scale, f"{u} is not {v}"


def in_balls(f, args):
    """The leaves of f(*args) as arrays of balls."""
    leaves, tree = jax.tree.flatten(args)
    flat = lambda *xs: jax.tree.leaves(f(*jax.tree.unflatten(tree, xs)))
    leaves = [np.asarray(leaf) for leaf in leaves]
    program = jax.make_jaxpr(flat)(*leaves)
    with ctx.workprec(BITS):
        lifted = [BALLS.lift(x) if x.dtype.kind == "f" else x for x in leaves]
        outs = run(program, lifted, BALLS)
    assert not any(map(is_plain, outs))
    return [np.asarray(out, object) for out in outs]
