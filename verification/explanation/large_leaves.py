"""A large leaf is looked at in a few of its entries first: what does not fit there fits nowhere."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from .answers import Instead
from .columns import FEW, LARGE
from .problem import Problem

HALF, CLEAR = 0.5, 2.0**-6  # of its size that a form may miss by there; of room, that is little
ROOMS = 4.0  # a form that only moves entries is off by no more of the largest room


def thinned(problems: Sequence[Problem]) -> list[Problem]:
    """The same, with a few entries of every large leaf: alike in all leaves of one shape.

    None where no leaf is large, or where the truth is a choice that all entries share.
    """
    large = any(np.size(got) > LARGE for p in problems for got in p.sample.got)
    chosen = any(ball.sides is not None for p in problems for ball in p.sample.truth)
    return [replace(p, sample=_few(p)) for p in problems] if large and not chosen else []


def _few(p: Problem) -> Any:
    s = p.sample
    pick = lambda x, got: taken(np.broadcast_to(x, np.shape(got)))
    truth = [
        ball._replace(mid=pick(ball.mid, g), tail=pick(ball.tail, g), rad=pick(ball.rad, g))
        for ball, g in zip(s.truth, s.got, strict=True)
    ]
    allowed = [pick(a, g) for a, g in zip(s.allowed, s.got, strict=True)]
    args = jax.tree.map(_of_argument, s.args)
    return replace(s, args=args, truth=truth, allowed=allowed, got=[taken(g) for g in s.got])


def _of_argument(x: Any) -> Any:
    return taken(np.asarray(x)) if isinstance(x, np.ndarray | jax.Array) else x


def taken(x: np.ndarray) -> np.ndarray:
    """A few entries of an array, if it is large."""
    if np.size(x) <= LARGE:
        return x
    at = np.random.default_rng(np.size(x)).integers(0, np.size(x), FEW)
    return np.asarray(x)[np.unravel_index(at, np.shape(x))]


def likely(problems: Sequence[Problem], leaf: int, known: Iterable[Instead]) -> Iterator[Instead]:
    """The forms that come near in those entries, at the first case in which the leaf is wrong."""
    p = next((p for p in problems if p.wrong[leaf]), problems[0])
    if np.size(p.sample.got[leaf]) <= LARGE:
        yield from known
        return
    truth, got = p.sample.truth[leaf], taken(p.sample.got[leaf])
    whole, room = truth.mid + truth.tail, p.tolerance[leaf]
    most = float(np.where(np.isfinite(room), room, 0.0).max())
    few, size = taken(room), _root(got)
    for form in known:
        with np.errstate(all="ignore"):
            made = form.make(whole)
        if made is None or np.shape(made) != whole.shape:
            continue
        off = np.where(np.isfinite(few), np.abs(got - taken(made)), 0.0)
        if not _misses(p, form, off, taken(made), size, most):
            yield form


MOVES = ("flipped", "shifted", "transposed", "permuted", "reordered", "zero", "sign")


def _misses(
    p: Problem, form: Instead, off: np.ndarray, made: np.ndarray, size: float, most: float
) -> bool:
    """Whether it is further off than the room around any entry lets it be."""
    size = max(size, _root(made))
    if form.kind in MOVES and "0.9" not in form.words:
        coarse = most / max(size, np.finfo(float).tiny)
        room = ROOMS * (most + (coarse + p.unit) * (np.abs(made) + size))
        return not bool((off <= room).all())
    return most < CLEAR * size and not _root(off) <= HALF * size


def _root(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x)))) if x.size else 0.0
