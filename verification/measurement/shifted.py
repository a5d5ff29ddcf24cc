"""Another spelling of a function whose exponents are shifted: the shift hands no slope on."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from ..arithmetic.shifts import stilled
from ..oracles.question import as_exact


def stilled_spellings(of: Callable, args: tuple) -> list[Callable]:
    """The one, where the function at such arguments has shifts with slopes; else none."""
    with jax.enable_x64(True):
        program, _, _ = _traced(of, jax.tree.map(as_exact, args))
        return [] if stilled(program) is program else [without_shifts(of)]


@lru_cache(maxsize=64)
def without_shifts(of: Callable) -> Callable:
    """The function by a program of its own: see arithmetic/shifts.py."""

    def function(*args):
        program, out, numbers = _traced(of, args)
        outs = jaxpr_as_fun(stilled(program))(*numbers)
        return jax.tree.unflatten(jax.tree.structure(out), outs)

    return function


def _traced(of: Callable, args: tuple) -> tuple[ClosedJaxpr, Any, list]:
    """Its program in the real numbers among its arguments, what it returns, and these numbers."""
    leaves, tree = jax.tree.flatten(args)
    leaves = [jnp.asarray(x) if isinstance(x, np.ndarray) else x for x in leaves]
    real = lambda x: hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.floating)
    moving = [k for k, leaf in enumerate(leaves) if real(leaf)]

    def flat(*numbers):
        merged = dict(enumerate(leaves)) | dict(zip(moving, numbers, strict=True))
        return of(*jax.tree.unflatten(tree, [merged[k] for k in range(len(leaves))]))

    numbers = [leaves[k] for k in moving]
    program, out = jax.make_jaxpr(flat, return_shape=True)(*numbers)
    return program, out, numbers
