"""Mistakes seen in one leaf of the answer alone: what it is instead of the truth.

Each form takes a leaf (the truth, or the room around it) and gives what the mistake makes of it,
or None where its shape has no such mistake.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations
from typing import NamedTuple

import ml_dtypes
import numpy as np

Form = Callable[[np.ndarray], np.ndarray | None]


class Instead(NamedTuple):
    """A form, its kind, and the mistake in words."""

    kind: str
    words: str
    remedy: str
    make: Form


def forms(shape: tuple[int, ...]) -> Iterator[Instead]:
    """The forms that an array of this shape can take, the plainest first."""
    yield Instead("zero", "it is zero everywhere", "add the missing gradient", lambda x: 0.0 * x)
    yield Instead("sign", "the sign is wrong", "turn the sign", lambda x: -x)
    yield Instead("sign", "the signs are lost: it is the absolute value", "keep the sign", np.abs)
    yield from _turned(shape)
    for axis, n in enumerate(shape):
        if n > 1:
            yield from _along(axis, len(shape))


def _turned(shape: tuple[int, ...]) -> Iterator[Instead]:
    if len(shape) < 2:
        return
    for order in permutations(range(len(shape))):
        if order != tuple(range(len(shape))) and tuple(shape[i] for i in order) == shape:
            kind, words = "permuted", f"its axes are in the order {order}"
            if len(shape) == 2:
                kind, words = "transposed", "it is transposed"
            back = f"permute its axes by {tuple(np.argsort(order).tolist())}"
            yield Instead(kind, words, back, partial(np.transpose, axes=order))
    column = lambda x: x.ravel(order="F").reshape(x.shape)
    row = lambda x: x.ravel().reshape(x.shape, order="F")
    words = "its entries are in column order in an array of row order"
    yield Instead("reordered", words, "reshape in the order it was laid out", column)
    words = "its entries are in row order in an array of column order"
    yield Instead("reordered", words, "reshape in the order it was laid out", row)


def _along(axis: int, rank: int) -> Iterator[Instead]:
    named = f"axis {axis}" if rank > 1 else "its only axis"
    yield Instead(
        "flipped", f"{named} runs backwards", f"flip {named}", partial(np.flip, axis=axis)
    )
    for step in (1, -1):
        words = f"{named} is off by one: entry i holds what belongs to entry i {-step:+d}"
        remedy = f"shift {named} by {-step}"
        yield Instead("shifted", words, remedy, partial(np.roll, shift=step, axis=axis))
        words = f"{words}, and the end is zero"
        yield Instead("shifted", words, remedy, partial(_pushed, step=step, axis=axis))
    first = partial(_of_one, at=0, axis=axis)
    last = partial(_of_one, at=-1, axis=axis)
    for which, one in (("first", first), ("last", last)):
        words = f"every entry along {named} holds what belongs to the {which}"
        yield Instead("one example", words, "use each entry's own cotangent", one)
    mean = lambda x: np.broadcast_to(x.mean(axis=axis, keepdims=True), x.shape)
    words = f"every entry along {named} holds their mean"
    yield Instead("axis", words, f"do not average over {named}", mean)
    if rank > 1 and axis == 0:
        yield Instead("axis", "every entry holds the mean of all", "do not average", _mean)


def _mean(x: np.ndarray) -> np.ndarray:
    return np.full(x.shape, x.mean())


def _of_one(x: np.ndarray, at: int, axis: int) -> np.ndarray:
    return np.broadcast_to(np.take(x, [at], axis=axis), x.shape)


def _pushed(x: np.ndarray, step: int, axis: int) -> np.ndarray:
    moved = np.roll(x, step, axis)
    moved[(slice(None),) * axis + (0 if step > 0 else -1,)] = 0.0
    return moved


NARROW = {
    "bfloat16": ml_dtypes.bfloat16,
    "float16": np.float16,
    "float32": np.float32,
}


def cast_through(got: np.ndarray) -> str | None:
    """The narrowest format that holds every entry; None where float64 alone does."""
    finite = got[np.isfinite(got) & (got != 0)]
    if finite.size < 2:
        return None
    for name, dtype in NARROW.items():
        with np.errstate(over="ignore"):
            if np.array_equal(got.astype(dtype).astype(np.float64), got, equal_nan=True):
                return name
    return None
