"""What kind of candidate somebody handed over: known at sight, or a gradient to be called."""

from collections.abc import Callable
from typing import Any

from . import jax_function, scikit_learn, torch_function
from .function import Function


def recognised(candidate: Any) -> Function | Callable:
    """A Function where its own derivative is asked for; a gradient as it is.

    Raises TypeError for what is neither, and cannot be called.
    """
    if isinstance(candidate, Function):
        return candidate
    for known in (jax_function.recognised, torch_function.recognised, scikit_learn.recognised):
        if (found := known(candidate)) is not None:
            return found
    if not callable(candidate):
        is_place = isinstance(candidate, str) and ":" in candidate
        more = "; FILE.py:NAME is for the command line, `refnet validate`" if is_place else ""
        raise TypeError(f"gradient is {candidate!r}; pass a function{more}")
    return candidate
