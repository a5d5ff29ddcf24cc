"""optax's gradient transformations as update rules: their answers are added to the parameters."""

from collections.abc import Callable
from typing import Any

import jax
import optax


def optax_rule(transformation: Any) -> tuple[Callable, Callable]:
    """(init, update) of anything with .init(params) and .update(gradient, state, params)."""

    def init(params):
        with _permissive():
            return transformation.init(params)

    def update(gradient, state, params):
        with _permissive():
            updates, state = transformation.update(gradient, state, params)
            return optax.apply_updates(params, updates), state

    return init, update


def _permissive():
    """optax's schedules and corrections mix integers and floats."""
    return jax.numpy_dtype_promotion("standard")
