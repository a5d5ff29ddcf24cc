"""optax's gradient transformations as update rules: their answers are added to the parameters."""

from collections.abc import Callable
from typing import Any

import jax
import optax


def optax_rule(transformation: Any, compiled: bool = False) -> tuple[Callable, Callable]:
    """(init, update) of anything with .init(params) and .update(gradient, state, params).

    `compiled` updates are one program of JAX, for runs of many steps.
    """
    change = jax.jit(transformation.update) if compiled else transformation.update

    def init(params):
        with _permissive():
            return transformation.init(params)

    def update(gradient, state, params):
        with _permissive():
            updates, state = change(gradient, state, params)
            return optax.apply_updates(params, updates), state

    return init, update


def _permissive():
    """optax's schedules and corrections mix integers and floats."""
    return jax.numpy_dtype_promotion("standard")
