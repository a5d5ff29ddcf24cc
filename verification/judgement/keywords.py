"""Keyword arguments that stay as they are: of `of`, and of the gradient where it takes them."""

import inspect
from collections.abc import Mapping
from functools import wraps
from typing import Any

from ..adapters.function import Function
from ..adapters.recognition import recognised


def check_keywords(kwargs: Any, of: Any, gradient: Any) -> Mapping[str, Any]:
    """`kwargs` as a mapping.  Raises TypeError for what `of` does not take."""
    if not kwargs:
        return {}
    if not isinstance(kwargs, Mapping):
        kind = type(kwargs).__name__
        raise TypeError(f"kwargs is a {kind}; pass a dict of keyword arguments of `of`")
    if isinstance(candidate := recognised(gradient), Function):
        raise TypeError(
            f"kwargs are given, but the derivative of {candidate.name} is judged, which takes "
            "none; bind them to it and to `of` with functools.partial"
        )
    for name in kwargs:
        if not _takes(of, name):
            raise TypeError(f"kwargs has {name!r}, which `of` does not take by that name")
    return dict(kwargs)


def with_keywords(function: Any, kwargs: Mapping[str, Any]) -> Any:
    """The function of its positional arguments alone; what it does not take stays out."""
    mine = {name: value for name, value in kwargs.items() if _takes(function, name)}
    if not mine:
        return function

    @wraps(function)
    def bound(*args):
        return function(*args, **mine)

    kept = [p for p in inspect.signature(function).parameters.values() if p.name not in mine]
    bound.__signature__ = inspect.Signature(kept)  # pyright: ignore[reportAttributeAccessIssue]
    return bound


def _takes(function: Any, name: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # no function, or one that tells nobody
        return False
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return True
    return name in parameters and parameters[name].kind is not inspect.Parameter.POSITIONAL_ONLY
