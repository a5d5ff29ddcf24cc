"""What was asked of validate, and the points that its sampler draws."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from ..vocabulary.raised import in_words
from .arguments import point_of


class Asked(NamedTuple):
    """The arguments of validate, as they came."""

    gradient: Any
    of: Callable
    args: tuple | Callable
    argnums: int | tuple[int, ...]
    dtype: str
    cases: int
    seed: int
    edges: str
    kwargs: Mapping[str, Any] = {}
    more: tuple[tuple[str, Any], ...] = ()  # what else was asked, by name


USUAL = {"allow": (), "vary": (), "timeout": None, "order": 1, "under": (), "meant": None}


def given(**options: Any) -> tuple[tuple[str, Any], ...]:
    """The options that are not as usual, by name."""
    chosen = ((name, value) for name, value in options.items() if name in USUAL)
    return tuple((name, value) for name, value in chosen if value is not USUAL[name])


def drawn_points(asked: Asked) -> Iterator[tuple]:
    if isinstance(asked.args, tuple):
        yield from repeat(asked.args)
    assert callable(asked.args)
    rng = np.random.default_rng(asked.seed)
    while True:
        yield drawn(asked.args, rng, asked.dtype)


def drawn(sampler: Callable, rng: np.random.Generator, dtype: str) -> tuple:
    """One point.  Raises ValueError, with what it came from, where the sampler raises."""
    name = dtype_parameter(sampler)
    more = () if name != "" else (dtype,)
    named = {name: dtype} if name else {}
    try:
        point = sampler(rng, *more, **named)
    except Exception as error:  # somebody's sampler may raise anything
        raise ValueError(
            f"args: the sampler raised {in_words(error)}; it is called with a "
            f"numpy.random.Generator{f' and {dtype!r}' if name is not None else ''}, "
            "as in rng.normal(size=3)"
        ) from error
    return point_of(point)


def dtype_parameter(sampler: Callable) -> str | None:
    """The parameter that is the dtype: of that name, or ("") a second one without a default."""
    try:
        parameters = list(inspect.signature(sampler).parameters.values())
    except (TypeError, ValueError):  # some callables tell nobody
        return None
    named = [p for p in parameters[1:] if p.name == "dtype" and p.kind in BY_NAME]
    if named:
        return "dtype"
    bare = [p for p in parameters if p.kind in BY_POSITION and p.default is p.empty]
    return "" if len(bare) == 2 else None


BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
BY_POSITION = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
