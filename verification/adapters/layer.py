"""Layers as courses and small frameworks write them: objects with forward, backward and gradients.

    gradient(params, *inputs, cotangent) -> gradients of params, of inputs

params are an object of arrays: a name for each, the place where the layer has it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .places import put_at, read_at

RETURNED = "returned"


def layer(
    make: Callable[[], Any],
    params: Sequence[str] = (),
    grads: Sequence[str] | str = (),
    *,
    inputs: int = 1,
    forward: str | Callable = "forward",
    backward: str | Callable = "backward",
    accumulates: bool | None = None,
) -> Callable:
    """The gradient of a layer; a new one is made for every call, so that nothing is remembered.

    make         make() -> an object
    params       where its parameters are: "W", "params.W", "params.0", "parameters().0.data"
    grads        where their gradients are after the backward pass, in the same order; "returned"
                 where backward returns (slope of the input, *slopes of params) or a dict with the
                 last word of each place
    inputs       how many arguments forward takes; what is left is given to backward: a cotangent,
                 or nothing for a loss
    forward      a method, or a function of the object and the inputs; so is backward
    accumulates  True: a second pass adds to the gradients; False: it writes over them; None: not
                 looked at

    The gradient takes ({name: array}, *inputs, cotangent), or (*inputs, cotangent) for a layer
    without parameters, and returns slopes in the same order.  It raises ValueError for what is not
    there, and where a second pass does another thing to the gradients than is said.
    """
    if grads != RETURNED and len(grads) != len(params):
        raise ValueError(f"grads: {len(grads)} places were given for {len(params)} parameters")

    def gradient(*args):
        values, given = (args[0], args[1:]) if params else ({}, args)
        passes = lambda one: _passed(one, given, inputs, forward, backward)
        made = make()
        for place in params:
            put_at(made, place, np.array(_of(values, place)))
        returned = passes(made)
        found, slopes = _found(made, returned, params, grads)
        if accumulates is not None and params:
            again, _ = _found(made, passes(made), params, grads)
            _check(found, again, accumulates)
        return (dict(zip(params, found, strict=True)), *slopes) if params else _alone(slopes)

    gradient.__name__ = getattr(make, "__name__", "layer")
    return gradient


def _of(values: Any, place: str) -> Any:
    if not isinstance(values, Mapping) or place not in values:
        raise ValueError(f"params: pass an object with a member {place!r} as the first argument")
    return values[place]


def _passed(one: Any, given: tuple, inputs: int, forward, backward) -> Any:
    """What backward returns after forward."""
    own = [np.array(x) for x in given]
    call = lambda how, args: how(one, *args) if callable(how) else getattr(one, how)(*args)
    call(forward, own[:inputs])
    return call(backward, own[inputs:])


def _found(one: Any, returned: Any, params: Sequence[str], grads: Any) -> tuple[list, tuple]:
    """Copies of the gradients of the parameters, and those of the inputs."""
    if grads != RETURNED:
        slopes = returned if isinstance(returned, tuple) else (returned,)
        return [np.array(read_at(one, place)) for place in grads], slopes
    if isinstance(returned, tuple) and returned and isinstance(returned[-1], dict):
        *slopes, table = returned
        return [np.array(table[place.split(".")[-1]]) for place in params], tuple(slopes)
    if not isinstance(returned, tuple) or len(returned) <= len(params):
        raise ValueError(
            f"backward returned {type(returned).__name__}; a tuple (slope of the input, "
            f"*slopes of the {len(params)} parameters) was said"
        )
    first = len(returned) - len(params)
    return [np.array(x) for x in returned[first:]], returned[:first]


def _alone(slopes: tuple) -> Any:
    return slopes[0] if len(slopes) == 1 else slopes


def _check(found: list, again: list, accumulates: bool) -> None:
    """That a second pass did to the gradients what is said; to the last bit, as 2 g is exact."""
    for g, h in zip(found, again, strict=True):
        if not np.array_equal(h, 2 * g if accumulates else g, equal_nan=True):
            said = "doubles" if accumulates else "keeps"
            raise ValueError(f"a second pass does not leave the gradients as said: it {said} them")
