"""What is done to an array of numbers to bring it to an edge: a zero, a tie, a scale, a repetition.

A move may break the law that all draws obey; domain.keeps says whether it did.
"""

from collections.abc import Iterator

import numpy as np

from .domain import Law, is_float, keeps

TRIES = 64  # duplicates that are tried until one keeps the law

Index = tuple[int, ...]


def one_zero(x: np.ndarray, law: Law) -> np.ndarray:
    """The smallest entry as 0: so what is sorted stays sorted."""
    size = np.where(_present(x, law), np.abs(_wide(x)), np.inf)
    return _with(x, law, _at(-size), np.zeros((), x.dtype))


def zeros(x: np.ndarray, law: Law) -> np.ndarray:
    return np.zeros_like(x)


def all_equal(x: np.ndarray, law: Law) -> np.ndarray:
    """Every entry as the first that is not 0."""
    several = x.reshape(-1)[np.flatnonzero(x)[:1]]
    return np.where(_present(x, law), several[0], x) if several.size else x


def aside(x: np.ndarray, far: float) -> np.ndarray:
    """All entries moved alike, the nearest to 0 by `far` beyond it."""
    wide = _wide(x)
    nearest = wide.max() if far < 0.0 else wide.min()
    return np.asarray(wide + (far - nearest)).astype(x.dtype)


def singular(x: np.ndarray, law: Law) -> np.ndarray:
    """A square matrix with its last row as its first; of a symmetric one the column, too."""
    n = x.shape[-1] if x.ndim >= 2 else 0
    if n < 2 or x.shape[-2] != n:
        return x
    after = np.array(x)
    after[..., -1, :] = after[..., 0, :]
    if law.symmetric:
        after[..., :, -1] = after[..., :, 0]
    return after


def is_singular(x) -> bool:
    """Whether it is a square matrix of less than full rank, or several of which one is."""
    shape = np.shape(x)
    if len(shape) < 2 or shape[-1] != shape[-2] or 0 in shape or not is_float(np.asarray(x)):
        return False
    return bool((np.linalg.matrix_rank(_wide(x)) < shape[-1]).any())


def times(x: np.ndarray, scale: float) -> np.ndarray:
    with np.errstate(over="ignore"):  # what is beyond the range is not looked at
        return np.asarray(x * np.asarray(scale, x.dtype))


def turned(x: np.ndarray, law: Law) -> np.ndarray:
    """Every entry as far from the largest as it was from the smallest: none is near both."""
    wide, here = _wide(x), _present(x, law)
    if not here.any() or not np.isfinite(wide).all():
        return x
    ends = wide[here].max() + wide[here].min()
    return np.where(here, ends - wide, wide).astype(x.dtype)


def ties(x: np.ndarray, law: Law) -> Iterator[tuple[str, np.ndarray]]:
    """The largest entry and the one beside it, along each axis; the smallest likewise.

    Any maximum, pool, or order that has both sees the tie.
    """
    axes = [axis for axis, n in enumerate(x.shape) if n > 1]
    for axis in axes:
        along = f" along axis {axis}" if len(axes) > 1 else ""
        high, low = (_pair(x, best, axis) for best in (_wide(x), -_wide(x)))
        if {*high} & {*low}:
            yield f"with its largest tied{along}", _tied(x, law, high)
            yield f"with its smallest tied{along}", _tied(x, law, low)
        else:
            both = _tied(_tied(x, law, high), law, low)
            yield f"with its largest and its smallest tied{along}", both


def met(x: np.ndarray, other: np.ndarray, law: Law) -> np.ndarray:
    """x with one entry as the other array has it there: the entry that was nearest to it."""
    there = np.broadcast_to(other, x.shape)
    apart = np.where(_present(x, law), np.abs(_wide(x) - _wide(there)), np.inf)
    at = _at(-apart)
    return _with(x, law, at, there[at])


# --- integers -------------------------------------------------------------------------------------


def one_duplicate(x: np.ndarray, law: Law) -> np.ndarray:
    """One entry as another: of neighbours in size, so what is sorted stays sorted."""
    flat, order = x.reshape(-1), np.argsort(x.reshape(-1), kind="stable")[:TRIES]
    for one, other in zip(order[:-1], order[1:], strict=True):
        for at, source in ((other, one), (one, other)):
            after = np.array(x)
            after.reshape(-1)[at] = flat[source]
            if flat[at] != flat[source] and keeps(law, after):
                return after
    return x


def one_row_twice(arrays: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """The last row of all arrays as the first; nothing of one vector, or where it is so already."""
    is_vector = len(arrays) == 1 and all(x.ndim == 1 for x in arrays.values())
    if is_vector or all(np.array_equal(x[0], x[-1]) for x in arrays.values()):
        return {}
    return {k: np.concatenate([x[:-1], x[:1]]) for k, x in arrays.items()}


def all_one(x: np.ndarray, law: Law) -> np.ndarray:
    """Every entry as one of them."""
    found = (np.full_like(x, value) for value in x.reshape(-1)[:TRIES])
    return next((after for after in found if keeps(law, after)), x)


# --- parts ----------------------------------------------------------------------------------------


def _wide(x: np.ndarray) -> np.ndarray:
    return np.asarray(x, np.float64)


def _present(x: np.ndarray, law: Law) -> np.ndarray:
    """Entries that are not 0 by law."""
    return np.asarray(~law.absent if law.absent.shape == x.shape else np.ones(x.shape, bool))


def _at(score: np.ndarray | np.floating) -> Index:
    return tuple(map(int, np.unravel_index(int(np.argmax(score)), score.shape)))


def _with(x: np.ndarray, law: Law, at: Index, value) -> np.ndarray:
    after = np.array(x)
    after[at] = value
    if law.symmetric:
        after[(*at[:-2], at[-1], at[-2])] = value
    return after


def _pair(x: np.ndarray, score: np.ndarray, axis: int) -> tuple[Index, Index]:
    """The best entry and its neighbour: windows of two have both."""
    best = _at(score)
    beside = best[axis] ^ 1 if best[axis] ^ 1 < x.shape[axis] else best[axis] - 1
    return best, (*best[:axis], beside, *best[axis + 1 :])


def _tied(x: np.ndarray, law: Law, pair: tuple[Index, Index]) -> np.ndarray:
    best, beside = pair
    return _with(x, law, beside, x[best])


def neighbours(number: bool | int | float) -> tuple:
    """Other values of the same type: of True False, of integers the next ones, 0 and 1."""
    if isinstance(number, bool):
        return (not number,)
    if isinstance(number, int):
        others = (number + 1, number - 1, 0, 1)
        return tuple(dict.fromkeys(n for n in others if n != number and (n >= 0 or number < 0)))
    return tuple(value for value in (0.0, 1.0) if value != number)
