"""Another spelling of a function that has 1 - t^2: (1 - t) (1 + t), as JAX has the slope of tanh.

Their slopes are -2 t, and what is left of -(1 + t) + (1 - t): near t = 0 the latter loses digits,
which a program that differentiates tanh twice loses, too.  So 2 t beside 1 - t^2, which may be
such a slope, is (1 + t) - (1 - t) there.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal

from ..arithmetic.inner_programs import PLAIN_CALLS
from ..arithmetic.linear import bind
from ..arithmetic.shifts import anew, opened
from .other_words import in_other_words


def has_squares(program: ClosedJaxpr) -> bool:
    """Whether there is a 1 - t^2 in it."""
    return any(_less_squares(opened(program, PLAIN_CALLS).jaxpr))


def _factored(program: ClosedJaxpr) -> ClosedJaxpr:
    flat = opened(program, PLAIN_CALLS)
    less = {id(eqn): square for eqn, square in _less_squares(flat.jaxpr)}
    kept: dict[int, Any] = {id(square): None for square in less.values()}
    squared = {square.invars[0] for square in less.values()}

    def outputs(eqn: JaxprEqn, ins: list) -> list:
        if id(eqn) in kept:
            kept[id(eqn)] = ins[0]
        if id(eqn) in less:
            t = kept[id(less[id(eqn)])]
            return [(1 - t) * (1 + t)]
        if (of := _twice(eqn)) is not None and eqn.invars[of] in squared:
            t, two = ins[of], ins[1 - of]
            return [two / 2 * ((1 + t) - (1 - t))]
        return bind(eqn, ins)

    return anew(flat, outputs)


in_factors = in_other_words(_factored)


def _less_squares(jaxpr: Jaxpr) -> Iterator[tuple[JaxprEqn, JaxprEqn]]:
    """Each 1 - t^2, with the equation of t^2."""
    squares = {eqn.outvars[0]: eqn for eqn in jaxpr.eqns if _is_square(eqn)}
    for eqn in jaxpr.eqns:
        if eqn.primitive.name == "sub":
            one, square = eqn.invars
            if _is_one(one) and not isinstance(square, Literal) and square in squares:
                yield eqn, squares[square]


def _twice(eqn: JaxprEqn) -> int | None:
    """Which operand t of 2 t or -2 t is t; None of anything else."""
    if eqn.primitive.name != "mul":
        return None
    twice = [isinstance(x, Literal) and np.ndim(x.val) == 0 and abs(x.val) == 2 for x in eqn.invars]
    return twice.index(False) if sum(twice) == 1 else None


def _is_square(eqn: JaxprEqn) -> bool:
    name = eqn.primitive.name
    if name == "mul":
        return eqn.invars[0] is eqn.invars[1] and not isinstance(eqn.invars[0], Literal)
    return name == "square" or (name == "integer_pow" and eqn.params["y"] == 2)


def _is_one(atom: Any) -> bool:
    return isinstance(atom, Literal) and np.ndim(atom.val) == 0 and float(atom.val) == 1.0
