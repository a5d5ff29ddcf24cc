"""The smallest failing input: the worst case with fewer rows and simpler numbers, still outside.

It is looked for when somebody looks at it, after the verdict, which it never changes.  A step is
kept where the answer is outside its budget in leaves that were outside before, with numbers, and
where the truth is no choice at a kink.  At most TRIES points are asked for, in at most SECONDS;
under `unhurried` the clock has no say, so that a busy machine finds what a quiet one finds.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import NamedTuple

import numpy as np

from ..inputs import simpler
from ..inputs.domain import Law
from ..inputs.leaves import Sampled, sampled
from ..measurement.sample import Sample, outside

TRIES, SECONDS = 60, 3.0
_LIMIT = ContextVar("_LIMIT", default=SECONDS)


@contextmanager
def unhurried() -> Iterator[None]:
    """Searches in this block end by TRIES alone: for reports that are the same wherever made."""
    before = _LIMIT.set(float("inf"))
    try:
        yield
    finally:
        _LIMIT.reset(before)


class Search(NamedTuple):
    """What is asked at a point (None where it has no answer), and what holds of points."""

    ask: Callable[[tuple], Sample | None]
    argnums: tuple[int, ...]
    inputs: int
    laws: Callable[[], list[Law]]
    sizes: Callable[[], Sequence[simpler.Sizes]]
    is_mistake: Callable[[Sample], bool]  # and no lost digits
    far: bool  # whether zeros and ones, which are far from most draws, may decide


def smallest(search: Search, worst: Sample) -> Sample:
    """The simplest of the samples that still fail; the worst itself where none was found."""
    started, left = monotonic(), TRIES
    best = worst
    while left > 0:
        found = None
        for point in _steps(search, best):
            if left == 0 or monotonic() - started > _LIMIT.get():
                break
            left -= 1
            sample = fails(search, point, worst)
            if sample is not None:
                found = sample
                break
        if found is None:
            break
        best = found
    return best if best is worst or search.is_mistake(best) else worst


def fails(search: Search, point: tuple, worst: Sample | None = None) -> Sample | None:
    """The sample at a point, where it is wrong as the worst one is."""
    try:
        sample = search.ask(point)
    except Exception:  # somebody's functions, at a point that nobody drew
        return None
    if sample is None or sample.failure or sample.silence or not sample.got:
        return None
    bad = wrong_leaves(sample)
    if not bad or any(ball.sides is not None for ball in sample.truth):
        return None
    if worst is None or not worst.got:
        return sample
    finite = all(np.isfinite(sample.got[k]).all() for k, _ in enumerate(sample.got))
    was_finite = all(np.isfinite(x).all() for x in worst.got)
    return sample if bad <= wrong_leaves(worst) and finite == was_finite else None


def wrong_leaves(sample: Sample) -> set[str]:
    return {path for k, path in enumerate(sample.paths) if outside(sample, k).any()}


def _steps(search: Search, best: Sample) -> Iterator[tuple]:
    one = _leaves(search, best)
    yield from simpler.shorter(one, search.argnums, search.sizes())
    yield from simpler.plainer(one, search.far)


def _leaves(search: Search, sample: Sample) -> Sampled:
    return sampled(sample.args[: search.inputs], search.argnums, (), search.laws())
