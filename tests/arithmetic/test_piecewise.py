"""Pieces, and loops under vmap: constants among predicates are sure, each lane stops by itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import verification as vf
from verification.arithmetic.bounded import Bounded, Predicate, move
from verification.arithmetic.bounds import bounds
from verification.arithmetic.formats import format_of
from verification.arithmetic.interpreter import run
from verification.measurement.budget import deviations, running_bound


def halved(x):
    """x halved until it is at most 1, each entry by itself."""
    one = lambda v: lax.while_loop(lambda c: c > 1.0, lambda c: 0.5 * c, v)
    return jnp.sin(jax.vmap(one)(x))


def pieces(x):
    return jnp.piecewise(x, [x < 0.0, x > 1.0], [jnp.sin, jnp.cos, lambda v: v * v])


def test_a_function_in_pieces_is_proven():
    rule = lambda x, d: jax.vjp(pieces, x)[1](d)[0]
    args = lambda rng: (rng.uniform(-1.0, 2.0, size=3),)
    found = vf.validate(rule, of=pieces, args=args, cases=1, edges="none")
    assert found.verdict == "correct" and found.oracle == "ball"
    assert 0.0 < max(found.power.values()) < 1e-13


def test_a_constant_among_predicates_is_sure():
    near = Predicate(np.array([True]), np.array([False]))
    known = np.array([False])
    joined = move("concatenate")(near, known, dimension=0)
    assert joined.value.tolist() == [True, False] and joined.sure.tolist() == [False, True]


@pytest.mark.parametrize("budget", [running_bound, deviations])
def test_each_lane_of_a_loop_stops_by_itself(budget):
    """No more is allowed, and no less, than of the entries one by one."""
    x = np.array([0.5, 3.0, 10.0])
    (together,) = budget(halved, (x,), "float64")
    assert (together > 0.0).all() and np.isfinite(together).all()
    alone = np.concatenate([budget(halved, (x[k : k + 1],), "float64")[0] for k in range(3)])
    assert (together <= 4.0 * alone).all() and (alone <= 4.0 * together).all()


def test_the_values_are_those_of_jax():
    x = np.array([0.5, 3.0, 10.0])
    program = jax.make_jaxpr(halved)(x)
    (out,) = run(program, [Bounded(x)], bounds(format_of("float64")))
    np.testing.assert_allclose(out.value, np.asarray(halved(x)), rtol=4e-16)
    assert (out.value[:2] != np.sin(x[:2] / 16.0)).all()  # as if all went on with the last
