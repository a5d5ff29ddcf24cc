"""Mistakes seen in one leaf of the answer alone: what it is instead of the truth.

Each form takes a leaf (the truth, or the room around it) and gives what the mistake makes of it,
or None where its shape has no such mistake.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import permutations
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from ..arithmetic.linear import as_float

Form = Callable[[np.ndarray], np.ndarray | None]


class Instead(NamedTuple):
    """A form, its kind, and the mistake in words."""

    kind: str
    words: str
    remedy: str
    make: Form


def forms(shape: tuple[int, ...], from_the_end: bool = False) -> Iterator[Instead]:
    """The forms that an array of this shape can take, the plainest first.

    Axes are counted from the end where leaves of other ranks are to be told the same.
    """
    yield Instead("zero", "it is zero everywhere", "add the missing gradient", lambda x: 0.0 * x)
    yield Instead("sign", "the sign is wrong", "turn the sign", lambda x: -x)
    yield Instead("sign", "the signs are lost: it is the absolute value", "keep the sign", np.abs)
    yield from _turned(shape)
    for axis, n in enumerate(shape):
        if n > 1:
            yield from _along(axis - len(shape) * from_the_end, len(shape))


def rarer(shape: tuple[int, ...], from_the_end: bool = False) -> Iterator[Instead]:
    """Forms that people meet less often, tried when none of the others holds."""
    yield Instead("factor", "only the signs are left", "keep the sizes", np.sign)
    yield Instead("factor", "it is squared entry by entry", "do not square it", np.square)
    words = "0.01 is added to every entry: weight decay, or an epsilon"
    yield Instead("factor", words, "leave it out of the gradient", lambda x: x + 0.01)
    if not np.prod(shape, dtype=int) > 1:
        return
    yield Instead("axis", "its mean is subtracted", "leave the mean in", lambda x: x - x.mean())
    yield Instead("factor", "it is scaled to length 1", "leave its length", _unit)
    yield Instead("axis", "every entry holds the mean of all", "do not average", _mean)
    neighbour = lambda x: x + 0.9 * np.roll(x.ravel(), 1).reshape(x.shape)
    words = "0.9 of the entry before is added to each: what was there is not cleared"
    yield Instead("shifted", words, "clear the buffer in between", neighbour)
    half = lambda x: np.where(np.arange(x.size) < x.size // 2, x.ravel(), 0.0).reshape(x.shape)
    yield Instead("zero", "the second half is never written", "write all of it", half)
    other = lambda x: np.where(np.arange(x.size) >= x.size // 2, x.ravel(), 0.0).reshape(x.shape)
    yield Instead("zero", "the first half is never written", "write all of it", other)
    if len(shape) == 2:
        both = "compute both triangles"
        yield Instead("zero", "only the upper triangle is written", both, np.triu)
        yield Instead("zero", "only the lower triangle is written", both, np.tril)
    for axis, n in enumerate(shape):
        if n > 1:
            yield from _gone(axis - len(shape) * from_the_end)


def _gone(axis: int) -> Iterator[Instead]:
    for which, at in (("first", 0), ("last", -1)):
        lost = partial(_erased, at=at, axis=axis)
        words = f"the {which} along axis {axis} is never written: 0"
        yield Instead("zero", words, "look at the bounds of the loop that writes it", lost)
        alone = lambda x, lost=lost: x - lost(x)
        words = f"only the {which} along axis {axis} is written"
        yield Instead("zero", words, "look at the bounds of the loop that writes it", alone)
    words = f"the first two along axis {axis} have changed places"
    yield Instead("permuted", words, "put them back", partial(_exchanged, axis=axis))


def _unit(x: np.ndarray) -> np.ndarray:
    return x / (np.sqrt((x * x).sum()) or 1.0)


def _erased(x: np.ndarray, at: int, axis: int) -> np.ndarray:
    wrong = np.array(x)
    np.moveaxis(wrong, axis, 0)[at] = 0.0
    return wrong


def _exchanged(x: np.ndarray, axis: int) -> np.ndarray:
    order = [1, 0, *range(2, x.shape[axis])]
    return np.take(x, order, axis=axis)


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
    named = "its only axis" if rank == 1 else f"axis {axis}" if axis != -1 else "the last axis"
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
    total = lambda x: np.broadcast_to(x.sum(axis=axis, keepdims=True), x.shape)
    words = f"every entry along {named} holds their sum"
    yield Instead("axis", words, f"do not sum over {named}", total)
    if rank > 1 and axis == 0:
        yield Instead("axis", "every entry holds the mean of all", "do not average", _mean)
        every = lambda x: np.full(x.shape, x.sum())
        yield Instead("axis", "every entry holds the sum of all", "do not sum", every)


def _mean(x: np.ndarray) -> np.ndarray:
    return np.full(x.shape, x.mean())


def _of_one(x: np.ndarray, at: int, axis: int) -> np.ndarray:
    return np.broadcast_to(np.take(x, [at], axis=axis), x.shape)


def _pushed(x: np.ndarray, step: int, axis: int) -> np.ndarray:
    moved = np.roll(x, step, axis)
    np.moveaxis(moved, axis, 0)[0 if step > 0 else -1] = 0.0
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


def narrowest(arrays: Sequence[Any]) -> str:
    """The narrowest format that holds all of them, as far as they tell."""
    wide = [as_float(x) for x in arrays]
    names = {cast_through(x) or "float64" for x in wide if _tells(x)}
    return max(names or {"float64"}, key=(*NARROW, "float64").index)


def _tells(x: np.ndarray) -> bool:
    """Whether it has floats enough, some of them no integers, to tell a format by."""
    if x.dtype.kind != "f" or np.count_nonzero(np.isfinite(x) & (x != 0.0)) < 2:
        return False
    return bool(np.any(x != np.round(x)))


def budgets(apart: Any, room: Any) -> float:
    """The largest of what is off, in budgets: 0 of none is none, and NaN is infinite."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(apart == 0.0, 0.0, np.abs(apart) / room)
    return float(np.where(np.isnan(ratio), np.inf, ratio).max(initial=0.0))
