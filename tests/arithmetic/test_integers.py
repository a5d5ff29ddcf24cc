"""Integers by NumPy are XLA's integers: every name in the table, wrapping around too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from verification.arithmetic.integers import INTEGERS, integers
from verification.arithmetic.moves import MOVES

LEFT = np.array([[3, -(2**31), 7], [-1, 2**31 - 1, 0]], np.int32)
RIGHT = np.array([[-5, 2**31 - 1, 7], [4, 2, -1]], np.int32)
PROGRAMS = {
    "iota": lambda x, y: lax.broadcasted_iota(np.int16, (2, 3), 1),
    "add": lax.add,
    "sub": lax.sub,
    "mul": lax.mul,
    "neg": lambda x, y: lax.neg(x),
    "max": lax.max,
    "min": lax.min,
    "lt": lax.lt,
    "le": lax.le,
    "gt": lax.gt,
    "ge": lax.ge,
    "eq": lax.eq,
    "ne": lax.ne,
    "and": lax.bitwise_and,
    "or": lax.bitwise_or,
    "xor": lax.bitwise_xor,
    "not": lambda x, y: lax.bitwise_not(x),
    "reduce_sum": lambda x, y: lax.reduce_sum(x, (1,)),
    "convert_element_type": lambda x, y: x.astype(np.int8),
}
OPERANDS = [(LEFT, RIGHT), (LEFT > 0, RIGHT > 0), (LEFT.astype(np.uint8), RIGHT.astype(np.uint8))]
ARITHMETIC = ("iota", "add", "sub", "mul", "neg", "reduce_sum")  # not of booleans


def test_every_name_of_the_table_has_a_program_here_or_moves():
    assert set(PROGRAMS) | set(MOVES) >= set(INTEGERS)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("operands", OPERANDS, ids=["int32", "bool", "uint8"])
def test_the_table_says_what_xla_says(name, operands):
    if operands[0].dtype == bool and name in ARITHMETIC:
        operands = OPERANDS[0]
    program = jax.make_jaxpr(PROGRAMS[name])(*operands)
    (eqn,) = program.eqns
    assert eqn.primitive.name == name
    (got,) = integers(eqn, list(operands)[: len(eqn.invars)])
    want = np.asarray(PROGRAMS[name](*map(jnp.asarray, operands)))
    assert got.dtype == want.dtype and got.shape == want.shape and (got == want).all()


def test_what_is_not_in_the_table_is_asked_of_xla_and_tracers_stay_traced():
    (eqn,) = jax.make_jaxpr(lax.population_count)(LEFT).eqns
    (got,) = integers(eqn, [LEFT])
    assert isinstance(got, np.ndarray) and got[0].tolist() == [2, 1, 3]
    traced = jax.jit(lambda x: integers(eqn, [x])[0])(LEFT)
    assert (np.asarray(traced) == got).all()

    def constants_in_a_trace(x):
        assert isinstance(integers(eqn, [LEFT])[0], np.ndarray)
        return x

    jax.jit(constants_in_a_trace)(1.0)
