"""Where to look where no mistake is named: what is right, what is wrong, what is not finite."""

import functools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..arithmetic.tape import Tape
from ..vocabulary import Explanation
from ..vocabulary.names import listed
from .entries import by_case, by_size, common
from .places import place_of
from .problem import TOO_LARGE, Problem
from .slope_values import left_out


def where_to_look(problems: Sequence[Problem], named: Mapping[str, str]) -> Explanation:
    """Which leaves, entries and cases are wrong, from where on backwards, and how large it is.

    `named` has what is known of some of the leaves, though not of all.
    """
    paths = problems[0].sample.paths
    wrong = [any(p.wrong[k] for p in problems) for k in range(len(paths))]
    bad = [k for k, w in enumerate(wrong) if w]
    good = [path for path, w in zip(paths, wrong, strict=True) if not w]
    told = lambda path: f"{path or 'the argument'}" + (f" ({named[path]})" if path in named else "")
    here = "" if problems[0].untraced else _still_right(problems[0], wrong)
    there = f"the mistake is on the way back from there to {listed([told(paths[k]) for k in bad])}"
    way = f"the cotangent is still right at {here}: {there}"
    said = [
        f"wrong in {listed([told(paths[k]) for k in bad])}",
        f"right in {listed(good)}" if good else "",
        *(common(problems, k) for k in bad[:SHOWN] if paths[k] not in named),
        by_case(problems),
        way if here else "",
        by_size(problems, bad),
        _not_tried(problems[0]),
    ]
    return Explanation(
        kind="layer",
        term="no single known mistake",
        mistake="; ".join(filter(None, said)),
        residual=max((_worst(p) for p in problems), default=np.inf),
        fits=False,
        leaves=tuple(paths[k] or "the argument" for k in bad),
    )


def _not_tried(p: Problem) -> str:
    """Which searches were given up, as the case is too large for them."""
    if p.untraced == TOO_LARGE:
        return f"the function's own program was not searched: {TOO_LARGE}"
    return "" if p.untraced else left_out(p)


def _worst(p: Problem) -> float:
    ratios = [np.abs(d) / r for d, r in zip(p.differences, p.tolerance, strict=True)]
    return max(
        (float(np.nan_to_num(r, nan=np.inf).max(initial=0.0)) for r in ratios), default=np.inf
    )


def _still_right(p: Problem, wrong: list[bool]) -> str:
    """The last place on the way back that every wrong leaf and a right one hang on alone."""
    after = _dominators(p.tape)
    chains = [set(_chain(after, leaf)) for leaf in p.tape.leaves]
    bad = [c for c, w in zip(chains, wrong, strict=True) if w]
    good = set().union(*(c for c, w in zip(chains, wrong, strict=True) if not w))
    shared = good.intersection(*bad)
    places = (place_of(p.tape.operations[k].eqns) for k in sorted(shared))
    place = next((place for place in places if place.file), None)
    return f"`{place.expression}` ({place.location})" if place else ""


def _dominators(tape: Tape) -> dict[int, int]:
    """number -> the first operation that every way from it to the result passes through."""
    end, next_of = len(tape.operations), [0] * len(tape.operations)
    first: dict[int, int] = {tape.out: end}

    def meet(one: int, other: int) -> int:
        while one != other:
            one, other = (next_of[one], other) if one < other else (one, next_of[other])
        return one

    for k in reversed(range(end)):
        op = tape.operations[k]
        outs = [first[i] for i in op.outs if i in first]
        if not outs:
            continue
        next_of[k] = functools.reduce(meet, outs)
        for i in op.ins:
            if tape.moving[i]:
                first[i] = meet(first[i], k) if i in first else k
    first |= {-2 - k: n for k, n in enumerate(next_of)}
    return first


def _chain(after: dict[int, int], number: int) -> Iterator[int]:
    """The operations that every way to the result passes through, in order."""
    k = after.get(number)
    while k is not None and -2 - k in after:
        yield k
        k = after[-2 - k]


# --- entries that are not finite ------------------------------------------------------------------


SHOWN = 4


def not_numbers(problems: Sequence[Problem]) -> list[Explanation]:
    """Where an answer is NaN or infinite and the truth is not; it fits if all else is right."""
    for p in problems:
        pairs = zip(p.sample.got, p.known, strict=True)
        bad = [k & ~np.isfinite(np.asarray(g)) for g, k in pairs]
        if any(b.any() for b in bad):
            return [_not_finite(p, bad)]
    return []


def _not_finite(p: Problem, bad: list[np.ndarray]) -> Explanation:
    paths = p.sample.paths
    first = lambda b: np.stack(np.unravel_index(np.flatnonzero(b)[:SHOWN], b.shape), -1).tolist()
    where = [f"{path}{i}" for path, b in zip(paths, bad, strict=True) for i in first(b)][:SHOWN]
    more = sum(int(np.count_nonzero(b)) for b in bad) - len(where)
    rest = all(_rest_right(p, k) for k in range(len(paths)))
    return Explanation(
        kind="layer",
        term=f"the entries {', '.join(where)}{f' and {more} more' if more else ''} of the gradient",
        mistake=f"not finite numbers; every other entry is {'right' if rest else 'not right'}",
        remedy="look for 0/0, infinity less infinity, 0 times infinity or a buffer never written",
        residual=0.0 if rest else np.inf,
        fits=rest,
        leaves=tuple(path for path, found in zip(paths, bad, strict=True) if found.any()),
    )


def _rest_right(p: Problem, leaf: int) -> bool:
    got = np.asarray(p.sample.got[leaf])
    judged = p.known[leaf] & np.isfinite(got)
    return not (judged & (np.abs(p.differences[leaf]) > p.tolerance[leaf])).any()
