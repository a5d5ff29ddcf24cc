"""Any value as a gradient: f(x) is the derivative of <c, f(x)> in c."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ...adapters.trees import inward
from .problem import Problem, first_point, followed, named_by, weights


def _shaped(value: Any, weights: Any) -> Any:
    """The value as it is.  Raises ValueError at a shape that nobody drew."""
    if jnp.shape(value) != jnp.shape(weights):
        raise ValueError(f"the value has shape {jnp.shape(value)}, not {jnp.shape(weights)}")
    return value


def value_problem(answer: Callable, program: Callable, args: Any, *called: str) -> Problem:
    """Whether answer(*args) is program(*args), to be asked as a gradient.

    `program` is traced by JAX; the answer has its structure.  Its leaves are `called` answer; where
    it is a tuple, its parts may have a name each.
    """
    count = len(first_point(args))

    def contracted(program: Callable) -> Callable:
        def of(*inputs):
            values = jax.tree.leaves(inward(program(*inputs[:count])))
            pairs = zip(values, jax.tree.leaves(inputs[count:]), strict=True)
            return sum(jnp.sum(_shaped(value, c) * c) for value, c in pairs)

        return named_by(of, program, count, *(called or ("answer",)))

    def gradient(*inputs):
        return answer(*inputs[:count])

    gradient.__name__ = getattr(answer, "__name__", type(answer).__name__)

    def more(rng, point):
        drawn = weights(program, rng, point)
        return tuple(drawn) if called else (drawn,)

    of = contracted(program)
    others = tuple(map(contracted, getattr(program, "spellings", ())))
    of.spellings = others  # pyright: ignore[reportFunctionMemberAccess]
    numbers = tuple(range(count, count + len(called))) or count
    return Problem(gradient, of, followed(args, more), numbers)
