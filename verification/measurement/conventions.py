"""Constant factors that are conventions: one half, the sum for the mean, the descent's sign.

A factor counts only where it explains every leaf of every case to within the budget; where it
depends on a size, the size of one and the same axis (or array) of the arguments at every case.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from ..adapters.trees import inward
from ..vocabulary import Explanation
from .error import beyond
from .sample import Sample, decidable

NAMES = ("sum", "half", "double", "mean", "negative")
WHOLE = "the whole gradient"


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


class Convention(NamedTuple):
    """One way to be off by a constant factor."""

    name: str
    size: Size | None = None

    def factor(self, args: tuple) -> float:
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


def candidates(args: tuple, first: tuple[int, ...]) -> tuple[Convention, ...]:
    """Every convention at arguments of these shapes; sizes of args[i] for i in `first` go last."""
    sizes = sorted(_sizes(args), key=lambda size: _differentiated(size, first))
    plain = tuple(map(Convention, ("half", "double", "negative")))
    return plain + tuple(Convention(name, s) for name in ("sum", "mean") for s in sizes)


def _sizes(args: tuple) -> Iterator[Size]:
    paths = jax.tree_util.tree_flatten_with_path(args)[0]
    named = [(jax.tree_util.keystr(path), k, np.ndim(x)) for k, (path, x) in enumerate(paths)]
    for path, k, rank in named:
        yield from (Size(path, k, axis) for axis in sorted({0, rank - 1}) if rank)
    for path, k, rank in named:
        if rank > 1:
            yield Size(path, k, None)


def _differentiated(size: Size, argnums: tuple[int, ...]) -> bool:
    return any(size.path.startswith(f"[{i}]") for i in argnums)


def fitting(before: Mapping | None, sample: Sample, conventions, args: tuple) -> Mapping:
    """The conventions that explain this case too, of those that explained all before."""
    keep = conventions if before is None else (c for c in conventions if before.get(c))
    return {c: True for c in keep if fits(sample, c.factor(args))}


def fits(sample: Sample, factor: float) -> bool:
    """Whether the answers are this many times the truth, within the budget."""
    return all(_fits(sample, k, factor) for k in range(len(sample.paths)))


def _fits(sample: Sample, leaf: int, factor: float) -> bool:
    truth = sample.truth[leaf]
    got = np.asarray(sample.got[leaf] / factor)
    room = sample.allowed[leaf] + np.spacing(np.abs(truth.mid))
    with np.errstate(invalid="ignore"):
        near = beyond(got, truth) <= room
    return bool((near | ~decidable(sample, leaf)).all())


def explanation(convention: Convention, args: tuple) -> Explanation:
    factor = convention.factor(args)
    kind = "sign" if convention.name == "negative" else "factor"
    return Explanation(
        kind,
        WHOLE,
        f"{convention.sentence} (here {factor:.6g})",
        remedy=f'allow=("{convention.name}",) accepts that convention',
        factor=factor,
    )


def one_of_each(fitting: Mapping) -> tuple[Convention, ...]:
    """The first of each name: the one whose size is most likely meant."""
    named: dict[str, Convention] = {}
    for convention in fitting:
        named.setdefault(convention.name, convention)
    return tuple(named.values())


def times(of: Callable, convention: Convention) -> Callable:
    """The function of which the candidate's answers are the gradient."""

    def scaled(*args) -> Any:
        factor = convention.factor(inward(args))
        if convention.name == "mean":
            return jax.tree.map(lambda v: v / (1.0 / factor), of(*args))
        return jax.tree.map(lambda v: v * factor, of(*args))

    return scaled
