"""JAX's own derivatives in float64, in one call for the point and its neighbours."""

import functools
from collections.abc import Callable

import jax
import numpy as np

from ..vocabulary import Ball
from . import rounding
from .question import Question


def gradient(question: Question, derive: Callable, what: str) -> list[Ball]:
    """derive(function, argnums) at the question's point, with an estimate of its rounding."""
    beside = rounding.neighbours(question)
    points = [question.leaves, *beside]
    wide = derivatives(question, derive, points, np.float64)
    narrow = derivatives(question, derive, beside, np.float32)
    return rounding.balls(what, wide[0], wide[1:], narrow)


def derivatives(question: Question, derive: Callable, points: list, dtype: type) -> list:
    """The derivative in the wanted leaves at each point, in floats of one width."""
    leaves = [
        np.stack([point[i] for point in points]).astype(dtype) if f else question.leaves[i]
        for i, f in enumerate(question.floats)
    ]
    with jax.enable_x64(True), np.errstate(over="ignore"):
        batched = _batched(question.function, derive, question.wanted, tuple(question.floats))
        columns = [np.asarray(x) for x in batched(*leaves)]
    return [[np.asarray(column[k]) for column in columns] for k in range(len(points))]


@functools.lru_cache(maxsize=256)
def _batched(function: Callable, derive: Callable, wanted: tuple, floats: tuple) -> Callable:
    axes = tuple(0 if f else None for f in floats)
    return jax.jit(jax.vmap(derive(function, wanted), in_axes=axes))
