"""A function by another program than its own: what its other spellings are made of."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from .moving import program_in


def in_other_words(change: Callable[[ClosedJaxpr], ClosedJaxpr]) -> Callable[[Callable], Callable]:
    """of -> the function by what `change` makes of its program; one for each function."""

    @lru_cache(maxsize=64)
    def changed(of: Callable) -> Callable:
        def function(*args):
            program, out, numbers = traced_in_numbers(of, args)
            return jax.tree.unflatten(out, jaxpr_as_fun(change(program))(*numbers))

        return function

    return changed


def traced_in_numbers(of: Callable, args: tuple) -> tuple[ClosedJaxpr, Any, list]:
    """Its program in the real numbers among its arguments."""
    arrays = jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, np.ndarray) else x, args)
    return program_in(is_real, of, arrays)


def is_real(leaf: Any) -> bool:
    """Whether it is an array, or the shape of one, of real numbers."""
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, jnp.floating))
