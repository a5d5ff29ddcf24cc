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
        raise TypeError(f"gradient is {candidate!r}; pass a function")
    return candidate
