"""Values of the function at many points that differ from the question's in a few coordinates.

One compilation serves all: batches have one size, and the last one is filled up.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from .question import Question

BATCH, MEMORY = 1024, 2**22  # points per call, and float entries per call


def point(question: Question) -> np.ndarray:
    """The wanted leaves, laid end to end."""
    parts = [question.leaves[i].ravel() for i in question.wanted]
    return np.concatenate(parts) if parts else np.zeros(0)


def split(question: Question, flat: np.ndarray) -> list[np.ndarray]:
    """Wanted leaves from their entries laid end to end."""
    shapes = [question.leaves[i].shape for i in question.wanted]
    bounds = np.cumsum([int(np.prod(s)) for s in shapes])[:-1]
    return [part.reshape(s) for part, s in zip(np.split(flat, bounds), shapes, strict=True)]


def along_axes(question: Question, axes: np.ndarray, places: np.ndarray) -> np.ndarray:
    """f at the point with entry axes[k] put to places[k], for every k."""
    return _batched_values(question, _on_axis, axes, places)


def along_lines(question: Question, points: np.ndarray) -> np.ndarray:
    """f at whole points: one row of wanted entries each."""
    return _batched_values(question, _anywhere, points)


def _on_axis(flat, axis, place):
    return flat.at[axis].set(place)


def _anywhere(flat, moved):
    return moved


def _batched_values(question: Question, place: Callable, *columns: np.ndarray) -> np.ndarray:
    total = sum(x.size for x in question.leaves)
    size = int(max(1, min(BATCH, MEMORY // max(total, 1))))
    count = len(columns[0])
    size = min(size, 1 << max(count - 1, 0).bit_length())
    out = np.empty(count)
    with jax.enable_x64(True):
        values = _values(question.function, question.wanted, place)
        start = point(question)
        for low in range(0, count, size):
            rows = np.minimum(np.arange(low, low + size), count - 1)
            got = values(start, tuple(question.leaves), *(column[rows] for column in columns))
            out[low : low + size] = np.asarray(got)[: count - low]
    return out


@functools.lru_cache(maxsize=256)
def _values(function: Callable, wanted: tuple[int, ...], place: Callable) -> Callable:
    def value(start, leaves, *where):
        flat, leaves, low = place(start, *where), list(leaves), 0
        for i in wanted:
            size = leaves[i].size
            leaves[i] = jnp.reshape(flat[low : low + size], leaves[i].shape)
            low += size
        return function(*leaves)

    def batch(start, leaves, *columns):
        return jax.vmap(lambda *where: value(start, leaves, *where))(*columns)

    return jax.jit(batch)
