"""Shorter searches leave out only what cannot fit: other runs, one leaf, few directions."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic.inner_programs import is_straight
from verification.arithmetic.local_derivatives import swept
from verification.arithmetic.tape import record
from verification.explanation import first_leaf
from verification.explanation.columns import MOST, directions_of, mix
from verification.explanation.first_leaf import misses
from verification.explanation.other_runs import constant_of
from verification.explanation.problem import Problem
from verification.judgement.truth_source import truth_source
from verification.measurement.subject import Subject
from verification.vocabulary import Case

ARGS = tuple(np.random.default_rng(0).normal(size=s) for s in ((3, 4), (4, 2), (5, 3)))


def forward(w, v, x):
    h = jnp.tanh(x @ w + 0.5)
    return jnp.sum(jnp.exp(0.3 * (h @ v)))


def problem(gradient, of=forward) -> Problem:
    with jax.enable_x64(True):
        source = truth_source(Subject(gradient, of, (0, 1), "float64", ARGS), ARGS)
        sample = source.at(Case("case", ARGS), np.random.default_rng(0))
        assert sample is not None
        return Problem(sample, of, (0, 1), True)


def by_jax(scale: float = 1.0, of=forward):
    right = jax.grad(of, (0, 1))
    return lambda *args: tuple(scale * np.asarray(g) for g in right(*args))


def half(tape, op):
    return constant_of(lambda c: 0.5 * c)(tape, op) if op.name == "add" else None


@pytest.mark.parametrize("altered", [None, half])
@pytest.mark.parametrize("changed", [0, 1, 2])
def test_another_run_is_what_would_have_been_written_down(changed, altered):
    p = problem(by_jax())
    leaves = [x if k != changed else 2.0 * x for k, x in enumerate(p.question.leaves)]
    with jax.enable_x64(True):
        whole = record(p.question.program, leaves, p.question.wanted, None, altered)
        short = p.recorded(leaves, altered)
        unchanged = swept(p.tape).gradient
    gradients = [swept(tape).gradient for tape in (whole, short)]

    assert [op.key for op in whole.operations] == [op.key for op in short.operations]
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not any(map(np.array_equal, gradients[1], unchanged))


def test_a_program_that_chooses_its_way_is_written_down_anew():
    def choosing(w, v, x):
        return jax.lax.cond(
            x[0, 0] > 0, lambda: jnp.sum(x @ w @ v), lambda: jnp.sum(w) * jnp.sum(v)
        )

    assert is_straight(jax.make_jaxpr(forward)(*ARGS).jaxpr)
    assert not is_straight(jax.make_jaxpr(choosing)(*ARGS).jaxpr)
    p = problem(by_jax(of=choosing), choosing)
    other = p.recorded([*p.question.leaves[:2], -p.question.leaves[2]])
    assert [op.key for op in other.operations] != [op.key for op in p.tape.operations]


def test_one_leaf_rules_out_what_is_far_and_not_what_is_near(monkeypatch):
    monkeypatch.setattr(first_leaf, "SKIPPED", 0.0)
    p = problem(by_jax(2.0))
    twice = replace(
        p.tape, wrong=p.tape.wrong._replace(scales={(p.tape.operations[-1].key, 0): 2.0})
    )

    assert misses([p], p.tape)  # the right gradient is not the answer
    assert not misses([p], twice)
    assert not misses([p], p.tape, scales={(p.tape.operations[-1].key, 0): 2.0})


def test_few_combinations_know_what_is_nothing():
    combined = mix([40, 60], 32)
    stacked = np.random.default_rng(1).normal(size=100)
    parts = [b @ x for b, x in zip(combined.blocks, np.split(stacked, [40]), strict=True)]

    np.testing.assert_allclose(combined.summed(np.concatenate(parts)), combined.of(stacked))
    assert np.linalg.norm(combined.of(stacked)) > 0.5 * np.linalg.norm(stacked)
    assert not combined.of(0.0 * stacked).any()
    np.testing.assert_array_equal(mix([2, 3], 32).of(stacked[:5]), stacked[:5])


def test_directions_of_many_leaves_are_fewer_where_each_looks_at_all():
    weights = [np.ones((4, 4))] * MOST
    alone, together = (directions_of(weights, weights, t) for t in (False, True))

    assert len(alone[0]) == 2 * MOST and len(together[0]) == MOST
    assert all((block != 0.0).all() for block in together)
    few = [np.ones(3)] * 4
    assert all(map(np.array_equal, directions_of(few, few, False), directions_of(few, few, True)))
