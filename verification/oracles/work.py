"""How much work a program is: the products of one pass, so that a proof is not begun in vain."""

import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr

from ..arithmetic.recalled import recalled


def products(program: ClosedJaxpr | Jaxpr) -> int:
    """Scalar products in matrix products, and one for every other number computed."""
    jaxpr = program.jaxpr if isinstance(program, ClosedJaxpr) else program
    return sum(_of(eqn) for eqn in jaxpr.eqns)


def _of(eqn) -> int:
    if eqn.primitive is recalled:
        return 0
    inner = [b for value in eqn.params.values() for b in _bodies(value)]
    if inner:
        return int(eqn.params.get("length", 1)) * sum(map(products, inner))
    computed = sum(int(np.prod(v.aval.shape, dtype=int)) for v in eqn.outvars)
    if eqn.primitive.name == "dot_general":
        axes = eqn.params["dimension_numbers"][0][0]
        shape = eqn.invars[0].aval.shape
        return computed * int(np.prod([shape[i] for i in axes], dtype=int))
    if eqn.primitive.name == "conv_general_dilated":
        kernel = eqn.invars[1].aval.shape
        outputs = kernel[eqn.params["dimension_numbers"].rhs_spec[0]]
        return computed * int(np.prod(kernel, dtype=int)) // max(outputs, 1)
    return computed


def numbers(program: ClosedJaxpr | Jaxpr) -> int:
    """Numbers computed in one pass, whatever products each of them takes."""
    jaxpr = program.jaxpr if isinstance(program, ClosedJaxpr) else program
    return sum(map(_numbers_of, jaxpr.eqns))


def _numbers_of(eqn) -> int:
    inner = [b for value in eqn.params.values() for b in _bodies(value)]
    if inner:
        return int(eqn.params.get("length", 1)) * sum(map(numbers, inner))
    return sum(int(np.prod(v.aval.shape, dtype=int)) for v in eqn.outvars)


def _bodies(value) -> list:
    if isinstance(value, ClosedJaxpr | Jaxpr):
        return [value]
    if isinstance(value, list | tuple):
        return [v for v in value if isinstance(v, ClosedJaxpr | Jaxpr)]
    return []
