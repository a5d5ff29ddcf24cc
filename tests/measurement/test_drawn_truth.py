"""A program too deep for a running bound is judged by float64, whose rounding is drawn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.judgement import truth_source, verdict
from verification.measurement import answer, beside, large_truth
from verification.measurement.budget import RANDOM, Budget
from verification.measurement.drawn_truth import NAME, drawn_truth
from verification.measurement.evaluation import Proof
from verification.measurement.subject import Subject
from verification.oracles import ball, reverse_autodiff
from verification.oracles.question import ask
from verification.oracles.work import products

from .deep_network import network, sample

deep = network(8)
right = jax.jit(jax.grad(deep))
GRADIENTS = {"correct": right, "wrong": lambda *args: right(*args).at[2, 3].multiply(1.05)}


@pytest.fixture
def large(monkeypatch):
    """As if a proof were too much work for any program."""
    monkeypatch.setattr(answer, "PROVABLE", 1)
    monkeypatch.setattr(large_truth, "PROVABLE", 1)


def judged(gradient, dtype="float32"):
    asked = lambda *args: gradient(*map(jnp.asarray, args))
    return vf.validate(asked, of=deep, args=sample, dtype=dtype, cases=2, edges="none")


def test_its_bound_says_nothing():
    (found,) = reverse_autodiff.gradient(ask(deep, sample(np.random.default_rng(0))))
    assert (found.rad > abs(found.mid)).any()


@pytest.mark.parametrize("verdict", GRADIENTS)
def test_it_is_judged(large, verdict):
    found = judged(GRADIENTS[verdict])
    assert found.verdict == verdict and found.oracle == NAME


def test_float64_is_not_judged_by_itself(large):
    assert judged(GRADIENTS["correct"], "float64").verdict == "undecided"


def test_its_radius_holds_the_truth(large):
    subject = Subject(right, deep, (0,), "float32", sample(np.random.default_rng(0)))
    for seed in range(4):
        rng = np.random.default_rng(seed)
        point = tuple(np.float32(x) for x in sample(rng))
        drawn = truth_source.proven(subject, vf.Case("", point), rng)
        assert drawn is not None
        (at,), (known,) = drawn.truth, ball.gradient(ask(deep, point))
        off = abs((at.mid - known.mid) - known.tail)
        assert (off <= at.rad + known.rad).all() and (off > 0.0).any()
        assert (at.rad < drawn.allowed[0]).all() and not at.proven


def test_a_tie_leaves_it_undecided(large, monkeypatch):
    monkeypatch.setattr(verdict, "LIMIT", 1)  # every case has the same tie
    kinked = lambda w, x: deep(w, jnp.maximum(x, 0.0) + jnp.cumsum(jnp.ones_like(x), -1))
    at = lambda rng: (sample(rng)[0], np.zeros((1, 4)))
    gradient = jax.jit(jax.grad(kinked, 1))
    asked = {"of": kinked, "args": at, "argnums": 1, "cases": 1, "edges": "none"}
    found = vf.validate(lambda *a: gradient(*map(jnp.asarray, a)), dtype="float32", **asked)
    assert found.verdict == "undecided"


SHALLOW = lambda w, x: jnp.sum(jnp.tanh(x @ w) ** 2)


@pytest.mark.parametrize(("of", "oracle"), [(deep, NAME), (SHALLOW, "reverse_autodiff")])
def test_the_budget_of_a_large_program_is_found_once(large, monkeypatch, of, oracle):
    asked, found = [], beside.budget_at
    for where in (beside, large_truth):
        monkeypatch.setattr(where, "budget_at", lambda *args: asked.append(args) or found(*args))
    subject = Subject(jax.grad(of), of, (0,), "float32", sample(np.random.default_rng(0)))
    point = tuple(map(np.float32, sample(np.random.default_rng(0))))
    told = truth_source.proven(subject, vf.Case("", point), np.random.default_rng(0))
    assert told is not None and len(asked) == 1
    assert told.oracle == (oracle if oracle == NAME else "")


def told(of, points, dtype="float32"):
    """At each of them: whether it was proven, and by whom else it is told."""
    subject = Subject(jax.grad(of), of, (0,), dtype, points[0])
    reference = subject.reference(True)
    found = [large_truth.told(subject, point, None, reference) for point in points]
    return [(known.found.truth[0].proven, known.oracle) for known in found]


@pytest.mark.parametrize(("of", "dtype", "later"), (
    (deep, "float32", (False, NAME)),
    (deep, "float64", (True, "")),
    (SHALLOW, "float32", (False, "")),
))  # fmt: skip
def test_proofs_of_all_draws_are_no_more_work_than_one_of_the_largest(
    monkeypatch, of, dtype, later
):
    point = tuple(map(np.float32, sample(np.random.default_rng(0))))
    monkeypatch.setattr(large_truth, "PROVABLE", 2 * products(ask(of, point).program))
    assert told(of, [point] * 4, dtype) == [(True, "")] * 2 + [later] * 2


@pytest.mark.parametrize("at", (0.0, 800.0), ids=("a tie", "inf in float64"))
def test_a_later_draw_is_proven_where_float64_does_not_tell(monkeypatch, at):
    of = lambda x: jnp.sum(jnp.maximum(x, 0.0) + jnp.exp(x) / (1.0 + jnp.exp(x)))
    points = [(np.full(8, number),) for number in (0.5, 0.5, at)]
    monkeypatch.setattr(large_truth, "PROVABLE", products(ask(of, points[0]).program))
    assert [proven for proven, _ in told(of, points)] == [True, False, True]


W, ROOM = np.array([0.5, -1.0]), np.array([2.0**-20, 2.0**-22])
slope = jax.grad(lambda w: jnp.sum(jnp.sin(w)))
WIDE, THIN = (vf.Ball(np.cos(W), np.zeros(2), rad, proven=True) for rad in (2 * ROOM, ROOM))


def drawn(truth, silence="", gradient=slope, dtype="float32"):
    question = ask(lambda w: jnp.sum(jnp.sin(w)), (W,))
    budget = lambda: Budget([ROOM], (RANDOM,))
    return drawn_truth(Proof(question, truth, silence), budget, gradient, (W,), dtype)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16_float32"])
def test_its_radius_is_the_budget_over_how_much_finer_float64_is(dtype):
    """Than the sums: they carry the numbers on, and are as fine as float32 in both."""
    found = drawn([WIDE], dtype=dtype)
    assert found is not None
    (ball,) = found.truth
    assert (ball.rad == 2.0**-29 * ROOM).all()


def test_there_is_none_where_a_bound_is_enough_or_float64_has_no_numbers():
    assert drawn([THIN]) is None
    assert drawn([], "no rule") is not None
    assert drawn([WIDE], gradient=lambda w: slope(w) / 0.0) is None
