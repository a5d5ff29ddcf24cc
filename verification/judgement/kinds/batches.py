"""The same rule under JAX's transformations: batched, scanned, compiled, recomputed.

A transformation is applied to the candidate and to the function alike: vmap(gradient) is judged as
the gradient of vmap(of).  A rule may be right alone and wrong there: a shape that was squeezed, a
residual that was not batched, a Python branch, a side effect, a key that is used twice.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...adapters import jax_function
from ...adapters.function import Function
from ...adapters.recognition import recognised
from ...adapters.trees import inward, outward
from ...vocabulary.names import nearest
from ..draws import drawn
from .problem import Problem, first_point, named_by, output

ROWS = 3  # of a batch: neither 1 nor 2, which hide an axis that was forgotten


class Transformation(NamedTuple):
    """apply(f) for a function of trees of arrays; batched points have `rows` along `axis`."""

    apply: Callable[[Callable], Callable]
    rows: int = 0  # 0: the points are as they were
    axis: int = 0


def _mapped(f: Callable) -> Callable:
    return lambda *args: jax.lax.map(lambda row: f(*row), args)


UNDER: dict[str, dict[str, Transformation]] = {
    "vmap": {
        "vmap": Transformation(jax.vmap, ROWS),
        "vmap of one example": Transformation(jax.vmap, 1),
        "vmap along the last axis": Transformation(
            lambda f: jax.vmap(f, in_axes=-1, out_axes=-1), ROWS, -1
        ),
    },
    "jit": {"jit": Transformation(jax.jit)},
    "remat": {"remat": Transformation(jax.checkpoint)},
    "scan": {"scan": Transformation(_mapped, ROWS)},
    "linearize": {"linearize": Transformation(jax_function.linearized)},
}


def check_under(under: Any) -> tuple[str, ...]:
    """The names.  Raises ValueError for one that there is not."""
    names = (under,) if isinstance(under, str) else tuple(under)
    for name in names:
        if name not in UNDER:
            known = f"{nearest(name, UNDER)}the transformations are {', '.join(UNDER)}"
            raise ValueError(f"under has {name!r}; {known}")
    return names


def transformed(problem: Problem, names: tuple[str, ...]) -> Iterator[tuple[str, Problem]]:
    """The problem under each transformation, by its name."""
    for name in names:
        for label, transformation in UNDER[name].items():
            yield label, _under(problem, transformation)


def _under(problem: Problem, way: Transformation) -> Problem:
    """The candidate and the function under one transformation, at batches of points."""
    apply = partial(_on_trees, way.apply)
    of = named_by(apply(problem.of), problem.of, len(first_point(problem.args)))
    known = recognised(problem.gradient)
    args = batched(problem.args, way) if way.rows else problem.args
    if isinstance(known, Function):
        if known.under is None:
            raise TypeError(f"under: {known.name} is no function of JAX, so nothing transforms it")
        return Problem(known.under(apply), of, args, problem.argnums)
    point = first_point(problem.args)
    if way.rows and getattr(output(problem.of, point), "shape", None) == ():
        of = named_by(partial(_total, of), problem.of, len(point))
    gradient = apply(problem.gradient)
    gradient.__name__ = jax_function.named(problem.gradient)
    return Problem(gradient, of, args, problem.argnums)


def _total(of: Callable, *args) -> Any:
    return jnp.sum(of(*args))


def _on_trees(apply: Callable, f: Callable) -> Callable:
    """apply(f), where f takes and answers trees that JAX may not know."""
    inner = apply(lambda *args: inward(f(*outward(args))))
    return lambda *args: outward(inner(*inward(args)))


def batched(args: Any, way: Transformation) -> Any:
    """A sampler of batches of points, or the batch of one point again and again."""
    if not callable(args):
        return _stacked([args] * way.rows, way.axis)

    def sample(rng, dtype):
        first = drawn(args, rng, dtype)
        rest = [drawn(args, rng, dtype) for _ in range(way.rows - 1)]
        alike = [point if _layout(point) == _layout(first) else first for point in rest]
        return _stacked([first, *alike], way.axis)

    return sample


def _layout(point: tuple) -> tuple:
    leaves, tree = jax.tree.flatten(inward(point))
    return tree, tuple(np.shape(x) for x in leaves)


def _stacked(points: list[tuple], axis: int) -> tuple:
    return outward(jax.tree.map(lambda *rows: np.stack(rows, axis), *map(inward, points)))
