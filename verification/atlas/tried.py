"""Which arguments suit a function: the first kinds at which it has a derivative that is a number.

A function is taken with its required parameters alone.  What is no array is closed over; integers
stay arguments; of what is returned, the real numbers.  Where it wants the name of a mapped axis,
it is mapped over the first axis of its arguments.
"""

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..adapters import jax_function
from ..adapters.function import Function
from .families import MAPPED, NAMES, Fixed, Kind, drawn, trials
from .found import Found
from .recipes import RECIPES


class Suited(NamedTuple):
    """A function of arrays, the kinds of its arguments, and those it is differentiated by."""

    name: str
    of: Callable
    kinds: tuple[Kind, ...]
    argnums: tuple[int, ...]

    @property
    def derivative(self) -> Function:
        """Its own, by JAX."""
        return jax_function.derivative(self.of)

    def sample(self, rng: np.random.Generator) -> tuple:
        return arrays(drawn(self.kinds, rng))


def named(kinds: tuple[Kind, ...]) -> str:
    return ", ".join(kind.name for kind in kinds)


SEEDS = (1, 2, 3)  # of draws at which it must have a derivative, too
NONE, CONSTANT = "no arguments suit it", "its derivative is 0 everywhere"


def suited(found: Found, likely: str = "") -> Suited | str:
    """The function at the first arguments that suit it, or why there are none."""
    said = NONE
    for place in every_suited(found, likely):
        if isinstance(place, Suited):
            return place
        said = place
    return said


def every_suited(found: Found, likely: str = "") -> Iterator[Suited | str]:
    """The function at all arguments that suit it, in turn; CONSTANT where it has no slope at some.

    Kinds of the names that are `likely`, as another row has them, are tried before all others.
    """
    recipe = RECIPES.get(found.name)
    if recipe is not None:
        function, every = partial(recipe.call, found.function), [recipe.kinds]
    else:
        function, every = with_keywords(found.function), trials(required(found.function))
    for kinds in sorted(every, key=lambda kinds: named(kinds) != likely):
        known = drawn(kinds, np.random.default_rng(0))
        of = real_function(function, known)
        more = [arrays(drawn(kinds, np.random.default_rng(seed))) for seed in SEEDS]
        nums = movers(of, arrays(known), more)
        if nums:
            yield Suited(found.name, of, kinds, nums)
        elif nums is not None:
            yield CONSTANT


def with_keywords(function: Callable) -> Callable:
    """With what it wants by keyword alone, where a name has a value."""
    wanted = [p.name for p in _parameters(function) if _by_keyword(p) and p.name in NAMES]
    rng = np.random.default_rng(0)
    fixed = {name: NAMES[name][0].draw(rng) for name in wanted}
    return partial(function, **{k: x.value for k, x in fixed.items()}) if fixed else function


def _by_keyword(p: inspect.Parameter) -> bool:
    return p.kind is p.KEYWORD_ONLY and p.default is p.empty


def _parameters(function: Callable) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return [inspect.Parameter("x", inspect.Parameter.POSITIONAL_OR_KEYWORD)]


OPTIONAL = ("args", "varargs")  # of *args, none where something else is given
# They have a default, and something is given for them, and for all before them.
GIVEN = ("xs", "num_segments", "minval", "maxval", "sigma")


def required(function: Callable) -> list[str]:
    """The names of the parameters that must be given, or else the first; of *args, two."""
    if (count := getattr(function, "nin", None)) is not None:
        return ["x1", "x2"][:count]
    parameters = _parameters(function)
    if any(_by_keyword(p) and p.name not in NAMES for p in parameters):
        return []
    names, given = [], max((k for k, p in enumerate(parameters) if p.name in GIVEN), default=-1)
    for k, p in enumerate(parameters):
        if p.kind is p.VAR_POSITIONAL:
            names += [] if names and p.name in OPTIONAL else _several(p.name)
        elif p.kind is p.POSITIONAL_ONLY or _by_position(p, k < given):
            names.append(p.name)
    return names or [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY][:1]


def _several(name: str) -> list[str]:
    return [name] if name == "arrays" else ["x1", "x2"]


def _by_position(p: inspect.Parameter, is_before: bool) -> bool:
    is_wanted = p.default is p.empty or p.name in GIVEN or is_before
    return is_wanted and p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD)


def arrays(known: tuple) -> tuple:
    return tuple(x for x in known if not isinstance(x, Fixed))


def real_function(function: Callable, known: tuple) -> Callable:
    """Of the arrays alone: the real numbers among what is returned."""
    is_fixed = [isinstance(x, Fixed) for x in known]

    def of(*given):
        rest = iter(given)
        args = [x.value if f else next(rest) for x, f in zip(known, is_fixed, strict=True)]
        return [part for x in jax.tree.leaves(function(*args)) for part in _real_parts(x)]

    mapped = any(isinstance(x, Fixed) and x.value is MAPPED for x in known)
    return jax.vmap(of, axis_name=MAPPED) if mapped else of


def _real_parts(x: Any) -> list:
    """The number itself; of a complex one both parts; of anything else nothing."""
    if not hasattr(x, "dtype") or not jnp.issubdtype(x.dtype, jnp.inexact):
        return []
    return [x.real, x.imag] if jnp.issubdtype(x.dtype, jnp.complexfloating) else [x]


def movers(of: Callable, args: tuple, more: Sequence[tuple] = ()) -> tuple[int, ...] | None:
    """The arguments with a derivative that is a number and not 0; None where it cannot be had.

    It must be one at `more` arguments as well.
    """
    floats = tuple(k for k, x in enumerate(args) if has_floats(x))
    if not floats or not _runs(of, args):
        return None
    points = [args, *more]
    if (together := _moved_by(of, points, floats)) is not None:
        return together
    alone = [_moved_by(of, points, (k,)) for k in floats] if len(floats) > 1 else [None]
    known = [k for found in alone if found is not None for k in found]
    return None if all(found is None for found in alone) else tuple(known)


def _runs(of: Callable, args: tuple) -> bool:
    """Whether it takes them, and answers real numbers."""
    with warnings.catch_warnings(), jax.enable_x64(True):
        warnings.simplefilter("ignore")
        try:
            return bool(jax.eval_shape(of, *args))
        except Exception:  # these arguments do not suit it
            return False


def _moved_by(of: Callable, points: list, floats: tuple[int, ...]) -> tuple[int, ...] | None:
    """Those of the arguments whose slope is not 0 at the first point; None where one has none."""
    slopes_at = jax.jit(jax.value_and_grad(weighted(of), floats))
    found = []
    for args in points:
        with warnings.catch_warnings(), jax.enable_x64(True):
            warnings.simplefilter("ignore")
            try:
                value, slopes = slopes_at(*args)
            except Exception:  # it has no derivative in one of them
                return None
        leaves = [[np.asarray(x) for x in jax.tree.leaves(s)] for s in slopes]
        numbers = [np.asarray(value), *(x for leaf in leaves for x in leaf)]
        if not all(np.isfinite(x).all() for x in numbers):
            return None
        found.append(leaves)
    pairs = zip(floats, found[0], strict=True)
    return tuple(k for k, leaf in pairs if any(x.any() for x in leaf))


def has_floats(x: Any) -> bool:
    leaves = jax.tree.leaves(x)
    return bool(leaves) and all(np.asarray(leaf).dtype.kind == "f" for leaf in leaves)


def weighted(of: Callable) -> Callable:
    def scalar(*args):
        outs = of(*args)
        weights = lambda x: jnp.cos(jnp.arange(x.size, dtype=x.dtype)).reshape(x.shape) + 0.1
        return sum(jnp.sum(x * weights(x)) for x in outs)

    return scalar
