"""Layers as courses and small frameworks write them: objects with forward, backward and gradients.

    gradient(params, *inputs, cotangent) -> gradients of params, of inputs

params are an object of arrays: a name for each, the place where the layer has it.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from .places import put_at, read_at
from .updated import RATE, taken

RETURNED, UPDATED = "returned", "updated"
SPELLINGS = ("{}", "d{}", "d_{}", "{}_grad", "grad_{}")  # of a slope in a dict that is returned


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
    params       where its parameters are: "W", "params.W", "layers[0].W", "parameters().0.data"
    grads        where their gradients are after the backward pass, in the same order; "returned"
                 where backward returns (slope of the input, *slopes of params) or a dict with the
                 last word of each place (dW and W_grad, too); "updated" where backward(d, rate)
                 takes a step of descent at once
    inputs       how many arguments forward takes; what is left is given to backward: a cotangent,
                 or nothing for a loss
    forward      a method, or a function of the object and the inputs; so is backward, which is
                 given the cotangents of several outputs one by one, or in a tuple if it takes one
    accumulates  True: a second pass adds to the gradients; False: it writes over them; None: not
                 looked at

    The gradient takes ({name: array}, *inputs, cotangent), or (*inputs, cotangent) for a layer
    without parameters, and returns slopes in the same order.  It raises ValueError for what is not
    there, and where a second pass does another thing to the gradients than is said.
    """
    if grads not in (RETURNED, UPDATED) and len(grads) != len(params):
        raise ValueError(f"grads: {len(grads)} places were given for {len(params)} parameters")

    def gradient(*args):
        values, given = (args[0], args[1:]) if params else ({}, args)
        more = (RATE,) if grads == UPDATED else ()
        passes = lambda one: _passed(one, given, inputs, forward, backward, more)
        made = make()
        for place in params:
            read_at(made, place)  # a name that is not there would be held for a weight without use
            put_at(made, place, np.array(_of(values, place)))
        returned = passes(made)
        if grads == UPDATED:
            found, slopes = [_stepped(made, p, values) for p in params], _several(returned)
        else:
            found, slopes = _found(made, returned, params, grads)
        if accumulates is not None and params and grads != UPDATED:
            again, _ = _found(made, passes(made), params, grads)
            _check(found, again, accumulates)
        return (dict(zip(params, found, strict=True)), *slopes) if params else _alone(slopes)

    gradient.__name__ = getattr(make, "__name__", "layer")
    return gradient


def pair(forward: Callable, backward: Callable) -> Callable:
    """gradient(*args, cotangent) of two functions: forward(*args) -> (value, cache), and
    backward(cotangent, cache) -> slopes.

    Several values, forward(*args) -> (h, c, cache), have several: backward(dh, dc, cache).
    """

    def gradient(*args):
        *own, above = map(_copied, args)
        *_, cache = forward(*own)
        return backward(*_each(backward, above, cache), cache)

    gradient.__name__ = getattr(backward, "__name__", "pair")
    return gradient


def _of(values: Any, place: str) -> Any:
    if not isinstance(values, Mapping) or place not in values:
        raise ValueError(f"params: pass an object with a member {place!r} as the first argument")
    return values[place]


def _passed(one: Any, given: tuple, inputs: int, forward, backward, more: tuple = ()) -> Any:
    """What backward returns after forward."""
    own = [_copied(x) for x in given]
    bound = lambda how: partial(how, one) if callable(how) else getattr(one, how)
    bound(forward)(*own[:inputs])
    back = bound(backward)
    above = [x for each in own[inputs:] for x in _each(back, each, *more)]
    return back(*above, *more)


def _copied(x: Any) -> Any:
    return tuple(map(_copied, x)) if isinstance(x, tuple) else np.array(x)


def _each(backward: Callable, above: Any, *more: Any) -> tuple:
    """The cotangents of several outputs, one by one where backward takes them so."""
    if not isinstance(above, tuple):
        return (above,)
    try:
        inspect.signature(backward).bind(*above, *more)
    except TypeError:
        return (above,)
    return above


def _stepped(one: Any, place: str, values: Any) -> np.ndarray:
    return taken(np.asarray(values[place]), np.array(read_at(one, place)), RATE)


def _several(returned: Any) -> tuple:
    return tuple(returned) if isinstance(returned, tuple | list) else (returned,)


def _found(one: Any, returned: Any, params: Sequence[str], grads: Any) -> tuple[list, tuple]:
    """Copies of the gradients of the parameters, and those of the inputs."""
    if grads != RETURNED:
        return [np.array(read_at(one, place)) for place in grads], _several(returned)
    if isinstance(returned, dict):
        names = [_named(returned, place) for place in params]
        slopes = tuple(slope for name, slope in returned.items() if name not in names)
        return [np.array(returned[name]) for name in names], slopes
    returned = tuple(returned) if isinstance(returned, list) else returned
    if isinstance(returned, tuple) and returned and isinstance(returned[-1], dict):
        *slopes, table = returned
        return [np.array(table[_named(table, place)]) for place in params], tuple(slopes)
    if not isinstance(returned, tuple) or len(returned) <= len(params):
        raise ValueError(
            f"backward returned {type(returned).__name__}; a tuple (slope of the input, "
            f"*slopes of the {len(params)} parameters) was said"
        )
    first = len(returned) - len(params)
    return [np.array(x) for x in returned[first:]], returned[:first]


def _named(table: Mapping[str, Any], place: str) -> str:
    """The key of the slope of a parameter.  Raises ValueError where there is none."""
    word = place.split(".")[-1]
    found = next((s.format(word) for s in SPELLINGS if s.format(word) in table), None)
    if found is None:
        raise ValueError(f"backward returned {', '.join(table)}; there is no slope of {word!r}")
    return found


def _alone(slopes: tuple) -> Any:
    return slopes[0] if len(slopes) == 1 else slopes


def _check(found: list, again: list, accumulates: bool) -> None:
    """That a second pass did to the gradients what is said; to the last bit, as 2 g is exact."""
    for g, h in zip(found, again, strict=True):
        if not np.array_equal(h, 2 * g if accumulates else g, equal_nan=True):
            said = "doubles" if accumulates else "keeps"
            raise ValueError(f"a second pass does not leave the gradients as said: it {said} them")
