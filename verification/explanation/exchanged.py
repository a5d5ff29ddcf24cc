"""Leaves of one shape mistaken for each other; which they are may differ from case to case."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..vocabulary import Explanation
from .problem import Problem, budgets


def exchanged(problems: Sequence[Problem]) -> list[Explanation]:
    """Two hold each other's gradient, or one has another's added to it; all others are right."""
    for words, remedy, of_case in (
        ("hold each other's gradient", "give each leaf its own", _swapped),
        ("one has the other's gradient added to it", "clear the buffer in between", _added),
    ):
        found = [next(of_case(p), None) for p in problems if any(p.wrong)]
        if found and all(found):
            pairs = dict.fromkeys(f"{a} and {b}" for _, a, b in (f for f in found if f))
            leaves = dict.fromkeys(x for f in found if f for x in f[1:])
            return [
                Explanation(
                    kind="swapped",
                    term=f"two leaves of one shape ({', or '.join(pairs)})",
                    mistake=words,
                    remedy=remedy,
                    residual=max(f[0] for f in found if f),
                    leaves=tuple(map(str, leaves)),
                )
            ]
    return []


def _swapped(p: Problem) -> Iterator[tuple[float, str, str]]:
    wrong = [k for k, w in enumerate(p.wrong) if w]
    if len(wrong) == 2:
        one, other = wrong
        worst = max(_off(p, one, [other]), _off(p, other, [one]))
        if worst <= 1.0:
            yield worst, p.sample.paths[one], p.sample.paths[other]


def _added(p: Problem) -> Iterator[tuple[float, str, str]]:
    wrong = [k for k, w in enumerate(p.wrong) if w]
    for one in wrong if len(wrong) == 1 else ():
        for other in range(len(p.wrong)):
            if other != one and (worst := _off(p, one, [one, other])) <= 1.0:
                yield worst, p.sample.paths[one], p.sample.paths[other]


def _off(p: Problem, leaf: int, parts: list[int]) -> float:
    """How far the answer in a leaf is from the sum of the truths of others, in their budgets."""
    got = np.asarray(p.sample.got[leaf])
    if any(p.sample.truth[k].mid.shape != got.shape for k in parts):
        return np.inf
    guess = np.sum([p.sample.truth[k].mid + p.sample.truth[k].tail for k in parts], axis=0)
    room = np.sum([p.tolerance[k] for k in parts], axis=0) + p.unit * np.abs(guess)
    return budgets(got - guess, room)
