"""Another cotangent: what arrives from outside is ignored, summed or averaged at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import jax
import numpy as np

from ..oracles.question import as_exact
from ..vocabulary import Explanation
from .leaves import residual_of
from .problem import Problem, largest, wrong_leaves

Change = Callable[[np.ndarray], np.ndarray]


class Other(NamedTuple):
    """What is done to every array that arrives."""

    words: str
    make: Change


EVERYWHERE = (
    Other("ignored: 1 is taken in every entry", np.ones_like),
    Other("replaced by its sum in every entry", lambda d: np.full_like(d, d.sum())),
    Other("replaced by its mean in every entry", lambda d: np.full_like(d, d.mean())),
    Other("multiplied in twice: its square", np.square),
    Other("replaced by its sign", np.sign),
    Other("replaced by its size, without its sign", np.abs),
)


def other_cotangent(problems: Sequence[Problem]) -> list[Explanation]:
    """The right gradient, at the first change of what arrives that fits every case."""
    if problems[0].scalar:
        return []
    left = _called if problems[0].untraced else _traced
    for other in _others(problems[0]):
        residual = left(problems, other.make)
        if residual <= 1.0:
            return [_said(problems, other.words, residual)]
    return []


def _others(p: Problem) -> Iterator[Other]:
    yield from EVERYWHERE
    most = max((np.ndim(d) for d in jax.tree.leaves(p.sample.args[-1])), default=0)
    for axis in range(most if most > 1 else 0):
        for name, f in (("sum", np.sum), ("mean", np.mean)):
            yield Other(f"replaced by its {name} along axis {axis}", partial(_along, axis, f))


def _along(axis: int, f: Callable, d: np.ndarray) -> np.ndarray:
    if axis >= d.ndim:
        return d
    return np.broadcast_to(f(d, axis=axis, keepdims=True), d.shape)


def _traced(problems: Sequence[Problem], make: Change) -> float:
    return largest(problems, lambda p: _changed(p, make).right_alone)


def _changed(p: Problem, make: Change) -> Problem:
    *args, above = p.sample.args
    other = jax.tree.map(lambda d: np.asarray(make(as_exact(d))), above)
    return replace(p, sample=replace(p.sample, args=(*args, other)))


def _called(problems: Sequence[Problem], make: Change) -> float:
    """Of a function that acts on each entry alone: the truth is what arrives times its slope."""
    bad = wrong_leaves(problems)
    if len(bad) != 1:
        return np.inf
    leaf, worst = problems[0].sample.paths.index(bad[0]), 0.0
    for p in problems:
        leaves, wanted = p.inputs
        if leaves[wanted[leaf]].shape != leaves[-1].shape:
            return np.inf
        with np.errstate(all="ignore"):
            ratio = make(leaves[-1]) / leaves[-1]
        worst = max(worst, residual_of([p], leaf, lambda truth, r=ratio: truth * r))
    return worst


def _said(problems: Sequence[Problem], words: str, residual: float) -> Explanation:
    return Explanation(
        kind="edge",
        term="the cotangent, which arrives from outside",
        mistake=words,
        remedy="multiply by each entry of the cotangent as it arrives",
        residual=residual,
        leaves=wrong_leaves(problems),
    )
