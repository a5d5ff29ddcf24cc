"""An object with a memory of its own for each array, as most hand-written optimizers are.

Its memory is what of its attributes has become another than that of a new object.
"""

import copy
from collections.abc import Callable
from functools import partial
from itertools import repeat
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NamedTuple

import jax
import numpy as np

from .places import put_at, read_at

CODE = (BuiltinFunctionType, FunctionType, MethodType, type)


class Layout(NamedTuple):
    """Where an object has what: `lr`, `config.learning_rate`, `params.0`; see places.py."""

    weights: str = ""  # "" where step is given them, and returns them or changes them in place
    gradient: str = ""
    rate: str = ""  # told at every step; "" where the object is made with it
    state: tuple[
        str, ...
    ] = ()  # what it remembers; () for all that becomes another than of a new one
    step: str = "step"  # the method


def optimizer_object(
    make: Callable[[], Any],
    step: Callable[[Any, np.ndarray, np.ndarray], Any] | str | None = None,
    layout: Layout | None = None,
) -> tuple[Callable, Callable]:
    """(init, update) of make() -> an object, of which each array has one of its own.

    step      step(object, array, gradient) -> the new array, or None where it was changed in place,
              or the name of a method of (array, gradient); by itself `update`, or else `step`
    layout    of an object that has its weights and its gradient by itself, or a rate that is set

    What an object was made with, such as its rate, is always that of a new one, so that it may
    change from step to step.  Everything else is carried along, copied.
    """
    take = step if callable(step) else partial(_by_method, step)
    if layout is not None:
        return _laid_out(make, take if step else None, layout)

    def init(params):
        return [{} for _ in jax.tree.leaves(params)]

    def update(gradient, state, params):
        leaves, tree = jax.tree.flatten(params)
        triples = zip(leaves, jax.tree.leaves(gradient), state, strict=True)
        taken = [_taken(make, take, *each) for each in triples]
        return jax.tree.unflatten(tree, [new for new, _ in taken]), [kept for _, kept in taken]

    return init, update


def _by_method(name: str | None, one: Any, array: np.ndarray, gradient: np.ndarray) -> Any:
    return getattr(one, name or ("update" if hasattr(one, "update") else "step"))(array, gradient)


def _laid_out(make: Callable, step: Callable | None, layout: Layout) -> tuple[Callable, Callable]:
    """(init, update) where a layout says what is where."""

    def take(one, array, slope):
        if layout.weights:
            put_at(one, layout.weights, array)
        if layout.gradient:
            put_at(one, layout.gradient, slope)
        given = () if layout.weights else (array, slope)
        answer = step(one, array, slope) if step else getattr(one, layout.step)(*given)
        return np.array(read_at(one, layout.weights)) if layout.weights else answer

    def moved(gradient, state, params, learning_rate):
        def made():
            one = make()
            if layout.rate:
                put_at(one, layout.rate, learning_rate)
            return one

        leaves, tree = jax.tree.flatten(params)
        triples = zip(leaves, jax.tree.leaves(gradient), state, strict=True)
        each = _taken if not layout.state else lambda *all: _kept(layout.state, *all)
        taken = [each(made, take, *one) for one in triples]
        return jax.tree.unflatten(tree, [new for new, _ in taken]), [kept for _, kept in taken]

    def update(gradient, state, params):
        return moved(gradient, state, params, None)

    return lambda params: [{} for _ in jax.tree.leaves(params)], moved if layout.rate else update


def _kept(
    places: tuple[str, ...], make: Callable, take: Callable, leaf, slope, kept: dict
) -> tuple:
    """As `_taken`, where what is remembered is said."""
    one, array = make(), np.array(leaf)
    for place, value in kept.items():
        put_at(one, place, copy.deepcopy(value))
    answer = take(one, array, np.array(slope))
    after = {place: copy.deepcopy(read_at(one, place)) for place in places}
    return array if answer is None else answer, after


def _taken(make: Callable, take: Callable, leaf: Any, slope: Any, kept: dict) -> tuple:
    """The array after a step, and what the object has in mind then."""
    one, array = make(), np.array(leaf)
    vars(one).update(copy.deepcopy(kept))
    answer = take(one, array, np.array(slope))
    new = vars(make())
    changed = {k: x for k, x in vars(one).items() if k not in new or not alike(x, new[k])}
    return array if answer is None else answer, changed


def _numbers(array: Any) -> np.ndarray:
    """Those of an array of any library; NumPy has none of some narrow tensors."""
    tensor = array.detach() if hasattr(array, "detach") else array
    narrow = hasattr(tensor, "is_floating_point") and tensor.is_floating_point()
    return np.asarray(tensor.double() if narrow else tensor)


def alike(one: Any, other: Any, above: tuple[int, ...] = ()) -> bool:
    """Whether two attributes hold the same, all the way down; what is code remembers nothing."""
    if type(one) is not type(other):
        return False
    if isinstance(one, CODE) or id(one) in above:
        return True
    if hasattr(one, "__array__") and hasattr(one, "dtype"):  # a tensor's attributes are none
        return one.dtype == other.dtype and np.array_equal(_numbers(one), _numbers(other))
    inner = (*above, id(one))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(x, other[k], inner) for k, x in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other, repeat(inner)))
    if hasattr(one, "__dict__"):
        return alike(vars(one), vars(other), inner)
    return bool(one == other)
