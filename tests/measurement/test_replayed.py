"""A JAX candidate with loops is compiled once; whatever could answer otherwise is called."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import verification as vf
from verification.measurement.replayed import TRACED, replayed
from verification.measurement.traces import same_program

X = np.array([0.25, -1.5, 3.0])
ALIKE = {
    "a loop": lambda x: lax.fori_loop(0, 3, lambda i, v: jnp.sin(v) * 2.0, x),
    "another constant": lambda x: lax.fori_loop(0, 3, lambda i, v: jnp.sin(v) * 3.0, x),
    "another operation": lambda x: lax.fori_loop(0, 3, lambda i, v: jnp.cos(v) * 2.0, x),
    "another length": lambda x: lax.fori_loop(0, 4, lambda i, v: jnp.sin(v) * 2.0, x),
    "an array": lambda x: lax.fori_loop(0, 3, lambda i, v: v * np.array([1.0, 2.0, 3.0]), x),
    "another array": lambda x: lax.fori_loop(0, 3, lambda i, v: v * np.array([1.0, 2.0, 4.0]), x),
    "operands exchanged": lambda x: lax.fori_loop(0, 3, lambda i, v: 1.0 / v, x),
    "and back": lambda x: lax.fori_loop(0, 3, lambda i, v: v / 1.0, x),
    "of another output": lambda x: (lax.fori_loop(0, 3, lambda i, v: jnp.sin(v) * 2.0, x), x)[1],
}


class Counted:
    """A candidate, and how often it was called."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *args):
        self.calls += 1
        return self.function(*args)


def looped(step):
    """The gradient of a loop, whose body is a new function at each call."""

    def value(x):
        return lax.scan(lambda c, v: (step(c * v), None), jnp.ones((), x.dtype), x)[0]

    return jax.grad(value)


def test_after_a_few_calls_the_program_is_known():
    candidate = Counted(looped(jnp.tanh))
    again = replayed(candidate, candidate)
    for k in range(12):
        assert np.array_equal(again(X + k), looped(jnp.tanh)(X + k))
    assert candidate.calls == TRACED + 1
    again(np.ones(5))
    assert candidate.calls > TRACED + 1, "another shape is another program"


def test_without_loops_and_in_numpy_it_is_called():
    for function in (jnp.sin, np.sin, lambda x: lax.cond(float(x[0]) > 0, jnp.sin, jnp.cos, x)):
        candidate = Counted(function)
        again = replayed(candidate, candidate)
        for k in range(8):
            assert np.array_equal(np.asarray(again(X + k)), np.asarray(function(X + k)))
        assert candidate.calls >= 8


def test_what_is_another_program_each_time_is_called():
    state = Counted(lambda x: x)

    def drifting(x):
        state.calls += 1
        return looped(lambda v: jnp.tanh(v) + state.calls * 1.0)(x)

    again = replayed(drifting, drifting)
    answers = [np.asarray(again(X)) for _ in range(6)]
    assert all(not np.array_equal(a, answers[0]) for a in answers[1:])


@pytest.mark.parametrize("one", ALIKE)
def test_two_traces_are_one_program_exactly_where_they_are(one):
    trace = lambda name: same_program(jax.make_jaxpr(lambda x: ALIKE[name](x))(X))
    same = [other for other in ALIKE if trace(other) == trace(one)]
    assert same == [one]


def test_a_verdict_on_a_loop_needs_few_calls_and_a_mistake_is_still_seen():
    points = lambda rng: (rng.uniform(0.5, 1.0, size=3),)
    of = lambda x: lax.scan(lambda c, v: (jnp.tanh(c * v), None), jnp.ones((), x.dtype), x)[0]
    right = Counted(looped(jnp.tanh))
    wrong = Counted(lambda x: 1.01 * looped(jnp.tanh)(x))
    judged = [vf.validate(g, of=of, args=points, cases=4) for g in (right, wrong)]
    assert [str(f.verdict) for f in judged] == ["correct", "wrong"]
    assert right.calls <= 3 * (TRACED + 2)
