"""A few wrong entries of a leaf, all others right."""

from collections.abc import Sequence

import numpy as np

from ..vocabulary import Explanation
from .problem import Problem

MOST = 6
Index = tuple[int, ...]


def few_entries(problems: Sequence[Problem], leaf: int) -> Explanation | None:
    """The same few in every case, or one, which may be another in another case."""
    wrong = [_wrong(p, leaf) for p in problems]
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


def _wrong(p: Problem, leaf: int) -> set[Index]:
    off = np.abs(p.differences[leaf]) > p.room[leaf]
    return {tuple(map(int, i)) for i in np.argwhere(off)}
