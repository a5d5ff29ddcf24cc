"""The programs inside of a program's equations, and every equation of them all."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn

PLAIN_CALLS = frozenset({"jit", "pjit", "closed_call", "eval_jaxpr", "checkpoint", "remat2"})
PLAIN_CALLS |= {"composite"}  # its name is for a compiler; JAX itself has no slope of it
RULED_CALLS = frozenset({"custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"})
CALLS = PLAIN_CALLS | RULED_CALLS  # of one program, which stands under one of these names
BODY = ("jaxpr", "call_jaxpr", "fun_jaxpr")


def closed(program: Jaxpr | ClosedJaxpr) -> ClosedJaxpr:
    return program if isinstance(program, ClosedJaxpr) else ClosedJaxpr(program, ())


def program_of(params: Mapping) -> ClosedJaxpr:
    """The program of a call; where it has a rule, that of its values."""
    return closed(next(params[name] for name in BODY if params.get(name) is not None))


def is_program(x: Any) -> bool:
    return isinstance(x, Jaxpr | ClosedJaxpr)


def inner(params: Mapping) -> list[Jaxpr | ClosedJaxpr]:
    """Those among the parameters of one equation, as they stand there."""
    return list(filter(is_program, jax.tree.leaves(list(params.values()), is_leaf=is_program)))


def bodies(params: Mapping) -> list[Jaxpr]:
    """The same without their constants."""
    return [p.jaxpr if isinstance(p, ClosedJaxpr) else p for p in inner(params)]


def constants(program: Jaxpr | ClosedJaxpr) -> list:
    """The arrays that a program has with it, and the programs inside it."""
    own = list(program.consts) if isinstance(program, ClosedJaxpr) else []
    body = program.jaxpr if isinstance(program, ClosedJaxpr) else program
    for eqn in body.eqns:
        for one in inner(eqn.params):
            own += constants(one)
    return own


def equations(program: Jaxpr) -> Iterator[JaxprEqn]:
    """Every equation of a program, and of the programs inside it."""
    for eqn in program.eqns:
        yield eqn
        for body in bodies(eqn.params):
            yield from equations(body)


@lru_cache(maxsize=64)  # it is asked for every other run
def is_straight(program: Jaxpr) -> bool:
    """Whether it runs the same operations whatever its numbers are."""
    return not any(eqn.primitive.name in ("while", "cond") for eqn in equations(program))


def waits(program: Jaxpr) -> bool:
    """Whether some loop of a program goes on for as long as real numbers say."""
    loops = (eqn for eqn in equations(program) if eqn.primitive.name == "while")
    return any(_compares(eqn.params["cond_jaxpr"].jaxpr) for eqn in loops)


def _compares(condition: Jaxpr) -> bool:
    holds = lambda v: jnp.issubdtype(v.aval.dtype, jnp.floating)
    return any(holds(v) for eqn in equations(condition) for v in eqn.invars)
