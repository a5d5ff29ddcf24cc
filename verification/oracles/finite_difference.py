"""Oracle: central differences with Richardson extrapolation.  Says itself how far off it may be.

Method       (f(x + h) - f(x - h)) / 2h for h = 2^-3, 2^-5, ... of the coordinate's size; every
             pair of steps cancels one more power of h^2; the entry of the table with the
             smallest error estimate is the answer.
Independent  of every derivative rule, and of everything but values in float64.
Guarantee    none: a witness.  Its estimate is what neighbouring table entries disagree by, plus
             the rounding noise of f over h.
Kinks        where the two one-sided slopes stay apart as h falls, their distance is the estimate;
             where they part as 1 / h does the function jumps, and nothing is known.
Silent on    more than ENTRIES entries, and where f is not finite around the point.
"""

import numpy as np

from ..vocabulary import Ball, Rank, Silent
from . import sampling
from .question import Question

NAME, RANK = "finite_difference", Rank.WITNESS
ENTRIES, WORK = 256, 2**24  # coordinates, and coordinates times entries of all leaves
STEPS = 2.0 ** -np.arange(3, 42, 2)  # relative to the coordinate's size
ORDERS = 5  # columns of Richardson's table: errors in h^2, h^4, ..., h^10
NOISE = 8.0  # roundings of f, in units of its own last place, that a value may carry
CLEAR = 64.0  # times its noise that a gap of slopes must be
PARTING, ENOUGH = slice(4, 10), 6  # steps at which a jump must show
MIDDLE = 4  # of the steps, where a slope is good enough to say how large a term is
SPARE = 4.0  # neighbours in the table may agree by luck


def gradient(question: Question) -> list[Ball]:
    """Every partial derivative, with the error that the differences admit to."""
    x = sampling.point(question)
    total = sum(leaf.size for leaf in question.leaves)
    if x.size > ENTRIES or x.size * total > WORK:
        raise Silent(f"{x.size} coordinates of {total} entries are more than differences are for")
    with np.errstate(all="ignore"):
        above, below, forward, backward = points(x)
        here, up, down = _values(question, above, below)
        whole = terms(x, ((up - down) / (forward + backward))[MIDDLE])
        size = np.maximum(np.maximum(np.abs(up), np.abs(down)), whole)
        noise = NOISE * np.finfo(float).eps * size
    mid, rad = slopes(here, up, down, forward, backward, noise)
    if x.size and not np.isfinite(rad).any():
        raise Silent("f is inf or NaN around every coordinate")
    parts = zip(*(sampling.split(question, a) for a in (mid, rad)), strict=True)
    return [Ball(m, np.zeros_like(m), r, proven=False) for m, r in parts]


def slopes(here, up, down, forward, backward, noise) -> tuple[np.ndarray, np.ndarray]:
    """Middle and error of every coordinate's slope; values and noise are (step, coordinate)."""
    with np.errstate(all="ignore"):
        central = (up - down) / (forward + backward)
        table, error = richardson(central, noise / np.minimum(forward, backward))
        right, left = (up - here) / forward, (here - down) / backward
        error = np.maximum(error, kink(right, left, noise / forward)[None])
        error = np.where(jumps(right, left, noise / forward), np.inf, error)
    error = np.where(np.isfinite(error) & np.isfinite(table), error, np.inf)
    flat = error.reshape(-1, up.shape[1])
    best = np.argmin(flat, axis=0), np.arange(up.shape[1])
    rad = flat[best]
    return np.where(np.isfinite(rad), table.reshape(-1, up.shape[1])[best], 0.0), SPARE * rad


def points(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """x + h and x - h for every step and coordinate, and how far they really are from x."""
    size = 2.0 ** np.floor(np.log2(np.maximum(np.abs(x), 1.0)))
    h = STEPS[:, None] * size
    above, below = x + h, x - h
    return above, below, above - x, x - below


def _values(question: Question, above: np.ndarray, below: np.ndarray) -> tuple:
    places = np.concatenate([above.ravel(), below.ravel(), sampling.point(question)[:1]])
    axes = np.concatenate([np.tile(np.arange(above.shape[1]), 2 * len(above)), np.zeros(1, int)])
    values = sampling.along_axes(question, axes.astype(int), places)
    up, down = values[:-1].reshape(2, *above.shape)
    return values[-1], up, down


def terms(x: np.ndarray, slopes: np.ndarray) -> float:
    """How large f is as a sum of one term for each coordinate, where these do not cancel."""
    products = x * slopes
    return float(np.sqrt(np.sum(products**2, where=np.isfinite(products))))


def richardson(central: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The table (order, step, ...) and its errors: distance to both parents, and rounding noise.

    T_{k+1}(h/4) = T_k(h/4) + (T_k(h/4) - T_k(h)) / (16^{k+1} - 1).
    """
    coarser = np.concatenate([np.full_like(central[:1], np.nan), central[:-1]])
    table, errors = [central], [np.abs(central - coarser) + noise]
    for k in range(1, ORDERS):
        fine = table[-1]
        coarse = np.concatenate([np.full_like(fine[:1], np.nan), fine[:-1]])
        better = fine + (fine - coarse) / (16.0**k - 1.0)
        error = np.maximum(np.abs(better - fine), np.abs(better - coarse)) + noise
        table.append(better)
        errors.append(error)
    return np.stack(table), np.stack(errors)


def kink(right: np.ndarray, left: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The gap between one-sided slopes where it has not fallen with h: 0 for a smooth f."""
    gap = np.abs(right - left)
    coarser = np.concatenate([np.full_like(gap[:1], np.inf), gap[:-1]])
    return np.where(gap > 0.5 * coarser + 4.0 * noise, gap, 0.0)


def jumps(right: np.ndarray, left: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Where the one-sided slopes part at every one of the last clear steps, as 1 / h does."""
    gap = np.abs(right - left)
    clear = np.isfinite(gap) & (gap > CLEAR * noise)
    parts = clear[1:] & clear[:-1] & (gap[1:] > 2.0 * gap[:-1])
    return (np.sum(parts, axis=0) >= ENOUGH) & parts[PARTING].all(axis=0)
