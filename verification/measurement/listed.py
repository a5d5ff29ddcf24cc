"""Lists of numbers where the argument is an array: taken as that array, and said in a note.

A list has no dtype.  Its numbers are taken in that of the argument, which is where a program that
adds them to it would have put them.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..adapters.trees import inward


def arrays_for(part: Any, arg: Any) -> Any:
    """`part`, with an array for each list of numbers that answers for an array of `arg`."""
    structure = jax.tree.structure(arg)
    try:
        pieces = structure.flatten_up_to(part)
    except (TypeError, ValueError):  # another structure, which is said elsewhere
        return part
    leaves = jax.tree.leaves(arg)
    return structure.unflatten([_array(p, a) for p, a in zip(pieces, leaves, strict=True)])


def notes(answer: Any, wanted: list[tuple[int, ...]]) -> tuple[str, ...]:
    """Which of the wanted shapes were answered as lists of numbers."""
    leaves, is_list = jax.tree.leaves(inward(answer)), lambda x: _shape(x) in wanted
    if len(leaves) <= len(wanted):
        return ()
    lists = [x for x in jax.tree.leaves(inward(answer), is_leaf=is_list) if _shape(x)]
    shapes = " and ".join(dict.fromkeys(str(_shape(x)) for x in lists))
    return (f"lists of numbers were taken as arrays of shape {shapes}",) if lists else ()


def _array(part: Any, arg: Any) -> Any:
    like, shape = np.asarray(arg), _shape(part)
    if not shape or not like.shape or not jnp.issubdtype(like.dtype, jnp.floating):
        return part
    with np.errstate(over="ignore"):  # what the format cannot hold is no number in it
        return np.asarray(part, np.float64).astype(like.dtype)


def _shape(part: Any) -> tuple[int, ...]:
    """Of a list of numbers, or of lists of as many numbers each; () of anything else."""
    if type(part) not in (list, tuple) or not all(map(_is_number, jax.tree.leaves(part))):
        return ()
    try:
        return np.asarray(part, np.float64).shape
    except (TypeError, ValueError):  # rows of different lengths
        return ()


def _is_number(x: Any) -> bool:
    real = isinstance(x, float | int) or hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.number)
    return not isinstance(x, bool) and bool(real) and np.ndim(x) == 0
