"""Conventions: one half, the sum for the mean, the descent's sign, one triangle of a matrix.

Several may be met at once.  A convention counts only where it explains every leaf of every case to
within the budget; where it depends on a size, the size of one and the same axis (or array) of the
arguments at every case; where it depends on a structure, arguments that have it at every case.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

import jax
import numpy as np

from ..adapters.trees import inward
from ..vocabulary import Ball, Explanation
from .sample import Sample, decidable, thinned
from .structured import SYMMETRIC, TRIANGULAR, Structured, structures
from .ways import on_ways

NAMES = ("sum", "half", "double", "mean", "negative", SYMMETRIC, TRIANGULAR)
WHOLE = "the whole gradient"
FEW = 64  # entries of a leaf
PART = 2**20  # entries that are looked at together


class Size(NamedTuple):
    """A number that the arguments' shapes say: an axis of a leaf, or all its entries."""

    path: str
    leaf: int
    axis: int | None

    def of(self, leaves: list) -> int:
        shape = np.shape(leaves[self.leaf])
        return int(np.prod(shape, dtype=int)) if self.axis is None else int(shape[self.axis])

    def __str__(self) -> str:
        if self.axis is None:
            return f"the number of entries of args{self.path}"
        return f"the size of axis {self.axis} of args{self.path}"


class Factor(NamedTuple):
    """One way to be off by a constant factor."""

    name: str
    size: Size | None = None

    def of(self, args: tuple) -> float:
        if self.size is None:
            return {"half": 0.5, "double": 2.0, "negative": -1.0}[self.name]
        count = self.size.of(jax.tree.leaves(args))
        return float(count) if self.name == "sum" else 1.0 / max(count, 1)

    @property
    def sentence(self) -> str:
        if self.name == "sum":
            return f"it is the gradient of the sum, not of the mean: {self.size} times the truth"
        if self.name == "mean":
            return f"it is the gradient of the mean, not of the sum: the truth over {self.size}"
        return {
            "half": "it is the gradient of half the function: 0.5 times the truth",
            "double": "it is the gradient of twice the function: 2 times the truth",
            "negative": "it is the negative gradient, the direction of descent",
        }[self.name]


class Convention(NamedTuple):
    """Factors, and at most one form for structured arguments, all met at once."""

    factors: tuple[Factor, ...]
    form: Structured | None = None

    @property
    def parts(self) -> tuple[Factor | Structured, ...]:
        return self.factors if self.form is None else (*self.factors, self.form)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.parts)

    @property
    def name(self) -> str:
        return " with ".join(self.names)

    @property
    def sentence(self) -> str:
        return "; and ".join(part.sentence for part in self.parts)

    def factor(self, args: tuple) -> float:
        return float(np.prod([factor.of(args) for factor in self.factors]))

    def holds(self, args: tuple) -> bool:
        """Whether the arguments are such that the convention is right there."""
        return self.form is None or self.form.holds(args)

    def truth(self, sample: Sample, leaf: int) -> Ball:
        truth, path = sample.truth[leaf], sample.paths[leaf]
        return truth if self.form is None else self.form.truth(truth, path)

    def room(self, sample: Sample, leaf: int) -> np.ndarray:
        allowed, path = sample.allowed[leaf], sample.paths[leaf]
        return allowed if self.form is None else self.form.room(allowed, path)

    def function(self, of: Callable) -> Callable:
        """The function of which the candidate's answers are the gradient."""
        made = _times(of if self.form is None else self.form.function(of), self)
        return of if made is of else on_ways(made, of, self.function)

    def candidate(self, gradient: Any, argnums: int | tuple[int, ...]) -> Any:
        """The gradient that is judged by that function."""
        return gradient if self.form is None else self.form.candidate(gradient, argnums)


def candidates(args: tuple, first: tuple[int, ...]) -> tuple[Convention, ...]:
    """Every convention at arguments of these shapes; sizes of args[i] for i in `first` go last.

    Of signs, numbers, sizes and forms one each at most, none first; those of fewer parts come
    first.
    """
    sizes = sorted(_sizes(args), key=lambda size: _differentiated(size, first))
    numbers = (None, *map(Factor, ("half", "double")))
    counts = (None, *(Factor(name, s) for name in ("sum", "mean") for s in sizes))
    signs, forms = (None, Factor("negative")), (None, *structures(args, first))
    each = product(signs, numbers, counts, forms)
    found = (Convention(tuple(filter(None, pair)), form) for *pair, form in each)
    return tuple(sorted(found, key=lambda c: len(c.parts)))


def _sizes(args: tuple) -> Iterator[Size]:
    paths = jax.tree_util.tree_flatten_with_path(args)[0]
    filled = [(path, k, x) for k, (path, x) in enumerate(paths) if np.size(x)]
    named = [(jax.tree_util.keystr(path), k, np.ndim(x)) for path, k, x in filled]
    for path, k, rank in named:
        yield from (Size(path, k, axis) for axis in sorted({0, rank - 1}) if rank)
    for path, k, rank in named:
        if rank > 1:
            yield Size(path, k, None)


def _differentiated(size: Size, argnums: tuple[int, ...]) -> bool:
    return any(size.path.startswith(f"[{i}]") for i in argnums)


def fitting(before: Mapping | None, sample: Sample, conventions, args: tuple) -> Mapping:
    """The conventions that explain this case too, of those that explained all before.

    One without parts is among them: entries that share a tie are wrong together, each inside.
    """
    keep = [c for c in conventions if before is None or before.get(c)]
    if not any(decidable(sample, k).any() for k in range(len(sample.paths))):
        return dict.fromkeys(keep, True)  # nothing is told apart here
    few = thinned(sample, FEW)  # most are told apart by any entry
    keep = [c for c in keep if c.form is not None] + fits(few, conventions_of(None, keep), args)
    forms = dict.fromkeys(c.form for c in keep)
    return {c: True for f in forms for c in fits(sample, conventions_of(f, keep), args)}


def conventions_of(form: Structured | None, conventions: Iterable[Convention]) -> list[Convention]:
    """Those of one form: they differ by a factor alone."""
    return [c for c in conventions if c.form == form]


def fits(sample: Sample, same_form: list[Convention], args: tuple) -> list[Convention]:
    """Those by which the answers are right within the budget; all of one form, which is met once.

    The answer g over a factor is inside where 1 / factor is between two numbers: of each entry two,
    and all entries together leave those between the largest of the one and the least of the other.
    """
    low, high = -np.inf, np.inf
    for leaf in range(len(sample.paths) if same_form else 0):
        least, most = _between(sample, leaf, same_form[0])
        low, high = max(low, least), min(high, most)
        if not low <= high:
            return []
    return [c for c in same_form if low <= 1.0 / c.factor(args) <= high]


def _between(sample: Sample, leaf: int, convention: Convention) -> tuple[float, float]:
    """Which multiples of the answer are right at every entry that can be judged; NaN is nowhere."""
    truth, allowed = convention.truth(sample, leaf), convention.room(sample, leaf)
    entries = (sample.got[leaf], truth.mid, truth.tail, truth.rad, allowed, decidable(sample, leaf))
    flat, low, high = list(map(np.ravel, entries)), -np.inf, np.inf
    for start in range(0, flat[0].size, PART):
        least, most = _of_entries(*(x[start : start + PART] for x in flat))
        low, high = max(low, least), min(high, most)
        if not low <= high:
            break
    return low, high


def _of_entries(got, mid, tail, rad, allowed, known) -> tuple[float, float]:
    got, middle = got[known].astype(np.float64), (mid + tail)[known]
    room = (allowed + np.spacing(np.abs(mid)) + rad)[known]
    zero = got == 0.0
    if not (np.isfinite(got).all() and (np.abs(middle) <= room)[zero].all()):
        return np.inf, -np.inf
    with np.errstate(all="ignore"):
        ends = np.sort(np.stack([middle - room, middle + room]) / got, axis=0)
    least, most = np.where(zero, [[-np.inf], [np.inf]], ends)
    return float(least.max(initial=-np.inf)), float(most.min(initial=np.inf))


def explanation(convention: Convention, args: tuple) -> Explanation:
    factor = convention.factor(args)
    here = f" (here {factor:.6g})" if convention.factors else ""
    return Explanation(
        "sign" if convention.names == ("negative",) else "factor",
        WHOLE,
        f"{convention.sentence}{here}",
        remedy=f"allow={convention.names!r} accepts that convention".replace("'", '"'),
        factor=factor if convention.factors else None,
    )


def one_of_each(fitting: Iterable[Convention]) -> tuple[Convention, ...]:
    """The first of each name, whose size is most likely meant; none where none is needed."""
    named: dict[str, Convention] = {}
    if any(not convention.parts for convention in fitting):
        return ()
    for convention in fitting:
        named.setdefault(convention.name, convention)
    return tuple(named.values())


def simplest(fitting: Iterable[Convention]) -> tuple[Convention, ...]:
    """Of each name one, of no more parts than it takes."""
    found = one_of_each(fitting)
    fewest = min((len(c.parts) for c in found), default=0)
    return tuple(c for c in found if len(c.parts) == fewest)


def _times(of: Callable, convention: Convention) -> Callable:
    if not convention.factors:
        return of

    def scaled(*args) -> Any:
        value, here = of(*args), inward(args)
        for factor in convention.factors:
            times = factor.of(here)
            by = lambda v, c=times, f=factor: v / (1.0 / c) if f.name == "mean" else v * c
            value = jax.tree.map(by, value)
        return value

    return scaled
