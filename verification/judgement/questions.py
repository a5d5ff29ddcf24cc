"""The questions that a derivation asks of anybody: its edges and draws, with truth and budget.

They are those of check(): the same cases, the same proofs, the same budgets.  Each is made when it
is first wanted and kept, so that several implementations are judged by one proof.
"""

import zlib
from collections.abc import Callable
from functools import cache, cached_property, lru_cache

import numpy as np

from ..derivations import ALL
from ..measurement.batch import budget_at
from ..measurement.budget import Budget, wider
from ..measurement.evaluation import Proof, evaluated, held, proof
from ..measurement.sample import Sample
from ..measurement.subject import autodiff
from ..vocabulary import Case, Silent
from .check import draw, edges_of, numbered, question_of, with_cotangent


class CaseQuestion:
    """One case as a dtype holds it; what is true there, and allowed, when it is wanted."""

    def __init__(self, name: str, dtype: str, case: Case, edge: bool):
        self.derivation, self.dtype, self.case, self.edge = ALL[name], dtype, case, edge

    @cached_property
    def proof(self) -> Proof:
        return proof(question_of(self.derivation, self.case.args))

    @cached_property
    def _bound(self) -> Budget | Silent:
        try:
            by_hand = budget_at(self.derivation.gradient, self.case.args, self.dtype)
        except Silent as unbounded:
            return unbounded
        known = self.derivation
        reference = autodiff(known.function, known.argnums, known.scalar)
        try:
            return wider(by_hand, budget_at(reference, self.case.args, self.dtype))
        except Silent:
            return by_hand

    def bound(self) -> Budget:
        """What rounding may do.  Raises Silent where no oracle can say."""
        if isinstance(self._bound, Silent):
            raise self._bound
        return self._bound

    def answered(self, gradient: Callable) -> Sample:
        """The answer of gradient(*args), beside truth and budget."""
        return evaluated(gradient, self.proof, self.bound, self.case, self.edge)


class Questions:
    """All that is asked of one derivation in one dtype."""

    def __init__(self, name: str, dtype: str, seed: int):
        self.name, self.dtype = name, dtype
        subject = ALL[name]
        drawing, meeting = np.random.default_rng([seed, zlib.crc32(name.encode())]).spawn(2)
        drawn = numbered(with_cotangent(subject, c, drawing) for c in draw(subject, drawing))
        edges = (with_cotangent(subject, case, meeting) for case in edges_of(subject, dtype))
        self.edges = tuple(self._case_question(case, edge=True) for case in edges)
        self.draw = cache(lambda k: self._case_question(drawn(k), edge=False))

    def _case_question(self, case: Case, edge: bool) -> CaseQuestion | None:
        """None where the dtype does not reach there."""
        here = held(case, self.dtype, ALL[self.name].argnums)
        return None if here is None else CaseQuestion(self.name, self.dtype, here, edge)


@lru_cache(maxsize=64)
def questions(name: str, dtype: str, seed: int) -> Questions:
    return Questions(name, dtype, seed)
