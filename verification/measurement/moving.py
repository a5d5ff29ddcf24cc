"""The program of a function in some leaves of its arguments; the others are constants of it."""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr


def program_in(
    moves: Callable[[Any], bool], of: Callable, args: tuple
) -> tuple[ClosedJaxpr, Any, list]:
    """The program in the leaves that move, the structure of what it returns, and these leaves."""
    leaves, tree = jax.tree.flatten(args)
    moving = [k for k, leaf in enumerate(leaves) if moves(leaf)]

    def flat(*numbers):
        merged = dict(enumerate(leaves)) | dict(zip(moving, numbers, strict=True))
        return of(*jax.tree.unflatten(tree, [merged[k] for k in range(len(leaves))]))

    numbers = [leaves[k] for k in moving]
    program, out = jax.make_jaxpr(flat, return_shape=True)(*numbers)
    return program, jax.tree.structure(out), numbers
