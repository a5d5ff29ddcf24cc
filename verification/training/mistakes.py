"""What a wrong step did instead: hypotheses, each judged within the budgets of one step.

A hypothesis is another gradient, or another update, that a loop with a known mistake makes from the
same weights.  It explains a step if the candidate's answer is within its budget; nothing is fitted
but factors, and those are said.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..explanation import explain as of_gradients
from ..vocabulary import Explanation
from . import other_gradients, other_updates
from .local import Reference
from .single_steps import Left, WrongStep, slopes, updates
from .steps import Step


def explain(
    reference: Reference,
    steps: Sequence[Step],
    first: Left,
    instead: Mapping[str, Callable],
    held_out: tuple | None,
) -> tuple[Explanation, ...]:
    """Ranked: what explains the step, nearest first; or where it begins, if nothing does."""
    wrong = _wrong_step(reference, steps, first.step - 1)
    told = wrong.step.gradient is not None
    found: list[Explanation] = []
    if first.part != "update" or not told:
        found += other_gradients.of_gradient(wrong, instead, held_out)
    if first.part == "update":
        found += other_updates.of_update(wrong, first)
    fitting = sorted((e for e in found if e.fits), key=_rank)
    if first.part == "update" and not any(e.fault not in VAGUE for e in fitting):
        fitting = [*other_updates.of_rule(wrong), *fitting]  # explains the whole run, not one step
    if fitting:
        first_fault = fitting[0].fault
        rest = (e for e in fitting[1:] if not e.fault or e.fault != first_fault)
        others = tuple(dict.fromkeys(e.fault or e.mistake for e in rest))
        return (replace(fitting[0], confused_with=others), *fitting[1:])
    return _handed_over(wrong, first) or (_unknown(first),)


def _rank(one: Explanation) -> tuple:
    """The most particular first: what says no more than that the data are others comes last."""
    return LATER.get(one.fault, 0), one.residual


VAGUE = {
    "wrong order": 1,
    "wrong rate": 1,
    "wrong accumulation count": 1,
    "wrong seed": 2,
    "mean over tokens": 3,
    "autocast left on": 3,
}
LATER = VAGUE | {"frozen parameters updated": 1, "rate is zero": -1}  # nothing moves: no evidence
LATER |= {"decay in gradient": -1, "decay beside gradient": -1}  # they explain several steps


def _wrong_step(reference: Reference, steps: Sequence[Step], k: int) -> WrongStep:
    points = [(reference.weights(steps, i), reference.batches[i]) for i in range(k + 1)]
    bases = slopes(reference, points)
    *_, (_, memory) = updates(reference, bases, steps[: k + 1])
    return WrongStep(reference, steps, k, bases[k], memory, bases[:k])


def _unknown(first: Left) -> Explanation:
    term = f"the {first.part} of step {first.step}"
    said = f"no known mistake of a loop explains it; it begins in {', '.join(first.tensors)}"
    return Explanation("layer", term, said, residual=np.inf, fits=False, leaves=first.tensors)


def _handed_over(wrong: WrongStep, first: Left) -> tuple[Explanation, ...]:
    """A wrong gradient, to those who explain gradients."""
    if wrong.step.gradient is None or first.part == "update" or other_gradients.is_right(wrong):
        return ()
    base = wrong.base
    sample = replace(
        base,
        label=f"step {first.step}",
        paths=base.paths[1:],
        truth=base.truth[1:],
        allowed=base.allowed[1:],
        budgets=base.budgets[1:],
        got=[np.asarray(leaf, np.float64) for leaf in wrong.step.gradient],
    )
    return of_gradients((sample,), of=wrong.reference.of, argnums=(0,), scalar=True)
