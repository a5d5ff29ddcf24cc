"""Entries that are no numbers: which, and whether all others are right."""

from collections.abc import Sequence

import numpy as np

from ..vocabulary import Explanation
from .problem import Problem

SHOWN = 4


def not_numbers(problems: Sequence[Problem]) -> list[Explanation]:
    """Where an answer is NaN or infinite and the truth is not; it fits if all else is right."""
    for p in problems:
        pairs = zip(p.sample.got, p.known, strict=True)
        bad = [np.argwhere(k & ~np.isfinite(np.asarray(g))).tolist() for g, k in pairs]
        if any(bad):
            return [_said(p, bad)]
    return []


def _said(p: Problem, bad: list[list[list[int]]]) -> Explanation:
    paths = p.sample.paths
    where = [f"{path}{index}" for path, found in zip(paths, bad, strict=True) for index in found]
    more = f" and {len(where) - SHOWN} more" if len(where) > SHOWN else ""
    rest = all(_right(p, k) for k in range(len(paths)))
    return Explanation(
        kind="layer",
        term=f"the entries {', '.join(where[:SHOWN])}{more} of the gradient",
        mistake=f"not finite numbers; every other entry is {'right' if rest else 'not right'}",
        remedy="look for 0/0, infinity less infinity, 0 times infinity or a buffer never written",
        residual=0.0 if rest else np.inf,
        fits=rest,
        leaves=tuple(path for path, found in zip(paths, bad, strict=True) if found),
    )


def _right(p: Problem, leaf: int) -> bool:
    got = np.asarray(p.sample.got[leaf])
    judged = p.known[leaf] & np.isfinite(got)
    return not (judged & (np.abs(p.differences[leaf]) > p.room[leaf])).any()
