"""When two traces are one program: the same operations on the same constants, whoever made them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

LOOPS = {"scan", "while", "cond"}
# Slopes that a program which is only evaluated does not ask for, by names of parameters.
UNASKED = {"jvp_jaxpr_fun", "jvp_jaxpr_thunk", "fwd_jaxpr_thunk", "bwd", "out_trees"}


def compiles(jaxpr: Jaxpr) -> bool:
    """Whether JAX has a loop to compile in it."""
    return any(
        eqn.primitive.name in LOOPS or any(map(compiles, _bodies(eqn.params))) for eqn in jaxpr.eqns
    )


def _bodies(params: dict) -> list[Jaxpr]:
    found = [x for v in params.values() for x in (v if isinstance(v, list | tuple) else (v,))]
    bare = [x.jaxpr if isinstance(x, ClosedJaxpr) else x for x in found]
    return [x for x in bare if isinstance(x, Jaxpr)]


def same_program(program: ClosedJaxpr) -> tuple:
    """A key that two traces share exactly where they are one program, constants among it."""
    return _jaxpr(program.jaxpr), tuple(map(_constant, program.consts))


def _jaxpr(jaxpr: Jaxpr) -> tuple:
    numbers: dict = {}
    number = lambda v: numbers.setdefault(v, len(numbers))
    made = lambda v: (number(v), str(v.aval))
    read = lambda a: _constant(a.val) if isinstance(a, Literal) else number(a)
    ins = tuple(map(made, (*jaxpr.constvars, *jaxpr.invars)))
    eqns = tuple(
        (
            eqn.primitive.name,
            tuple(map(read, eqn.invars)),
            tuple(map(made, eqn.outvars)),
            tuple((k, _param(v)) for k, v in sorted(eqn.params.items()) if k not in UNASKED),
        )
        for eqn in jaxpr.eqns
    )
    return ins, eqns, tuple(map(read, jaxpr.outvars))


def _constant(value: Any) -> tuple:
    if not hasattr(value, "dtype"):
        return type(value), value
    if jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        return str(value.dtype), _constant(jax.random.key_data(value))
    array = np.asarray(value)
    return str(array.dtype), array.shape, getattr(value, "weak_type", False), array.tobytes()


def _param(value: Any) -> Any:
    if isinstance(value, ClosedJaxpr):
        return same_program(value)
    if isinstance(value, Jaxpr):
        return _jaxpr(value)
    if isinstance(value, list | tuple):
        return type(value), tuple(map(_param, value))
    if isinstance(value, dict):
        return tuple((k, _param(v)) for k, v in sorted(value.items()))
    if isinstance(value, np.ndarray | jax.Array):
        return _constant(value)
    try:
        hash(value)
    except TypeError:
        return _Itself(value)
    return value


class _Itself:
    """What has no hash is the same as itself alone."""

    def __init__(self, value: Any):
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)
