"""What would have been seen: every catalogued mistake at the runs that were judged."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..derivations.rules import Variant
from ..faults.update_rules import wrong_rules
from ..measurement.sample import Sample
from ..vocabulary import Finding, Verdict
from .leaves import Layout
from .truth import roughly, rounding
from .vectors import Sequence

KEPT = 3  # runs that the catalogue is tried on


def with_kills(
    finding: Finding, variant: Variant, where: Layout, kept: list[Sample], advice: str
) -> Finding:
    """The finding, with every catalogued mistake that changes anything, and whether it shows.

    Where one does not show, nothing is accepted; `advice` says what could be done about it.
    """
    usable = [_Shown.of(sample, variant, where) for sample in kept[:KEPT] if not sample.failure]
    made = ((w.fault.name, _killed(w.variant, where, usable)) for w in wrong_rules(variant.name))
    kills = {name: seen for name, seen in made if seen is not None}
    finding = replace(finding, kills=kills)
    unseen = [name for name, seen in kills.items() if not seen]
    if finding.verdict is not Verdict.CORRECT or not unseen:
        return finding
    said = f"these mistakes would have gone unseen: {', '.join(unseen)}; {advice}"
    return replace(finding, verdict=Verdict.UNDECIDED, reason=said)


class _Shown(NamedTuple):
    """One run: what is right, what shows in the dtype, and what is no rounding of float64."""

    sequence: Sequence
    right: np.ndarray
    allowed: np.ndarray
    exact: np.ndarray

    @classmethod
    def of(cls, sample: Sample, variant: Variant, where: Layout) -> "_Shown":
        sequence = sample.args[0]
        bound = rounding(variant, sequence, where, "float64")
        allowed = [a.reshape(len(a), -1) for a in sample.allowed]
        return cls(sequence, bound.values, np.concatenate(allowed, axis=1), 2.0 * bound.allowed)


def _killed(wrong: Variant, where: Layout, runs: list[_Shown]) -> bool | None:
    """Whether a mistake shows; None where it is the same rule on these runs, but for rounding."""
    differs = False
    for run in runs:
        with np.errstate(invalid="ignore"):
            gap = np.abs(roughly(wrong, run.sequence, where) - run.right)
        if (~(gap <= run.allowed + run.exact) & np.isfinite(run.allowed)).any():
            return True
        differs |= bool((gap > run.exact).any())
    return False if differs else None
