"""Programs that have a budget wherever they have numbers: no rule of theirs asks what a number is.

Whether a program has a budget is asked before its first case, by a walk through it.  Of such a
program its primitives alone tell.
"""

from functools import lru_cache

import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, JaxprEqn

from ..arithmetic.inner_programs import equations

COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"})
CARRIERS = frozenset({"jit", "pjit", "closed_call", "custom_jvp_call", "custom_vjp_call", "scan"})
ELEMENTARY = frozenset({"cos", "erf", "exp", "expm1", "log", "log1p", "logistic", "sin", "tanh"})
ROOTS = frozenset({"integer_pow", "one_minus_square", "rsqrt", "sqrt", "square"})
ALGEBRA = frozenset({"abs", "add", "add_any", "div", "max", "min", "mul", "neg", "sub"})
SUMS = frozenset({"dot_general", "reduce_sum"})
MOVED = frozenset({"broadcast_in_dim", "concatenate", "reshape", "slice", "squeeze", "transpose"})
OTHERS = frozenset({"convert_element_type", "copy", "pad", "recalled", "select_n", "split"})
RULED = ELEMENTARY | ROOTS | ALGEBRA | SUMS | MOVED | OTHERS | {"stop_gradient"}


@lru_cache(maxsize=64)
def is_ruled(program: ClosedJaxpr) -> bool:
    """Whether no primitive of the program raises, in running bounds or in random rounding.

    Where a comparison is within rounding, neither arithmetic lets it become a number, or pick an
    integer.
    """
    return all(map(_is_ruled, equations(program.jaxpr)))


def _is_ruled(eqn: JaxprEqn) -> bool:
    name = eqn.primitive.name
    if name in CARRIERS or name in COMPARISONS:
        return True
    return name in RULED and all(
        jnp.issubdtype(v.aval.dtype, jnp.floating) for v in _numbers(name, eqn)
    )


def _numbers(name: str, eqn: JaxprEqn) -> list:
    """What must be real: all of it, but for the index of a choice."""
    ins = eqn.invars[1:] if name == "select_n" else eqn.invars
    return [*ins, *eqn.outvars] if name not in MOVED else []
