"""Why a function has no row: what was seen at the arguments that were tried, as one sentence."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import jax
import numpy as np

from . import tried
from .families import drawn, trials
from .found import Found
from .recipes import RECIPES
from .tried import Suited, arrays, has_floats, real_function, required, weighted, with_keywords

NO_NUMBERS = "its answers are integers, booleans or no arrays: there is nothing to differentiate"
NO_ARGUMENT = "it takes no real numbers: what it answers depends on none"
NOT_FINITE = "its derivative is no finite number at the arguments that were tried"
AT_OTHERS = "its derivative is a number at some of the arguments that were tried, not at others"
NO_DERIVATIVE = "JAX has no derivative of it: "
REFUSES = "it refuses the arguments that were tried: "
NOTHING = "no arguments were tried"
LONGEST = 160  # characters of what JAX says


def why(found: Found) -> str:
    """The reason that comes closest to a derivative, over all arguments that were tried."""
    said = {}
    for kinds, call in _tries(found):
        rank, sentence = _seen(call, drawn(kinds, np.random.default_rng(0)))
        said.setdefault(rank, sentence)
    return said[min(said)] if said else NOTHING


def every_suited(found: Found, likely: str = "") -> Iterator[Suited | str]:
    """As tried.every_suited; where nothing suits, the reason."""
    count = 0
    for place in tried.every_suited(found, likely):
        count += 1
        yield place
    if count == 0:
        yield why(found)


def _tries(found: Found) -> Iterable[tuple[tuple, Callable]]:
    recipe = RECIPES.get(found.name)
    if recipe is not None:
        return [(recipe.kinds, partial(recipe.call, found.function))]
    call = with_keywords(found.function)
    return [(kinds, call) for kinds in trials(required(found.function))]


def _seen(call: Callable, known: tuple) -> tuple[int, str]:
    """How close it came, 0 the closest, and the sentence."""
    of, args = real_function(call, known), arrays(known)
    floats = tuple(k for k, x in enumerate(args) if has_floats(x))
    with warnings.catch_warnings(), jax.enable_x64(True):
        warnings.simplefilter("ignore")
        try:
            real = bool(of(*args))
        except Exception as error:  # these arguments do not suit it
            return 4, REFUSES + _first_line(error)
        if not real:
            return 3, NO_NUMBERS
        if not floats:
            return 2, NO_ARGUMENT
        try:
            slopes = jax.grad(weighted(of), floats)
            jax.make_jaxpr(slopes)(*args)
            numbers = jax.tree.leaves(slopes(*args))
        except Exception as error:  # it has no derivative
            return 0, NO_DERIVATIVE + _first_line(error)
    finite = all(np.isfinite(x).all() for x in numbers)
    return 1, AT_OTHERS if finite else NOT_FINITE


def _first_line(error: Any) -> str:
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}"[:LONGEST].replace("|", "/")
