"""Where an answer is wrong: entries that are not finite, a few wrong ones, the layer."""

from collections.abc import Sequence

import numpy as np

from ..vocabulary import Explanation
from .places import place_of
from .problem import Problem, wrong_leaves


def where_to_look(problems: Sequence[Problem]) -> Explanation:
    """Which leaves are right, from where on backwards they are wrong, and how the error goes."""
    paths = problems[0].sample.paths
    wrong = [any(p.wrong[k] for p in problems) for k in range(len(paths))]
    bad = tuple(path or "the argument" for path in wrong_leaves(problems))
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
    ratios = [np.abs(d) / r for d, r in zip(p.differences, p.tolerance, strict=True)]
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


# --- entries that are not finite ------------------------------------------------------------------


SHOWN = 4


def not_numbers(problems: Sequence[Problem]) -> list[Explanation]:
    """Where an answer is NaN or infinite and the truth is not; it fits if all else is right."""
    for p in problems:
        pairs = zip(p.sample.got, p.known, strict=True)
        bad = [np.argwhere(k & ~np.isfinite(np.asarray(g))).tolist() for g, k in pairs]
        if any(bad):
            return [_not_finite(p, bad)]
    return []


def _not_finite(p: Problem, bad: list[list[list[int]]]) -> Explanation:
    paths = p.sample.paths
    where = [f"{path}{index}" for path, found in zip(paths, bad, strict=True) for index in found]
    more = f" and {len(where) - SHOWN} more" if len(where) > SHOWN else ""
    rest = all(_rest_right(p, k) for k in range(len(paths)))
    return Explanation(
        kind="layer",
        term=f"the entries {', '.join(where[:SHOWN])}{more} of the gradient",
        mistake=f"not finite numbers; every other entry is {'right' if rest else 'not right'}",
        remedy="look for 0/0, infinity less infinity, 0 times infinity or a buffer never written",
        residual=0.0 if rest else np.inf,
        fits=rest,
        leaves=tuple(path for path, found in zip(paths, bad, strict=True) if found),
    )


def _rest_right(p: Problem, leaf: int) -> bool:
    got = np.asarray(p.sample.got[leaf])
    judged = p.known[leaf] & np.isfinite(got)
    return not (judged & (np.abs(p.differences[leaf]) > p.tolerance[leaf])).any()


# --- a few wrong entries of a leaf, all others right ----------------------------------------------


MOST = 6
Index = tuple[int, ...]


def few_entries(problems: Sequence[Problem], leaf: int) -> Explanation | None:
    """The same few in every case, or one, which may be another in another case."""
    wrong = [_wrong_entries(p, leaf) for p in problems]
    together = set().union(*wrong)
    least = min(p.sample.truth[leaf].mid.size for p in problems)
    the_same = len(together) <= min(MOST, max(least // 4, 1)) and least >= 3
    one_each = max(map(len, wrong)) == 1 and least >= 2
    if not together or not (the_same or one_each):
        return None
    got = [p.sample.got[leaf][i] for p, found in zip(problems, wrong, strict=True) for i in found]
    zero, path = all(x == 0.0 for x in got), problems[0].sample.paths[leaf]
    where = ", ".join(f"{path}{list(i)}" for i in sorted(together)[:MOST])
    many = "the entries" if the_same and len(together) > 1 else "the entry"
    other = "" if the_same else ", which is another in another case,"
    return Explanation(
        kind="zero" if zero else "factor",
        term=f"{many} {where}{other} of the gradient",
        mistake=("never written: 0" if zero else "wrong") + ", and every other entry is right",
        remedy="look at the bounds of the loop or slice that writes it",
        factor=0.0 if zero else None,
        leaves=(path,),
    )


def _wrong_entries(p: Problem, leaf: int) -> set[Index]:
    off = np.abs(p.differences[leaf]) > p.tolerance[leaf]
    return {tuple(map(int, i)) for i in np.argwhere(off)}
