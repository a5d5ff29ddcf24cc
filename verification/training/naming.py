"""A wrong update, handed to those who name update rules: which variant, or which mistake, is it?

The rule's vectors are the run itself: its start, the gradients that the loop told, and the rates.
What is named explains all weights from the first step to some steps after the wrong one.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from ..derivations.rules import VARIANTS
from ..measurement.sample import Sample
from ..updates.explain import explained
from ..updates.leaves import layout
from ..updates.vectors import Sequence
from ..vocabulary import Explanation
from .wrong_step import WrongStep

AHEAD = 8  # steps after the wrong one that must be explained too
MOST = 2**18  # entries times steps: every variant and every mistake is run on them


def of_rule(wrong: WrongStep) -> tuple[Explanation, ...]:
    """What explains the run; empty where the rule has no name, or gradients are not told."""
    reference, steps = wrong.reference, wrong.steps[: wrong.k + 1 + AHEAD]
    where = layout(reference.params)
    told = [step.gradient for step in steps if step.gradient is not None]
    name, given = reference.named
    if name not in VARIANTS or len(told) < len(steps) or len(steps) * where.size > MOST:
        return ()
    variant = VARIANTS[name]
    hyperparameters = {**variant.defaults, **given}
    rates = _rates(hyperparameters.pop("learning_rate", 1.0), len(steps))
    start = _row(reference.weights(steps, 0))
    sequence = Sequence(hyperparameters, start, np.stack(list(map(_row, told))), rates)
    got = where.leaves_of(np.stack([_row(step.weights) for step in steps]))
    sample = Sample("the run", where.paths, [], [], got, (sequence, None))
    said = explained((sample,), variant, where, reference.dtype)
    term = f"the update of step {wrong.k + 1}"
    return tuple(replace(one, term=term) for one in said if one.fits)


def _rates(rate: Any, count: int) -> tuple[float, ...]:
    at = rate if callable(rate) else lambda k: rate
    return tuple(float(np.asarray(at(k))) for k in range(count))


def _row(leaves: Any) -> np.ndarray:
    return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in leaves])
