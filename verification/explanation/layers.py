"""Where to start looking when no single mistake explains an answer: what is right there."""

from collections.abc import Sequence

import numpy as np

from ..vocabulary import Explanation
from .places import place_of
from .problem import Problem


def where_to_look(problems: Sequence[Problem]) -> Explanation:
    """Which leaves are right, from where on backwards they are wrong, and how the error goes."""
    paths = problems[0].sample.paths
    wrong = [any(p.wrong[k] for p in problems) for k in range(len(paths))]
    bad = tuple(path or "the argument" for path, w in zip(paths, wrong, strict=True) if w)
    good = tuple(path for path, w in zip(paths, wrong, strict=True) if not w)
    last = _deepest_right(problems[0], wrong)
    said = [
        f"wrong in {', '.join(bad)}",
        f"right in {', '.join(good)}" if good else "right nowhere",
    ]
    if last:
        said.append(
            f"the cotangent is still right at {last}: the mistake is on the way back from there"
        )
    said.append(_ratio(problems, wrong))
    return Explanation(
        kind="layer",
        term="no single known mistake",
        mistake="; ".join(filter(None, said)),
        residual=max((_worst(p) for p in problems), default=np.inf),
        fits=False,
        leaves=bad,
    )


def _worst(p: Problem) -> float:
    ratios = [np.abs(d) / r for d, r in zip(p.differences, p.room, strict=True)]
    return max(
        (float(np.nan_to_num(r, nan=np.inf).max(initial=0.0)) for r in ratios), default=np.inf
    )


def _deepest_right(p: Problem, wrong: list[bool]) -> str:
    """The right leaf whose first use is the earliest in the program."""
    uses: dict[int, int] = {}
    for number, op in enumerate(p.tape.operations):
        for i in op.ins:
            uses.setdefault(i, number)
    right = [
        uses[leaf] for leaf, w in zip(p.tape.leaves, wrong, strict=True) if not w and leaf in uses
    ]
    if not right:
        return ""
    op = p.tape.operations[min(right)]
    place = place_of(op.eqns)
    return f"`{place.expression}` ({place.location})" if place.file else ""


def _ratio(problems: Sequence[Problem], wrong: list[bool]) -> str:
    """Sizes of answer over truth, and over the cases how far apart they are."""
    ratios = []
    for p in problems:
        leaves = [k for k, w in enumerate(wrong) if w]
        got = np.sqrt(sum(float(np.square(p.sample.got[k]).sum()) for k in leaves))
        truth = np.sqrt(sum(float(np.square(p.sample.truth[k].mid).sum()) for k in leaves))
        if truth > 0:
            ratios.append(got / truth)
    if not ratios:
        return ""
    low, high = min(ratios), max(ratios)
    spread = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
    return f"what is wrong is {spread} times the size of the truth"
