"""Another spelling of a function whose exponents are shifted: the shift hands no slope on."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from ..arithmetic.shifts import stilled
from .moving import program_in


def has_shifts(program: ClosedJaxpr) -> bool:
    """Whether there are shifts with slopes."""
    return stilled(program) is not program


@lru_cache(maxsize=64)
def without_shifts(of: Callable) -> Callable:
    """The function by a program of its own: see arithmetic/shifts.py."""

    def function(*args):
        program, out, numbers = traced_in_numbers(of, args)
        outs = jaxpr_as_fun(stilled(program))(*numbers)
        return jax.tree.unflatten(out, outs)

    return function


def traced_in_numbers(of: Callable, args: tuple) -> tuple[ClosedJaxpr, Any, list]:
    """Its program in the real numbers among its arguments."""
    arrays = jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, np.ndarray) else x, args)
    return program_in(_is_real, of, arrays)


def _is_real(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, jnp.floating))
