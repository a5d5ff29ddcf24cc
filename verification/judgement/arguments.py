"""The arguments of validate as people write them, made into one form, or a sentence on what to do.

A point is a tuple; a list is one, and a bare array or number is a tuple of one.  argnums are
positions from 0; names of parameters and positions from the end are made into them.  A dtype is
its name; the types of NumPy, JAX and PyTorch have one.
"""

import inspect
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..adapters.trees import inward, is_number
from ..measurement.budget import DTYPES
from ..vocabulary import plural
from ..vocabulary.names import nearest, unknown


def point_of(
    value: Any,
    whose: str = "args: the sampler returned",
    advice: str = "return a tuple, such as (w, x)",
) -> tuple:
    """The arguments of one call.  Raises TypeError for what is none."""
    if type(value) is list:
        return tuple(value)
    if isinstance(value, tuple):
        return value
    if is_number(value):
        return (value,)
    if value is None:
        raise TypeError(f"{whose} nothing; {advice}")
    if isinstance(value, dict):
        advice = f"{advice}; (params,) where it is the one argument"
    raise TypeError(f"{whose} {type(value).__name__}; {advice}")


def args_of(args: Any) -> Any:
    """A sampler as it is, anything else as a point.  Raises TypeError for what is neither."""
    if args is None:
        raise TypeError(f"args is missing; pass a tuple or {SAMPLER}")
    if not callable(args):
        return point_of(args, "args is a", f"pass a tuple or {SAMPLER}")
    try:
        parameters = inspect.signature(args).parameters
    except (TypeError, ValueError):  # some callables tell nobody
        return args
    if not parameters:
        raise TypeError(
            "args: the sampler takes no argument; it is called with a random generator, so that "
            "its draws can be repeated: def sample(rng): ..."
        )
    return args


SAMPLER = "a function of an rng, such as lambda rng: (rng.normal(size=3),)"


def dtype_of(dtype: Any) -> str:
    """Its name.  Raises ValueError for one that is not judged."""
    name = dtype if isinstance(dtype, str) and dtype in DTYPES else _name(dtype)
    if name not in DTYPES:
        raise ValueError(unknown("dtype", dtype, DTYPES))
    return name


def check_counts(cases: Any, seed: Any) -> None:
    check_count("cases", cases, 1)
    check_count("seed", seed, 0)


def check_count(name: str, value: Any, least: int) -> None:
    """Raises TypeError for what is no whole number, ValueError for one below `least`."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} is {value!r}; give a whole number of at least {least}")
    if value < least:
        raise ValueError(f"{name} is {value}; at least {least} is needed")


def _name(dtype: Any) -> str:
    said = str(dtype)
    if said.startswith("torch."):
        return said.removeprefix("torch.")
    try:
        return np.dtype(dtype).name
    except TypeError:  # no dtype of anybody's
        return said


def argnums_of(
    argnums: Any, of: Callable, count: int, name: str = "argnums"
) -> int | tuple[int, ...]:
    """Positions, one or several.  Raises ValueError for an argument that there is not."""
    if isinstance(argnums, tuple | list):
        if not argnums:
            raise ValueError(f"{name} is empty; name at least one argument")
        found = tuple(position_of(one, of, count, f"{name} is") for one in argnums)
        if len(set(found)) < len(found):
            raise ValueError(f"{name} is {argnums!r}, which names an argument twice; once will do")
        return found
    return position_of(argnums, of, count, f"{name} is")


def position_of(one: Any, of: Callable, count: int, whose: str) -> int:
    """The position of an argument that is named, or counted from either end."""
    names = parameters_of(of)
    position = names.index(one) if one in names else one
    try:
        number = operator.index(position)
    except TypeError:
        number = count
    if not -count <= number < count or isinstance(one, bool):
        known = f": {', '.join(names)}" if names else ""
        guess = nearest(one, names) if isinstance(one, str) else ""
        raise ValueError(f"{whose} {one!r}; {guess}there are {count} arguments, from 0{known}")
    return number % count


def parameters_of(of: Callable) -> list[str]:
    try:
        return list(inspect.signature(of).parameters)
    except (TypeError, ValueError):  # some callables tell nobody
        return []


def check_taken(of: Callable, point: tuple) -> None:
    """Raises ValueError where a function of somebody's takes another number of arguments."""
    if not inspect.isfunction(of):
        return
    of_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(of).parameters.values()
    placed = [p for p in parameters if p.kind in of_place]
    least = sum(p.default is p.empty for p in placed)
    several = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    if least <= len(point) and (several or len(point) <= len(placed)):
        return
    names = ", ".join(p.name for p in placed) or "none"
    advice = "return as many" if point else "return its arguments, such as (w, x)"
    if point and all(isinstance(x, tuple) and least <= len(x) <= len(placed) for x in point):
        advice = "they look like points; pass one of them, or a function that draws one"
    raise ValueError(
        f"args gives {plural(len(point), 'argument')}, and `of` takes {names}; {advice}"
    )


def check_point(point: tuple, argnums: tuple[int, ...], names: tuple[str, ...]) -> None:
    """Raises TypeError for a tensor, ValueError for NaN and for argnums without floats."""
    for path, leaf in jax.tree_util.tree_flatten_with_path(inward(point))[0]:
        if hasattr(leaf, "detach"):
            where = f"{names[path[0].idx]}{jax.tree_util.keystr(path[1:])}"
            raise TypeError(f"{where} is a tensor; give NumPy arrays, which the adapters convert")
        if _is_float(leaf) and np.isnan(np.asarray(leaf, np.float64)).any():
            where = f"{names[path[0].idx]}{jax.tree_util.keystr(path[1:])}"
            raise ValueError(
                f"args: the sample has NaN in {where}, where nothing can be judged; draw numbers"
            )
    for number in argnums:
        if not any(map(_is_float, jax.tree.leaves(inward(point[number])))):
            held = sorted(
                {str(np.asarray(x).dtype) for x in jax.tree.leaves(inward(point[number]))}
            )
            what = f"is of {' and '.join(held)}: draw floats" if held else "holds no array"
            raise ValueError(f"argnums is {number}; {names[number]} {what}, or name another")


def _is_float(leaf: Any) -> bool:
    return jnp.issubdtype(np.asarray(leaf).dtype, jnp.floating)


def positions(vary: tuple[int | str, ...], of: Callable, count: int) -> tuple[int, ...]:
    """The arguments that `vary` names, as positions.  Raises ValueError for one there is not."""
    if isinstance(vary, str):
        raise TypeError(f"vary is {vary!r}; pass a tuple of names, such as ({vary!r},)")
    names = parameters_of(of)
    found: list[int] = []
    for position in (names.index(x) if x in names else x for x in vary):
        if not isinstance(position, int) or not 0 <= position < count:
            said = ", ".join(names) or "none known by name"
            guess = nearest(position, names)
            raise ValueError(
                f"vary has {position!r}; {guess}there are {count} arguments, from 0: {said}"
            )
        found.append(position)
    return tuple(found)
