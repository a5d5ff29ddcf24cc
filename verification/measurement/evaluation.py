"""One case, evaluated: the truth, the budget and the answer, and why one of them is missing."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import numpy as np

from ..oracles.question import Question, as_exact
from ..vocabulary import Ball, Case, Silent
from ..vocabulary.raised import in_words
from .answer import answer, cast, truth_or_silence, unknown
from .budget import Budget
from .contract import Rejection
from .sample import Sample


class Proof(NamedTuple):
    """A question and the truth of it, or why there is none."""

    question: Question
    truth: list[Ball]
    silence: str


def proof(question: Question, dtype: str = "") -> Proof:
    return Proof(question, *truth_or_silence(question, dtype))


def in_floats(question: Question, dtype: str = "") -> Proof:
    """The truth without a proof: float64, and a bound of its rounding."""
    return Proof(question, *truth_or_silence(question, dtype, is_proven=False))


def unproven(question: Question, silence: str) -> Proof:
    return Proof(question, unknown(question), silence)


def held(case: Case, dtype: str, argnums: tuple[int, ...]) -> Case | None:
    """The case at the numbers that the format holds; None where one is beyond its range."""
    with np.errstate(over="ignore"):
        args = cast(case.args, dtype, weights=argnums)
    here = Case(case.label, args)
    beyond = any((np.isfinite(a) & ~np.isfinite(b)).any() for a, b in _pairs(case, here))
    return None if beyond else here


def unchanged(case: Case, here: Case) -> bool:
    """Whether the format holds every number of the case exactly."""
    return all(np.array_equal(a, b, equal_nan=True) for a, b in _pairs(case, here))


def _pairs(one: Case, other: Case) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    leaves = (map(as_exact, jax.tree.leaves(case.args)) for case in (one, other))
    return zip(*leaves, strict=True)


def evaluated(
    gradient: Callable, proven: Proof, bound: Callable[..., Budget], case: Case, edge: bool = False
) -> Sample:
    """The answer of `gradient` at the case, beside the truth and bound(): what rounding may do.

    An oracle that is silent, or a bound, leaves the case undecided; an exception is the answer.
    """
    silence = proven.silence
    try:
        allowed = bound()
    except Silent as unbounded:
        silence = silence or str(unbounded)
        allowed = Budget([np.full(b.mid.shape, np.inf) for b in proven.truth], ())
    labels = {"label": case.label, "edge": edge, "silence": silence}
    try:
        return answer(gradient, proven.question, proven.truth, allowed, case.args, **labels)
    except Rejection as rejection:
        said = str(rejection)
    except (
        Exception,
        SystemExit,
    ) as error:  # foreign code may raise anything; it is the finding, not ours
        said = f"it raised {in_words(error)}"
    paths, balls = proven.question.paths, proven.truth
    return Sample(case.label, paths, balls, allowed.allowed, [], case.args, edge, failure=said)
