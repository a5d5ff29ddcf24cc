"""Which entries of a leaf are wrong and what they have in common; in which cases it is right."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jax.tree_util import keystr, tree_leaves_with_path

from ..vocabulary import Explanation
from .problem import Problem

FEW = 2**12  # of many entries, those that are looked at first
MOST, LEAST = 6, 3  # entries that are listed; those on each side of which a rule can be seen
DIGITS = 0.01  # an error of an entry that is smaller, over the entry, is one of its later digits
Index = tuple[int, ...]


def few_entries(problems: Sequence[Problem], leaf: int) -> Explanation | None:
    """The same few in every case, or one, which may be another in another case.

    Nothing where they are seen at extreme arguments alone: there it is digits that are lost.
    """
    if any(np.count_nonzero(_outside(p, leaf)) > MOST for p in problems):
        return None
    wrong = [_wrong(p, leaf) for p in problems]
    together = set().union(*wrong)
    least = min(p.sample.truth[leaf].mid.size for p in problems)
    the_same = len(together) <= min(MOST, max(least // 4, 1)) and least >= 3
    one_each = max(map(len, wrong)) == 1 and least >= 2
    extreme = all(p.sample.extreme for p, found in zip(problems, wrong, strict=True) if found)
    if not together or extreme or not (the_same or one_each):
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
        remedy=_remedy(problems, leaf, the_same),
        factor=0.0 if zero else None,
        leaves=(path,),
    )


def _remedy(problems: Sequence[Problem], leaf: int, the_same: bool) -> str:
    if _digits(problems, leaf):
        return "only later digits are wrong there: look for cancellation"
    if the_same:
        return "look at the bounds of the loop or slice that writes it"
    return "look for what depends on values there: a mask, an order, a write over another"


def _digits(problems: Sequence[Problem], leaf: int) -> bool:
    """Whether every wrong entry is right in its first digits."""
    for p in problems:
        off = _outside(p, leaf)
        small = np.abs(p.differences[leaf]) <= DIGITS * np.abs(p.sample.truth[leaf].mid)
        if not small[off].all():
            return False
    return True


def _wrong(p: Problem, leaf: int) -> set[Index]:
    return {tuple(map(int, i)) for i in np.argwhere(_outside(p, leaf))}


def _outside(p: Problem, leaf: int) -> np.ndarray:
    return np.asarray(np.abs(p.differences[leaf]) > p.tolerance[leaf])


# --- what they have in common ---------------------------------------------------------------------


def common(problems: Sequence[Problem], leaf: int) -> str:
    """ "in 4 of 12 entries, those where the argument is negative; 0 is answered there"."""
    masks = [_outside(p, leaf) for p in problems]
    bad = [m for m in masks if m.any()]
    wrong, every = sum(int(m.sum()) for m in bad), sum(m.size for m in bad)
    if not every:
        return ""
    path = problems[0].sample.paths[leaf] or "the argument"
    if wrong == every:
        where = "in every entry"
    else:
        rule = next(_rules(problems, leaf, masks), "") or _slice(bad)
        where = f"in {wrong} of {every} entries" + (f", {rule}" if rule else "")
    form = _order(problems, leaf) or _apart(problems, leaf)
    return f"{path} is wrong {where}{_answered(problems, leaf, masks)}{form}"


def _answered(problems: Sequence[Problem], leaf: int, masks: list[np.ndarray]) -> str:
    pick = lambda arrays: np.concatenate([a[m] for a, m in zip(arrays, masks, strict=True)])
    got = pick([np.asarray(p.sample.got[leaf]) for p in problems])
    truth = pick([p.sample.truth[leaf].mid for p in problems])
    if (got == 0.0).all():
        return ", where 0 is answered"
    if (truth == 0.0).all():
        return ", where it should be 0"
    return ", in its later digits alone" if _digits(problems, leaf) else ""


def _order(problems: Sequence[Problem], leaf: int) -> str:
    """Whether the right entries stand in another order along an axis."""
    for axis in range(problems[0].sample.truth[leaf].mid.ndim):
        if not all(_as_much(p, leaf, axis) for p in problems):
            continue
        off = [
            np.abs(np.sort(np.asarray(p.sample.got[leaf]), axis) - np.sort(truth, axis))
            <= p.tolerance[leaf].max(initial=0.0)
            for p in problems
            if (truth := p.sample.truth[leaf].mid).shape[axis] > 1
        ]
        if off and all(o.all() for o in off):
            return f", its right entries in another order along axis {axis}"
    return ""


def _as_much(p: Problem, leaf: int, axis: int) -> bool:
    """Whether the answer adds up to what the truth does, as it does in any order."""
    most = float(p.tolerance[leaf].max(initial=0.0))
    got, truth = np.asarray(p.sample.got[leaf]), p.sample.truth[leaf].mid
    size = np.abs(truth).sum(axis) * np.finfo(float).eps + most
    return bool((np.abs(got.sum(axis) - truth.sum(axis)) <= truth.shape[axis] * size).all())


def _apart(problems: Sequence[Problem], leaf: int) -> str:
    """Whether every place along one axis has a factor of its own."""
    wrong = [p for p in problems if p.wrong[leaf]]
    for axis in range(wrong[0].sample.truth[leaf].mid.ndim):
        factors = [_factors(p, leaf, axis) for p in wrong]
        if all(f is not None for f in factors):
            every = np.concatenate([f for f in factors if f is not None])
            between = f"{every.min():.3g} to {every.max():.3g}"
            return f", by a factor for each place along axis {axis}: {between} times the truth"
    return ""


def _factors(p: Problem, leaf: int, axis: int) -> np.ndarray | None:
    got = np.moveaxis(np.asarray(p.sample.got[leaf]), axis, 0)
    truth, room = (np.moveaxis(x, axis, 0) for x in (p.sample.truth[leaf].mid, p.tolerance[leaf]))
    if got.ndim < 2 or got.size < 2 * len(got):
        return None
    flat = lambda x: x.reshape(len(x), -1)
    norms = np.square(flat(truth)).sum(1)
    c = np.where(norms > 0.0, (flat(got) * flat(truth)).sum(1) / np.where(norms > 0, norms, 1), 1)
    left = np.abs(flat(got) - c[:, None] * flat(truth))
    fits = (left <= (1.0 + np.abs(c[:, None])) * flat(room)).all()
    return c if fits else None


class Seen(NamedTuple):
    """A quantity that may decide which entries are wrong, over all cases."""

    name: str
    values: np.ndarray


def _rules(problems: Sequence[Problem], leaf: int, masks: list[np.ndarray]) -> Iterator[str]:
    """What holds of the wrong entries and of no right one, with enough of both."""
    wrong = np.concatenate([m.ravel() for m in masks])
    if min(wrong.sum(), (~wrong).sum()) < LEAST:
        return
    step = max(len(wrong) // FEW, 1)
    for name, x in _quantities(problems, leaf):
        for words, holds in (
            ("is negative", x < 0.0),
            ("is positive", x > 0.0),
            ("is 0", x == 0.0),
            ("is not 0", x != 0.0),
        ):
            if np.array_equal(holds[::step], wrong[::step]) and np.array_equal(holds, wrong):
                yield f"those where {name} {words}"
        for size, sign in ((np.abs(x), f"|{name}|"), (x, name)):
            yield from _ranges(size, wrong, sign)


def _ranges(x: np.ndarray, wrong: np.ndarray, name: str) -> Iterator[str]:
    """That they are above or below all right ones, or between two."""
    step = max(len(wrong) // FEW, 1)  # of many a few first: one right entry between two is enough
    few, bad = x[::step], wrong[::step]
    if bad.any() and ((few >= few[bad].min()) & (few <= few[bad].max()) & ~bad).any():
        return
    low, high = x[wrong].min(), x[wrong].max()
    inside = (x >= low) & (x <= high)
    if not np.array_equal(inside, wrong):
        return
    if low > x[~wrong].max():
        yield f"those where {name} is above {x[~wrong].max():.3g}"
    elif high < x[~wrong].min():
        yield f"those where {name} is below {x[~wrong].min():.3g}"
    else:
        yield f"those where {name} is between {low:.3g} and {high:.3g}"


def _quantities(problems: Sequence[Problem], leaf: int) -> Iterator[Seen]:
    """The argument itself, other arrays of its shape, the right gradient."""
    first, wanted = problems[0].inputs
    shape = problems[0].sample.truth[leaf].mid.shape
    own = wanted[leaf]
    found = tree_leaves_with_path(problems[0].sample.args)
    called = [f"args{keystr(path)}" for path, _ in found]
    for k in sorted(range(len(first)), key=lambda k: k != own):
        arrays = [p.inputs[0][k] for p in problems]
        if first[k].shape == shape and all(a.dtype.kind in "fi" for a in arrays):
            last = k == len(first) - 1 and not problems[0].scalar
            name = "the argument" if k == own else "the cotangent" if last else called[k]
            yield Seen(name, np.concatenate([np.ravel(a) for a in arrays]).astype(float))
    truth = [p.sample.truth[leaf].mid.ravel() for p in problems]
    yield Seen("the right gradient", np.concatenate(truth))


def _slice(bad: list[np.ndarray]) -> str:
    """The one place along an axis that holds all; the entries, few and the same in every case."""
    shape = bad[0].shape
    if any(m.shape != shape for m in bad):
        return ""
    together = np.any(bad, axis=0)
    where = np.argwhere(together)
    for axis, n in enumerate(shape):
        at = np.unique(where[:, axis])
        if n >= LEAST and len(at) == 1 and together.ndim > 1:
            return f"all at {int(at[0])} along axis {axis}"
    if len(where) <= MOST and all(np.array_equal(m, together) for m in bad):
        return "at " + ", ".join(str([int(i) for i in index]) for index in where)
    return ""


# --- by case --------------------------------------------------------------------------------------


def by_case(problems: Sequence[Problem]) -> str:
    """At which cases it is right; that only extreme arguments show it."""
    wrong = [p.sample for p in problems if any(p.wrong)]
    right = [p.sample for p in problems if not any(p.wrong)]
    named = lambda samples: ", ".join(dict.fromkeys(s.label for s in samples[:MOST]))
    if not right:
        return ""
    if all(s.extreme for s in wrong):
        said = f"wrong at {named(wrong)} alone, right at {named(right)}"
        return f"{said}: overflow, underflow or lost digits at extreme arguments"
    return f"right at {named(right)}"


def by_size(problems: Sequence[Problem], leaves: Sequence[int]) -> str:
    """The size of the answer over that of the truth, and whether it follows the batch."""
    ratios, rows = [], []
    for p in problems:
        got = np.sqrt(sum(float(np.square(p.sample.got[k]).sum()) for k in leaves))
        truth = np.sqrt(sum(float(np.square(p.sample.truth[k].mid).sum()) for k in leaves))
        if truth > 0.0 and any(p.wrong):
            arrays, wanted = p.inputs
            data = [x for i, x in enumerate(arrays) if i not in wanted and x.ndim] or arrays
            ratios.append(got / truth)
            rows.append(max((x.shape[0] for x in data[:1] if x.ndim), default=1))
    if not ratios:
        return ""
    low, high = (f"{ends:.3g}" for ends in (min(ratios), max(ratios)))
    spread = low if low == high else f"{low} to {high}"
    if spread == "1":
        return "the answer is as large as the truth"
    return f"what is wrong is {spread} times the size of the truth{_growth(ratios, rows)}"


def _growth(ratios: list[float], rows: list[int]) -> str:
    """Of three sizes of the batch at least, and alike up to a hundredth."""
    if len(set(rows)) < LEAST:
        return ""
    for words, scaled in (
        (", in proportion to the batch", np.divide(ratios, rows)),
        (", in inverse proportion to the batch", np.multiply(ratios, rows)),
    ):
        if np.ptp(scaled) <= DIGITS * np.abs(scaled).max():
            return words
    return ""
