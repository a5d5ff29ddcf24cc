"""Any value as a gradient: f(x) is the derivative of <c, f(x)> in c."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ...adapters.trees import inward, outward
from .problem import Problem, first_point, followed, like, output


def _shaped(value: Any, weights: Any) -> Any:
    """The value as it is.  Raises ValueError at a shape that nobody drew."""
    if jnp.shape(value) != jnp.shape(weights):
        raise ValueError(f"the value has shape {jnp.shape(value)}, not {jnp.shape(weights)}")
    return value


def value_problem(answer: Callable, program: Callable, args: Any) -> Problem:
    """Whether answer(*args) is program(*args), to be asked as a gradient.

    `program` is traced by JAX; the answer has its structure.
    """
    point = first_point(args)
    shapes, count = output(program, point), len(point)

    def contracted(program: Callable) -> Callable:
        def of(*inputs):
            *given, weights = inputs
            values = jax.tree.leaves(inward(program(*given)))
            pairs = zip(values, jax.tree.leaves(weights), strict=True)
            return sum(jnp.sum(_shaped(value, c) * c) for value, c in pairs)

        return of

    def gradient(*inputs):
        return answer(*inputs[:count])

    gradient.__name__ = getattr(answer, "__name__", type(answer).__name__)
    more = lambda rng, _: (outward(like(rng, shapes)),)
    of = contracted(program)
    others = tuple(map(contracted, getattr(program, "spellings", ())))
    of.spellings = others  # pyright: ignore[reportFunctionMemberAccess]
    return Problem(gradient, of, followed(args, more), count)
