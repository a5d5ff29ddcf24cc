"""The programs inside of a program's equations, and every equation of them all."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn


def is_program(x: Any) -> bool:
    return isinstance(x, Jaxpr | ClosedJaxpr)


def inner(params: Mapping) -> list[Jaxpr | ClosedJaxpr]:
    """Those among the parameters of one equation, as they stand there."""
    return list(filter(is_program, jax.tree.leaves(list(params.values()), is_leaf=is_program)))


def bodies(params: Mapping) -> list[Jaxpr]:
    """The same without their constants."""
    return [p.jaxpr if isinstance(p, ClosedJaxpr) else p for p in inner(params)]


def equations(program: Jaxpr) -> Iterator[JaxprEqn]:
    """Every equation of a program, and of the programs inside it."""
    for eqn in program.eqns:
        yield eqn
        for body in bodies(eqn.params):
            yield from equations(body)
