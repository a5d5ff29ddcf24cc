"""A trial: one procedure of evidence, run on the truth and on a planted falsehood."""

from collections.abc import Iterable
from typing import NamedTuple

from ..vocabulary import Unproven


class Trial(NamedTuple):
    """Whether the evidence holds, and what was seen."""

    holds: bool
    says: str


def earned(*trials: Trial) -> str:
    """What was seen, where all of it holds; raises Unproven where some does not."""
    for trial in trials:
        if not trial.holds:
            raise Unproven(f"the evidence does not hold: {trial.says}")
    return " ".join(trial.says for trial in trials)


def every(trials: Iterable[Trial]) -> Trial:
    """All of them as one: what is seen is what fails, or everything."""
    trials = list(trials)
    shown = [t for t in trials if not t.holds] or trials
    return Trial(shown == trials and trials[0].holds, " ".join(t.says for t in shown))


def failed(planted: str, trial: Trial) -> str:
    """The control sentence; raises Unproven where the planted falsehood passed."""
    if trial.holds:
        raise Unproven(f"the planted falsehood passed: {planted}: {trial.says}")
    return f"Planted: {planted}. It failed: {trial.says}"
