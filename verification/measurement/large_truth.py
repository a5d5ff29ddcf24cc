"""Truth and budget of a case that is too large for a proof: first the budget, then the truth.

In this order the arrays of the one are not held while the other is found, and both are kept where
somebody keeps stages.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..oracles.question import Question
from ..oracles.work import products
from ..vocabulary import Ball, Silent
from ..vocabulary.progress import during
from . import stages
from .answer import PROVABLE
from .batch import budget_at
from .budget import Budget, traced
from .drawn_truth import NAME, drawn_truth, is_enough
from .evaluation import Proof, in_floats, proof
from .stages import Kept
from .subject import Subject


class Told(NamedTuple):
    """The truth of a case, whose it is where that is neither a proof nor autodiff, and its budget.

    `first` is None where the budget is nothing to be found once: of a small program, or at a tie.
    """

    found: Proof
    oracle: str = ""
    first: Callable[[], Budget] | None = None


def told(subject: Subject, args: tuple, cotangent: Any, reference: Callable) -> Told:
    """What is true at args, and `first`, which gives the budget of `reference` there."""
    work = products(subject.question(args, cotangent).program)
    above = args if cotangent is None else (*args, cotangent)
    first = cache(partial(budget_at, reference, above, subject.dtype))
    if work <= PROVABLE:
        return _while_it_lasts(subject, args, cotangent, reference, first, work)
    with suppress(Silent):  # it is asked for again, and says then why there is none
        first()
    if not stages.STORES:
        return _found(subject, args, cotangent, reference, first)
    where = stages.place("truth", *traced(reference, above), subject.dtype)
    if kept := stages.known(where):
        asked = subject.proven(args, cotangent, prove=_unproven)
        thirds = zip(*_thirds(kept.arrays), kept.said["proven"], strict=True)
        truth = [Ball(m, np.broadcast_to(t, m.shape), r, proven) for m, t, r, proven in thirds]
        return Told(Proof(asked.question, truth, kept.said["silence"]), kept.said["oracle"], first)
    new = _found(subject, args, cotangent, reference, first)
    if new.first is not None:
        stages.keep(where, _kept(new))
    return new


def _while_it_lasts(
    subject: Subject,
    args: tuple,
    cotangent: Any,
    reference: Callable,
    first: Callable[[], Budget],
    work: int,
) -> Told:
    """A proof, while those of all draws together are no more work than one of the largest.

    The first draw is proven in any case, and later ones where float64 does not tell all entries.
    """
    spent, subject.proved = subject.proved, subject.proved + work
    if spent and spent + work > PROVABLE and subject.dtype != "float64":
        known = _found(subject, args, cotangent, reference, first, in_floats)
        with suppress(Silent):
            if is_enough(known.found, first().allowed):
                return known
    return Told(subject.proven(args, cotangent))


def _unproven(question: Question, dtype: str) -> Proof:
    return Proof(question, [], "")


def _found(
    subject: Subject,
    args: tuple,
    cotangent: Any,
    reference: Callable,
    first: Callable[[], Budget],
    prove: Callable[[Question, str], Proof] = proof,
) -> Told:
    with during("the truth in float64"):
        found = subject.proven(args, cotangent, prove)
        if any(ball.sides is not None for ball in found.truth):
            return Told(found)
        if any(ball.proven for ball in found.truth):
            return Told(found, "", first)
        above = args if cotangent is None else (*args, cotangent)
        drawn = drawn_truth(found, first, reference, above, subject.dtype)
    return Told(found, "", first) if drawn is None else Told(drawn, NAME, first)


def _kept(new: Told) -> Kept:
    truth = new.found.truth
    tails = [b.tail if b.tail.any() else np.zeros(()) for b in truth]
    arrays = [*(b.mid for b in truth), *tails, *(b.rad for b in truth)]
    proven = [ball.proven for ball in truth]
    return Kept(arrays, {"proven": proven, "silence": new.found.silence, "oracle": new.oracle})


def _thirds(arrays: list) -> list[list]:
    count = len(arrays) // 3
    return [arrays[k * count : (k + 1) * count] for k in range(3)]
