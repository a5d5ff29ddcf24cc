"""Where something is inside an object: `W`, `params.W`, `layers[0].W`, `parameters().1.data`."""

import re
from typing import Any

import numpy as np

BRACKETS = re.compile(r"""\[["']?(\w+)["']?\]""")  # params["W"] is params.W, and layers[0] layers.0


def words_of(place: str) -> list[str]:
    return BRACKETS.sub(r".\1", place).removeprefix(".").split(".")


def read_at(one: Any, place: str) -> Any:
    """What is there.  Raises ValueError where nothing is."""
    found = one
    for word in words_of(place) if place else ():
        found = _inside(one, found, word, place)
    return found


def put_at(one: Any, place: str, value: Any) -> None:
    """Put it there: into the array that is there if they are alike, so that views see it.

    Raises ValueError where there is nothing to hold it.
    """
    *way, last = words_of(place)
    holder = read_at(one, ".".join(way))
    there = _there(holder, last)
    if _alike(there, value):
        there[...] = value
    elif isinstance(holder, dict):
        holder[_key(holder, last)] = value
    elif isinstance(holder, list):
        holder[int(last)] = value
    elif isinstance(holder, tuple):
        old, new = (f"{np.asarray(x).dtype} {np.shape(x)}" for x in (there, value))
        raise ValueError(
            f"{place!r} is in a tuple, where {old} cannot become {new}; make the object so, or "
            "name another place"
        )
    else:
        setattr(holder, last, value)


def _there(holder: Any, word: str) -> Any:
    """None where nothing is yet: gradients and memories are often made at the first step."""
    if isinstance(holder, dict):
        return holder.get(_key(holder, word))
    is_row = isinstance(holder, list | tuple)
    return holder[int(word)] if is_row else getattr(holder, word, None)


def _alike(one: Any, other: Any) -> bool:
    both = isinstance(one, np.ndarray) and isinstance(other, np.ndarray)
    return both and one.shape == other.shape and one.dtype == other.dtype and one.ndim > 0


def _key(holder: dict, word: str) -> Any:
    return word if word in holder or not word.isdigit() else int(word)


def _inside(one: Any, holder: Any, word: str, place: str) -> Any:
    name = word.removesuffix("()")
    try:
        if isinstance(holder, dict):
            found = holder[_key(holder, name)]
        elif isinstance(holder, list | tuple):
            found = list(holder)[int(name)]
        else:
            found = getattr(holder, name)
    except (AttributeError, IndexError, KeyError, ValueError):
        said = f"{type(one).__name__} has no {place!r}"
        known = _known(holder)
        there = f"; it has {', '.join(map(str, known))}" if known else ""
        here = f"there is no {word!r} in a {type(holder).__name__}"
        raise ValueError(f"{said}: {here}{there}") from None
    return found() if word.endswith("()") else found


def _known(holder: Any) -> list:
    """What is in it."""
    if isinstance(holder, list | tuple):
        return list(range(len(holder)))
    return list(holder if isinstance(holder, dict) else getattr(holder, "__dict__", ()))
