"""A gradient beside the function of which it should be one; points with more arguments behind."""

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...adapters.trees import inward, outward
from ...inputs import draws
from ...oracles.question import as_exact
from ..draws import drawn
from ..leaf_names import names_of


class Problem(NamedTuple):
    """What validate is asked: gradient(*args) against of, in args[argnums]."""

    gradient: Any
    of: Callable
    args: Any
    argnums: int | tuple[int, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        return (self.argnums,) if isinstance(self.argnums, int) else tuple(self.argnums)


def first_point(args: Any) -> tuple:
    """The point itself, or one that the sampler draws."""
    return drawn(args, np.random.default_rng(0), "float64") if callable(args) else args


def named_by(function: Callable, of: Callable, count: int, *more: str) -> Callable:
    """The function with the names of `count` parameters of `of`, and these behind them."""
    names = _apart([*names_of(of, count), *more])
    free = inspect.Parameter.POSITIONAL_ONLY
    if all(map(str.isidentifier, names)):
        known = [inspect.Parameter(name, free) for name in names]
        function.__signature__ = inspect.Signature(known)  # pyright: ignore[reportFunctionMemberAccess]
    return function


def _apart(names: list[str]) -> list[str]:
    """A name that comes again, such as a cotangent of a pullback of a pullback, is numbered."""
    again = [names[:k].count(name) for k, name in enumerate(names)]
    return [
        f"{name}_{count + 1}" if count else name for name, count in zip(names, again, strict=True)
    ]


def followed(args: Any, more: Callable[[np.random.Generator, tuple], tuple]) -> Any:
    """Points with more(rng, point) behind each of them."""
    if not callable(args):
        return (*args, *more(np.random.default_rng(0), args))

    def sample(rng, dtype):
        point = drawn(args, rng, dtype)
        return (*point, *more(rng, point))

    return sample


def output(of: Callable, point: tuple) -> Any:
    """The shapes of of(*point), in float64.  Raises TypeError where JAX cannot trace it."""
    leaves, tree = jax.tree.flatten(jax.tree.map(as_exact, inward(point)))
    shapes = tuple(jax.ShapeDtypeStruct(x.shape, x.dtype) for x in leaves)
    try:
        with jax.enable_x64(True):
            return _output(of, tree, shapes) if _has_hash(of, tree) else _traced(of, tree, shapes)
    except Exception as error:  # somebody's function may raise anything
        raise TypeError(
            f"of raised {type(error).__name__} where JAX traced it; this kind of derivative is "
            "judged for functions that JAX can trace: write it with jax.numpy"
        ) from error


def _traced(of: Callable, tree: Any, shapes: tuple) -> Any:
    given = jax.tree.unflatten(tree, shapes)
    return jax.eval_shape(lambda *args: inward(of(*outward(args))), *given)


_output = lru_cache(maxsize=64)(_traced)  # samplers ask for it at every draw


def _has_hash(*parts: Any) -> bool:
    try:
        hash(parts)
    except TypeError:
        return False
    return True


def like(rng: np.random.Generator, tree: Any) -> Any:
    """Numbers in the shapes of a tree: never ones, never zeros."""
    drawn = lambda x: draws.whole(draws.cotangent(rng, x.shape)) if hasattr(x, "shape") else x
    return jax.tree.map(drawn, tree)


def weights(of: Callable, rng: np.random.Generator, point: tuple) -> Any:
    """Numbers in the shapes of of(*point); a sampler may draw another shape each time."""
    return outward(like(rng, output(of, point)))


def is_float(leaf: Any) -> bool:
    return isinstance(leaf, float) or jnp.issubdtype(jnp.result_type(leaf), jnp.floating)
