"""What the update rules share: unrolled runs, tables of fractions, edges."""

from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from verification.derivations import trajectory


def test_after_is_the_loop_that_a_user_writes():
    params, gradients = trajectory.draw(np.random.default_rng(0))
    rule = optax.sgd(0.25)
    expected = params.b
    for g in gradients.b:
        expected = expected - 0.25 * g

    assert np.array_equal(trajectory.after(rule, params, gradients).b, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_fixed_number_is_rounded_once(dtype):
    third = trajectory.fixed(Fraction(1, 3), jnp.zeros((), dtype))

    assert third.dtype == dtype
    assert third == np.dtype(dtype).type(1.0) / np.dtype(dtype).type(3.0)


def test_lower_is_zero_before_its_time():
    table = trajectory.lower(lambda k, t: Fraction(10 * k + t), 3)

    assert table.tolist() == [[11, 0, 0], [21, 22, 0], [31, 32, 33]]


def test_edges_are_what_they_say():
    cases = {case.label: case.args[1].w for case in trajectory.edge_cases(np.dtype("float64"))}

    assert not cases["every gradient 0"].any()
    assert [bool(g.any()) for g in cases["first gradient 0"]] == [False, True, True]
    assert [bool(g.any()) for g in cases["last gradient 0"]] == [True, True, False]
    assert len(cases) == len(trajectory.edge_cases(np.dtype("float64")))
