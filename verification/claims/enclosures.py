"""A JAX function, or its gradient, over balls: at points, or over whole boxes.

The program that users run is what is evaluated, not a formula typed again.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from flint import arb

from ..arithmetic import sweep
from ..arithmetic.arrays import box
from ..arithmetic.ball_slopes import slopes
from ..arithmetic.balls import BALLS, UNIT
from ..arithmetic.interpreter import run

SLOPES = slopes(UNIT, [])  # every convention at a tie at once; which ties were met is not asked


def value(function: Callable, *args: Any) -> Any:
    """function(*args) as balls.  Leaves are balls, object arrays of balls, or exact floats."""
    leaves, program, tree = _entered(function, args)
    return jax.tree.unflatten(tree, run(program, leaves, BALLS))


def gradient(function: Callable, *args: Any) -> Any:
    """The gradient of a scalar function in args[0], by our own sweep over balls."""
    leaves, program, _ = _entered(function, args)
    first, tree = jax.tree.flatten(args[0])
    wanted = tuple(range(len(first)))
    _, found = sweep.value_and_gradient(program, leaves, wanted, BALLS, SLOPES)
    return jax.tree.unflatten(tree, [box(leaf) for leaf in found])


@functools.lru_cache(maxsize=128)
def closed(function: Callable, *settings: Any) -> Callable:
    """function(params, x, y, *settings) with its settings fixed: one object, traced once."""
    return lambda params, x, y: function(params, x, y, *settings)


def number(array: Any) -> arb:
    """The ball of a scalar result."""
    return np.asarray(array, object).item()


def lift(tree: Any) -> Any:
    """Floats, carried over exactly; balls stay as they are."""
    return jax.tree.map(_lifted, tree)


def middle(tree: Any) -> Any:
    """The middles of the balls, as float64."""
    pick = np.frompyfunc(lambda x: float(arb(x).mid()), 1, 1)
    return jax.tree.map(lambda leaf: np.asarray(pick(leaf), np.float64), tree)


def _entered(function: Callable, args: tuple) -> tuple:
    leaves, tree = jax.tree.flatten(lift(args))
    program, out = _traced(function, tree, tuple(leaf.shape for leaf in leaves))
    return leaves, program, out


def _lifted(leaf: Any) -> np.ndarray:
    array = box(leaf) if isinstance(leaf, arb) else np.asarray(leaf)
    return array if array.dtype == object else BALLS.lift(np.asarray(array, np.float64))


@functools.lru_cache(maxsize=128)
def _traced(function: Callable, tree: Any, shapes: tuple) -> tuple:
    with jax.enable_x64(True):
        flat = lambda *leaves: function(*jax.tree.unflatten(tree, leaves))
        inputs = [jax.ShapeDtypeStruct(shape, np.float64) for shape in shapes]
        program, out = jax.make_jaxpr(flat, return_shape=True)(*inputs)
    return program, jax.tree.structure(out)
