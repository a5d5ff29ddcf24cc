"""The right gradient at another argument: one that runs backwards, is turned, or off by one."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import jax
import numpy as np

from ..arithmetic.tape import Tape
from ..vocabulary import Explanation
from .other_runs import Other, other_runs
from .problem import Problem


class Change(NamedTuple):
    """What is done to an argument; ValueError where its shape does not have it."""

    words: str
    make: Callable[[np.ndarray], np.ndarray]


def _turned(x: np.ndarray) -> np.ndarray:
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError("no square")
    return np.swapaxes(x, -1, -2)


ALL = (
    Change("is transposed", _turned),
    *(Change(f"runs backwards along axis {k}", partial(np.flip, axis=k)) for k in (0, 1, 2)),
    *(
        Change(f"is off by one along axis {k}", partial(np.roll, shift=step, axis=k))
        for k in (0, 1)
        for step in (1, -1)
    ),
    Change("has the wrong sign", np.negative),
    Change("has lost its sign", np.abs),
    Change("is doubled", lambda x: 2.0 * x),
    Change("is halved", lambda x: 0.5 * x),
    Change("is squared", np.square),
    Change("sums to one along its last axis", lambda x: x / x.sum(axis=-1, keepdims=True)),
)


def other_argument(problems: Sequence[Problem]) -> list[Explanation]:
    """The arguments that fit, each with what was done to it."""
    return other_runs(problems, _candidates(problems[0]))


def _candidates(p: Problem) -> Iterator[Other]:
    names = _names(p)
    for change in ALL:
        for i, leaf in enumerate(p.question.leaves):
            if leaf.dtype.kind == "f" and leaf.size > 1:
                said = Explanation(
                    kind="argument",
                    term=f"the gradient at {names[i]}",
                    mistake=f"it is that of an argument which {change.words}",
                    remedy=f"use {names[i]} as the forward does",
                )
                yield Other(partial(_tape, leaf=i, change=change), said)


def _tape(p: Problem, leaf: int, change: Change) -> Tape:
    leaves = list(p.question.leaves)
    leaves[leaf] = change.make(leaves[leaf])
    return p.recorded(leaves)


def _names(p: Problem) -> list[str]:
    """Of the leaves: those of the arguments, then of the cotangent."""
    found = [path for path, _ in jax.tree_util.tree_flatten_with_path(p.question.args)[0]]
    named = [f"argument {jax.tree_util.keystr(path)}" for path in found]
    rest = len(p.question.leaves) - len(named)
    return named + ["the cotangent"] * rest
