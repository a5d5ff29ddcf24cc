"""From what the steps and the band have shown to a verdict on the run, and its reason."""

import numpy as np

from ..measurement.power import by_leaf, in_words
from ..vocabulary import Verdict
from .band import Band
from .finding import Seen
from .local import Reference
from .single_steps import Left
from .steps import Taken


def verdict_on(
    reference: Reference, run: Taken, seen: Seen, first: Left | None, ribbon: Band
) -> tuple[Verdict, str]:
    count, gone = len(run.steps), ribbon.left()
    if first is not None:
        return _verdict_of_wrong(seen, first, gone)
    if run.failure:
        return Verdict.REJECTED, run.failure
    if hasattr(reference.of, "unknown"):
        return Verdict.UNDECIDED, reference.of.unknown
    told = all(step.gradient is not None for step in run.steps)
    if not len(ribbon.width) and not told:
        said = "every step alone is right; runs is 0, so that there is no band"
        return Verdict.UNDECIDED, f"{said}, and no gradient is told"
    if gone is not None:
        step, tensor = gone
        return Verdict.INACCURATE, (
            f"every step alone is right up to its rounding, but from step {step} on, first in "
            f"{reference.paths[tensor]}, the run is outside the band of its rounding: errors that "
            "are small in every step and have one direction"
        )
    if ribbon.open_from is not None:
        return Verdict.UNDECIDED, (
            f"chaos: from step {ribbon.open_from} of {count} on rounding alone takes the weights "
            "anywhere (the band is as wide as they are); every step alone is right"
        )
    if seen.open:
        return Verdict.UNDECIDED, f"no bound is known at step {seen.open}: {seen.silence}"
    missed = [name for name, caught in seen.kills.items() if caught is False]
    if missed:
        return Verdict.UNDECIDED, f"these mistakes would have gone unseen: {', '.join(missed)}"
    power = in_words(leaf.power for leaf in by_leaf(seen.best).values())
    if not len(ribbon.width):
        said = (
            "every step alone is right; runs is 0: errors that add up over steps are not looked for"
        )
        return Verdict.CORRECT, f"{said}; {power}"
    return Verdict.CORRECT, (
        f"all {count} steps are right, each alone and all together inside the band, whose width is "
        f"{ribbon.width[-1]:.2g} of the weights at the end; {power}"
    )


def _verdict_of_wrong(seen: Seen, first: Left, gone: tuple[int, int] | None) -> tuple[Verdict, str]:
    worst = seen.worst
    assert worst is not None
    where, *others = first.tensors
    also = f" with {', '.join(others)}" if others else ""
    reason = (
        f"step {first.step}: the {first.part} is the first part that differs, in {where}{also}; "
        f"{worst.leaf}{list(worst.index)} is {worst.got!r}, not {worst.expected!r} "
        f"({worst.budgets:.3g} times what the rounding of one step allows)"
    )
    if gone:
        reason += f"; the weights are outside the band from step {gone[0]} on"
    nowhere = not np.isfinite(worst.got)
    return (Verdict.REJECTED if nowhere else Verdict.WRONG), reason
