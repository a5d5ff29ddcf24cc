"""Leaf by leaf: what can be said of a wrong answer without a look into the function."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..arithmetic.formats import format_of
from ..vocabulary import Explanation
from .answers import Instead, budgets, cast_through, forms, rarer
from .counts import numbers_of
from .entries import few_entries
from .factors import Named, in_every_case, in_words, undone
from .large_leaves import likely, taken, thinned
from .problem import Problem


def by_leaf(problems: Sequence[Problem], rare: bool = False) -> list[Explanation]:
    """One explanation where every wrong leaf has the same, else one for each; none if one has none.

    They hold together.  `rare` looks for the forms that are met less often as well.
    """
    wrong = [k for k in range(len(problems[0].wrong)) if any(p.wrong[k] for p in problems)]
    said: list[Explanation] = []
    for leaf in wrong:
        found = next(_of_leaf(problems, leaf, rare), None)
        if found is None:
            return []
        said.append(found)
    return _together(said, wrong == list(range(len(problems[0].wrong))))


def each_leaf(problems: Sequence[Problem]) -> dict[str, str]:
    """What is seen of some of the wrong leaves, though not of all: path -> mistake."""
    wrong = [k for k in range(len(problems[0].wrong)) if any(p.wrong[k] for p in problems)]
    found = ((k, next(_of_leaf(problems, k, rare=True), None)) for k in wrong)
    return {_path(problems, k): one.mistake for k, one in found if one is not None}


def _together(said: list[Explanation], everywhere: bool) -> list[Explanation]:
    """Leaves with one and the same mistake share a sentence."""
    together: dict[tuple, list[Explanation]] = {}
    for one in said:
        together.setdefault((one.kind, one.mistake), []).append(one)
    found = []
    for same in together.values():
        leaves = tuple(dict.fromkeys(leaf for one in same for leaf in one.leaves))
        term = f"the gradient in {' and '.join(leaves) or 'the argument'}"
        if len(same) == 1:
            term = same[0].term  # it may say which entries
        if everywhere and len(together) == 1 and len(leaves) > 1:
            term = f"every leaf of the gradient ({', '.join(leaves)})"
        worst = max(one.residual for one in same)
        first = same[0]
        found.append(
            Explanation(
                kind=first.kind,
                term=term,
                mistake=first.mistake,
                remedy=first.remedy,
                factor=first.factor,
                residual=worst,
                fits=worst <= 1.0,
                leaves=leaves,
            )
        )
    return found


def _of_leaf(problems: Sequence[Problem], leaf: int, rare: bool) -> Iterator[Explanation]:
    for form in likely(problems, leaf, _common(problems, leaf, forms)):
        yield from _said(form.kind, form, _path(problems, leaf), _form(problems, leaf, form))
    yield from _by_cast(problems, leaf)
    yield from _by_factor(problems, leaf)
    yield from _by_other_leaf(problems, leaf)
    for form in likely(problems, leaf, _common(problems, leaf, rarer) if rare else ()):
        yield from _said(form.kind, form, _path(problems, leaf), _form(problems, leaf, form))
    few = few_entries(problems, leaf) if rare else None
    if few is not None:
        yield few


def _path(problems: Sequence[Problem], leaf: int) -> str:
    return problems[0].sample.paths[leaf]


def _form(problems: Sequence[Problem], leaf: int, form: Instead) -> float:
    return residual_of(problems, leaf, form.make)


def _common(problems: Sequence[Problem], leaf: int, of: Callable) -> list[Instead]:
    """The forms that the leaf can take in every case."""
    shapes = dict.fromkeys(p.sample.truth[leaf].mid.shape for p in problems)
    ranks = {len(shape) for shape in shapes}
    tables = [{form.words: form for form in of(shape, len(ranks) > 1)} for shape in shapes]
    return [form for words, form in tables[0].items() if all(words in t for t in tables[1:])]


def _by_factor(problems: Sequence[Problem], leaf: int) -> Iterator[Explanation]:
    known = [numbers_of(p) for p in problems]
    few = thinned(problems)  # a factor leaves no more of some entries than of all
    nearly = _scaled(few, leaf, known) if few else None
    if few and (nearly is None or not nearly[2] <= 1.0):
        return
    scaled = _scaled(problems, leaf, known)
    if scaled is not None:
        factor, named, residual = scaled
        remedy = (named and named.remedy) or undone("it", factor)
        form = Instead("factor", in_words(factor, named), remedy, np.abs)
        yield from _said("factor", form, _path(problems, leaf), residual, factor)


def _by_other_leaf(problems: Sequence[Problem], leaf: int) -> Iterator[Explanation]:
    path = _path(problems, leaf)
    others = [k for k in range(len(problems[0].wrong)) if k != leaf]
    few = thinned(problems) or problems
    for other in others:
        if not _swapped(few, leaf, other) <= 1.0:
            continue
        words = f"it is what belongs to {_path(problems, other)}"
        form = Instead("swapped", words, "give each leaf its own", np.abs)
        yield from _said("swapped", form, path, _swapped(problems, leaf, other))
    for other in others:
        if not _swapped(few, leaf, other, added=True) <= 1.0:
            continue
        words = f"the gradient in {_path(problems, other)} is added to it"
        form = Instead("swapped", words, "clear the buffer in between", np.abs)
        yield from _said("swapped", form, path, _swapped(problems, leaf, other, added=True))


def _by_cast(problems: Sequence[Problem], leaf: int) -> Iterator[Explanation]:
    cast = cast_of(problems, leaf)
    if cast is not None:
        name, residual = cast
        words = f"it was rounded to {name}: every entry is a number of that format"
        form = Instead("cast", words, f"keep {name} out of it", np.abs)
        yield from _said("cast", form, _path(problems, leaf), residual)


def _said(kind: str, form: Instead, path: str, residual: float, factor=None) -> Iterator[Any]:
    if residual <= 1.0:
        factor = {"zero": 0.0, "sign": -1.0}.get(kind, factor)
        yield Explanation(
            kind=kind,
            term=f"the gradient in {path}",
            mistake=form.words,
            remedy=form.remedy,
            factor=factor if "absolute" not in form.words else None,
            residual=residual,
            leaves=(path,),
        )


def residual_of(
    problems: Sequence[Problem],
    leaf: int,
    make: Callable[[Any], Any],
    given: Sequence[Any] | None = None,
) -> float:
    """What a guess leaves at the worst entry of all cases; infinite if the truth fits too.

    The guess is make(truth), or make(given[case]) where something else is given of each case.
    """
    worst = unexplained = 0.0
    for k, p in enumerate(problems):
        truth, room = p.sample.truth[leaf], np.where(p.known[leaf], p.tolerance[leaf], np.inf)
        of = make if given is None else (lambda _, one=given[k]: make(one))
        with np.errstate(all="ignore"):
            guess = of(truth.mid + truth.tail)
            if guess is None or guess.shape != truth.mid.shape:
                return np.inf
            # an exact truth has no room of its own
            size = np.abs(guess) + np.abs(guess - truth.mid)
            around = _around(of, truth.mid, guess, room) + p.unit * size
        worst = max(worst, budgets(p.sample.got[leaf] - guess, around))
        unexplained = max(unexplained, budgets(p.sample.got[leaf] - truth.mid - truth.tail, around))
        if not worst <= 1.0:
            break
    return worst if unexplained > 1.0 else np.inf


def _around(make: Callable, truth: Any, guess: Any, room: Any) -> Any:
    """How far the form of an answer within its room may be from that of the truth."""
    finite = np.where(np.isfinite(room), room, 0.0)
    moved = [np.abs(make(truth + way * finite) - guess) for way in (1.0, -1.0)]
    coarse = _rms(finite) / max(_rms(truth), np.finfo(float).tiny)
    size = np.abs(guess)
    return np.maximum(2.0 * np.maximum(*moved), room) + coarse * (size + _rms(size))


def _rms(x: Any) -> float:
    return float(np.sqrt(np.mean(np.square(x)))) if np.size(x) else 0.0


def _scaled(
    problems: Sequence[Problem], leaf: int, known: Sequence[list[Named]]
) -> tuple[float, Named | None, float] | None:
    """One factor, or one number of the problem that depends on the case."""
    fitted = [_factor(p, leaf) for p in problems]
    if any(f is None for f in fitted):
        return None
    factors = [f[0] for f in fitted if f is not None]
    offs = [f[1] for f in fitted if f is not None]
    named = in_every_case(known, factors, offs)
    first = named[0] if named else None
    exact = [n.value for n in named] if named else [factors[0]] * len(factors)
    if first is None and problems[0].sample.truth[leaf].mid.size * len(problems) < 2:
        return None
    residual = 0.0
    for p, c in zip(problems, exact, strict=True):
        truth = p.sample.truth[leaf]
        room = max(1.0, abs(c)) * p.tolerance[leaf] + p.unit * np.abs(c * truth.mid)
        if first is None:
            room = room + np.abs(truth.mid) * offs[0]
        residual = max(residual, budgets(p.sample.got[leaf] - c * (truth.mid + truth.tail), room))
    if exact[0] in (0.0, 1.0):
        return None
    return exact[0], first, residual


def _factor(p: Problem, leaf: int) -> tuple[float, float] | None:
    """got over truth, by least squares in budgets, and how sure that is."""
    truth, room = p.sample.truth[leaf], p.tolerance[leaf]
    room = np.maximum(room, p.unit * np.abs(truth.mid))
    usable = np.isfinite(room) & (truth.mid != 0)
    if not usable.any():
        return None
    a, b = (
        (truth.mid / np.where(usable, room, 1.0))[usable],
        (p.sample.got[leaf] / np.where(usable, room, 1.0))[usable],
    )
    scale = np.abs(a).max()
    norm = float(((a / scale) ** 2).sum())
    c = float((a / scale) @ (b / scale)) / norm
    return c, max(1.0, abs(c)) / (scale * norm**0.5) * len(a) ** 0.5


def _swapped(problems: Sequence[Problem], leaf: int, other: int, added: bool = False) -> float:
    worst = 0.0
    for p in problems:
        truth, own, got = p.sample.truth[other], p.sample.truth[leaf], p.sample.got[leaf]
        if truth.mid.shape != got.shape:
            return np.inf
        guess, room = truth.mid + truth.tail, p.tolerance[other]
        if added:
            guess, room = guess + own.mid, room + p.tolerance[leaf] + p.unit * np.abs(guess)
        worst = max(worst, budgets(got - guess, room))
    return worst


# --- through a narrower format --------------------------------------------------------------------


def cast_of(problems: Sequence[Problem], leaf: int) -> tuple[str, float] | None:
    """The format narrower than that of the arguments, and how far the answer is from the truth.

    Of one entry a case tells little; over all cases there are enough to see what they have been
    through.
    """
    few = [taken(np.asarray(p.sample.got[leaf])).ravel() for p in problems]
    if cast_through(np.concatenate(few)) is None:
        return None
    together = np.concatenate([np.asarray(p.sample.got[leaf]).ravel() for p in problems])
    name = cast_through(together)
    if name is None or not all(4.0 * format_of(name).unit > p.unit for p in problems):
        return None
    narrow, worst = format_of(name), 0.0
    for p in problems:
        truth = p.sample.truth[leaf]
        room = p.tolerance[leaf] + 2.0 * narrow.unit * np.abs(truth.mid) + narrow.tiny
        worst = max(worst, budgets(p.sample.got[leaf] - truth.mid, room))
    return name, worst
