"""Whole numbers that a program makes of whole numbers of its own, as 1 - 0: nothing rounds them."""

import functools
import operator
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend.core import Jaxpr, Literal

MADE_BY = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "neg": operator.neg}
LARGEST = 256  # every format has all whole numbers up to here


@functools.lru_cache(maxsize=4096)
def whole_numbers(jaxpr: Jaxpr) -> dict:
    """Variable -> its value, of scalars that no argument goes into."""
    found: dict[Any, np.ndarray] = {}
    for eqn in jaxpr.eqns:
        made, kind = MADE_BY.get(eqn.primitive.name), _kind(eqn)
        if made is None or kind.shape:
            continue
        values = [v.val if isinstance(v, Literal) else found.get(v) for v in eqn.invars]
        if all(map(_is_whole, values)) and _is_whole(result := np.asarray(made(*values))):
            found[eqn.outvars[0]] = result.astype(kind.dtype)
    return found


def _kind(eqn: Any) -> Any:
    """Shape and dtype of what it makes; None of an equation without outputs."""
    return eqn.outvars[0].aval if eqn.outvars else None


def _is_whole(value: Any) -> bool:
    if value is None or np.shape(value):
        return False
    if not jnp.issubdtype(np.asarray(value).dtype, jnp.floating):
        return False
    return abs(float(value)) <= LARGEST and float(value).is_integer()
