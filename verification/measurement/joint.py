"""Entries that share a tie are judged together: an answer mixes the sides of a tie, once for all.

Each entry inside its own interval is not enough: both sides of max(x, x) may get from 0 to all of
what arrives, and together they get it once.  In the words of Clarke: the answer in all entries must
lie in the convex hull of the one-sided gradients.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..arithmetic.hulls import excess
from ..vocabulary import Ball, Sides

Arrays = Sequence[np.ndarray]


class Joint(NamedTuple):
    """Of every leaf: how far entries are from any mixture of sides, and which cannot be judged."""

    off: list[np.ndarray]
    open: list[np.ndarray]


def joint(truth: Sequence[Ball], allowed: Arrays, got: Arrays) -> Joint:
    """What the sides that the leaves share say of an answer."""
    found = Joint(
        [np.zeros(b.mid.shape) for b in truth], [np.zeros(b.mid.shape, bool) for b in truth]
    )
    shared = [k for k, b in enumerate(truth) if shares(b) and got[k].shape == b.mid.shape]
    if not shared:
        return found
    sides = [s for k in shared if (s := truth[k].sides) is not None]
    laid = lambda arrays: np.concatenate([np.asarray(arrays[k]).ravel() for k in shared])
    columns = np.concatenate([s.columns.reshape(len(s.columns), -1) for s in sides], axis=1)
    blocks, exact = sides[0].blocks, all(s.exact for s in sides)
    answer, room = laid(got), laid(allowed) + np.spacing(np.abs(columns).max(axis=0))
    room = room + np.concatenate([np.ravel(_error(s)) for s in sides])
    known = np.isfinite(answer) & np.isfinite(room) & np.isfinite(laid([b.rad for b in truth]))
    moving = known & (np.ptp(columns, axis=0) > 0.0)
    if not moving.any() or (exact and _apart(columns[:, moving], blocks)):
        return found
    ask = lambda convex: excess(columns[:, moving], blocks, answer[moving], room[moving], convex)
    off, open_entries = np.zeros(len(answer)), np.zeros(len(answer), bool)
    off[moving] = ask(exact)
    alone = np.abs(answer - laid([b.mid for b in truth])) <= laid([b.rad for b in truth]) + room
    if not exact and not off.any() and alone[moving].all():
        open_entries[moving] = bool(ask(True).any())
    low = 0
    for k in shared:
        size, shape = got[k].size, got[k].shape
        found.off[k][...] = off[low : low + size].reshape(shape)
        found.open[k][...] = open_entries[low : low + size].reshape(shape)
        low += size
    return found


def _error(sides: Sides) -> np.ndarray:
    return np.zeros(sides.columns.shape[1:]) if sides.error is None else sides.error


def shares(ball: Ball) -> bool:
    """Whether there are several sides."""
    return ball.sides is not None and len(ball.sides.columns) > 1


def at_kink(ball: Ball) -> np.ndarray:
    """Entries where the sides differ."""
    if ball.sides is None:
        return np.zeros(ball.mid.shape, bool)
    return np.asarray(np.ptp(ball.sides.columns, axis=0) > 0.0)


def _apart(columns: np.ndarray, blocks: np.ndarray) -> bool:
    """Whether no two entries share a tie, and no two ties an entry: intervals say it all."""
    moves = np.array([np.ptp(columns[blocks == b], axis=0) > 0.0 for b in np.unique(blocks)])
    return bool((moves.sum(axis=0) <= 1).all() and (moves.sum(axis=1) <= 1).all())


def in_words(truth: Sequence[Ball], got: Arrays) -> str:
    """What an answer that is no mixture does at a tie; `shares` are summed where that says it."""
    sums = {round(total, 2) for total in _shares(truth, got)} - {1.0}
    if sums == {2.0}:
        return "both sides of a tie get all of it: their shares sum to 2, not 1"
    if sums == {0.0}:
        return "no side of a tie gets any of it: the shares sum to 0, not 1"
    if len(sums) == 1:
        return f"the shares at a tie sum to {sums.pop():g}, not 1"
    return "no mixture of the one-sided gradients is this answer in all entries at once"


def _shares(truth: Sequence[Ball], got: Arrays) -> list[float]:
    """For every block whose sides give all to one entry each: what the answer gives in sum."""
    leaves = [(b.sides, g) for b, g in zip(truth, got, strict=True) if b.sides is not None]
    columns = np.concatenate([s.columns.reshape(len(s.columns), -1) for s, _ in leaves], axis=1)
    answer = np.concatenate([np.asarray(g).ravel() for _, g in leaves])
    blocks, found = leaves[0][0].blocks, []
    moves = {b: np.ptp(columns[blocks == b], axis=0) > 0.0 for b in np.unique(blocks)}
    often = np.sum(list(moves.values()), axis=0)
    for block, moving in moves.items():
        if not moving.any() or (often[moving] > 1).any():
            continue
        others = columns[blocks != block][:, moving]
        start = others[0] if len(others) else np.zeros(int(moving.sum()))
        whole = start + columns[blocks == block][:, moving]
        least, most = (
            np.take_along_axis(whole, f(np.abs(whole), axis=0)[None], axis=0)[0]
            for f in (np.argmin, np.argmax)
        )
        share = (whole - least) / (most - least)
        if np.allclose(share.sum(axis=1), 1.0):
            found.append(float(((answer[moving] - least) / (most - least)).sum()))
    return found
