"""The rounding error that a correct implementation may show: per entry, in its dtype.

The running error bound of the reference gradient, first order and rigorous up to the stated
assumptions (see arithmetic/bounds.py).  It is never scaled by the size of an array.
"""

import functools
from collections.abc import Callable

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr

from ..arithmetic.bounded import Bounded, format_of
from ..arithmetic.bounds import bounds
from ..arithmetic.interpreter import is_plain, run
from ..oracles.question import as_exact


def budget(gradient: Callable, args: tuple, dtype: str) -> list[np.ndarray]:
    """A bound for every entry of gradient(*args), leaf by leaf, in flattening order."""
    with jax.enable_x64(True):
        leaves, tree = jax.tree.flatten(jax.tree.map(as_exact, args))
        program = _trace(gradient, tree, tuple((leaf.shape, leaf.dtype) for leaf in leaves))
    arithmetic = _bounds(dtype)
    lifted = [arithmetic.lift(x) if x.dtype.kind == "f" else x for x in leaves]
    with np.errstate(all="ignore"):
        outs = run(program, lifted, arithmetic)
    return [_allowed(out) for out in outs]


def _allowed(out) -> np.ndarray:
    """NaN, from infinities that met, is no bound at all."""
    if is_plain(out):
        return np.zeros(out.shape)
    assert isinstance(out, Bounded)
    return np.where(np.isnan(out.error) | np.isnan(out.value), np.inf, out.error)


_bounds = functools.lru_cache(maxsize=8)(lambda dtype: bounds(format_of(dtype)))


@functools.lru_cache(maxsize=512)
def _trace(gradient: Callable, tree, signature: tuple) -> ClosedJaxpr:
    flat = lambda *leaves: jax.tree.leaves(gradient(*jax.tree.unflatten(tree, leaves)))
    return jax.make_jaxpr(flat)(*(jax.ShapeDtypeStruct(*s) for s in signature))
