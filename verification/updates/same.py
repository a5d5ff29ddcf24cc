"""The rules that may be what somebody wrote, and whether two of them are one and the same map.

Two rules that answer alike on the driving vectors may be one rule in two wordings, and then nothing
could rank them; or the vectors are too weak.  Which of both is decided where neither was tuned:
other leaves, more steps, other changes of the rate, hyperparameters drawn anew.  Fractions must be
equal; balls must overlap, all of them so narrow that no two rules would do so by chance.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from flint import arb, ctx

from ..derivations.rules import VARIANTS, Variant, family_of
from ..faults.update_rules import ALL, unasked_rules, wrong_rules
from ..faults.update_rules.change import keeping
from ..vocabulary import NoRule, Undecided
from . import vectors
from .numbers import balls, rationals
from .truth import BITS, exactly
from .vectors import Layout, Sequence, layout


class Candidate(NamedTuple):
    """A rule that may be what was written."""

    variant: Variant
    kind: str  # of vocabulary.KINDS
    name: str
    says: str
    order: float  # of equally good ones the smallest comes first
    renamed: tuple[tuple[str, int | float], ...] = ()  # hyperparameters that differ


def candidates(variant: Variant) -> Iterator[Candidate]:
    """Variants of the same rule, its mistakes, defaults for arguments, then all other rules."""
    family = {v.name for v in family_of(variant.name)} - {variant.name}
    for name in family:
        yield Candidate(VARIANTS[name], "variant", name, VARIANTS[name].formula, 0)
    mistakes = (*wrong_rules(variant.name), *unasked_rules(variant.name))
    for k, (fault, wrong) in enumerate(mistakes):
        yield Candidate(wrong, "fault", fault.name, fault.description, 1 + k / 1000)
    yield from _from_zero(family)
    yield from _not_kept(variant)
    for name, value in variant.defaults.items():
        said = f"{name} is ignored: it is {value:g}, whatever was asked for"
        yield Candidate(variant, "fault", f"{name} ignored", said, 2, ((name, value),))
    for name, other in VARIANTS.items():
        if name not in family and name != variant.name:
            yield Candidate(other, "variant", name, other.formula, 3)


def _not_kept(variant: Variant) -> Iterator[Candidate]:
    """The rule that keeps all of its memories but one, where no mistake is called so."""
    named = {"m", "u"} | ({"v"} if "m" in variant.start else set())
    names = [n for n in variant.start if n not in named]
    for name in names if len(variant.start) > 1 else ():
        wrong = keeping(variant, (name,))
        said = f"{name} is not written back: it is always that of one step"
        yield Candidate(wrong, "fault", f"{name} not written back", said, 1.6)


def _from_zero(family: set[str]) -> Iterator[Candidate]:
    """Variants whose memories start at a hyperparameter, started at 0 as most code does."""
    for name in sorted(family):
        begun = ALL["start is zero"].make(VARIANTS[name])
        at = [x for x in VARIANTS[name].start.values() if isinstance(x, str)]
        if begun is not None and at:
            said = f"{VARIANTS[name].formula}, from memories of 0, as with {at[0]}=0.0"
            yield Candidate(begun, "variant", f"{name} from 0", said, 1.5)


def candidate(variant: Variant, name: str) -> Candidate:
    """The candidate of that name, or the rule itself by its own.  Raises KeyError."""
    if name == variant.name:
        return Candidate(variant, "variant", name, variant.formula, 0)
    for one in candidates(variant):
        if one.name == name:
            return one
    raise KeyError(f"{variant.name} has no variant and no mistake {name!r}")


def with_settings(c: Candidate, sequence: Sequence) -> Sequence:
    """The run as the candidate sees it."""
    if not c.renamed:
        return sequence
    return sequence._replace(hyperparameters={**sequence.hyperparameters, **dict(c.renamed)})


LEAVES = {"kernel": np.zeros((4, 2)), "bias": np.zeros(2), "gain": np.zeros(()), "x": np.zeros(5)}
MATRICES = {"kernel": np.zeros((4, 2)), "x": np.zeros((1, 3))}
SQUARISH = {"kernel": np.zeros((3, 2)), "x": np.zeros((1, 2))}  # for rules of eigenvectors
STEPS, SEED = 24, 0x5A3E
NARROW = 2 ** -(BITS // 2)  # relative to the value: half of the digits that were computed with


class Sameness(NamedTuple):
    """same: None where it could not be decided.  `apart` says where two rules differ."""

    same: bool | None
    how: str  # fractions or balls, or that they have one name
    runs: int
    apart: str = ""


@lru_cache(maxsize=4096)
def same(rule: str, one: str, other: str) -> Sameness:
    """Whether two candidates for `rule`, by their names, are one map.

    A candidate is a variant, a mistake made in `rule`, or `rule` itself.  Raises KeyError.
    """
    variant = VARIANTS[rule]
    if one == other:
        return Sameness(candidate(variant, one).name == one, "one name", 0)
    return compared(variant, candidate(variant, one), candidate(variant, other))


def compared(variant: Variant, one: Candidate, other: Candidate) -> Sameness:
    """Whether two candidates do the same at every fresh run of a variant."""
    where, how, unsure = layout(_leaves(variant)), "", ""
    runs, told = fresh(variant, where), False
    for k, run in enumerate(runs):
        how, apart, decided, numbers = _at(one, other, run, where)
        if apart:
            return Sameness(False, how, k + 1, f"run {k + 1}, {apart}")
        unsure = unsure or ("" if decided else f"run {k + 1} is too wide to tell")
        told |= numbers
    unsure = unsure or ("" if told else "neither answers a number anywhere")
    return Sameness(None if unsure else True, how, len(runs), unsure)


def _leaves(variant: Variant) -> dict[str, np.ndarray]:
    if variant.family in vectors.DENSE:
        return SQUARISH
    return MATRICES if variant.matrices else LEAVES


def fresh(variant: Variant, where: Layout) -> list[Sequence]:
    """Runs of other shapes and lengths than those that rules are driven by, and of one scale."""
    rng = np.random.default_rng(SEED)
    return [_drawn(variant, where, rng, *kind) for kind in KINDS]


KINDS = (  # how the rate changes, the scale of gradients, whether hyperparameters are drawn widely
    ("thirds", 0.0, False), ("often", 0.02, True), ("thirds", 0.3, True), ("often", 0.0, True),
    ("never", 3.0, True), ("thirds", 0.05, False), ("often", 0.5, True), ("thirds", 0.0, True),
)  # fmt: skip
WIDE = (0.05, 0.95)


def _drawn(
    variant: Variant,
    where: Layout,
    rng: np.random.Generator,
    changes: str,
    scale: float,
    wide: bool,
) -> Sequence:
    """One run; its gradients are of one scale, or of all of them where that is 0."""
    h = vectors.hyperparameters(variant, rng, "float64")
    if wide:
        h = {n: x if isinstance(x, int) else float(rng.uniform(*WIDE)) for n, x in h.items()}
    rate = h.pop("learning_rate")
    params, gradients = vectors.draw(rng, where.size, STEPS, "float64", variant.family)
    if scale:
        plain = scale * rng.standard_normal(gradients.shape)
        gradients = np.where(np.isfinite(gradients), plain, gradients)
    rates = vectors.rates(rate, STEPS, changes=changes == "thirds")
    if changes == "often":
        levels = rate * rng.uniform(0.25, 2.0, STEPS)
        rates = tuple(float(r) for r in levels[np.cumsum(rng.random(STEPS) < 1 / 3) % STEPS])
    return Sequence(h, params, gradients, rates)


class _Compared(NamedTuple):
    how: str
    apart: str  # where they differ; "" for nowhere found
    decided: bool  # whether "nowhere" is certain
    numbers: bool  # whether there was any number to compare


def _at(one: Candidate, other: Candidate, run: Sequence, where: Layout) -> _Compared:
    try:
        a, b = (_values(c, run, where) for c in (one, other))
        return _Compared("fractions", _first(a != b), True, True)
    except NoRule:
        pass
    with ctx.workprec(BITS):
        try:
            return _balls(*(_values(c, run, where, wide=True) for c in (one, other)))
        except Undecided:
            return _Compared("balls", "", False, False)


def _values(c: Candidate, run: Sequence, where: Layout, wide: bool = False) -> np.ndarray:
    numbers = (balls if wide else rationals)(where.slices)
    if not (wide or c.variant.rational):
        raise NoRule("the rule has roots")  # known beforehand: no fraction need be computed
    try:
        return exactly(c.variant, with_settings(c, run), numbers)
    except ZeroDivisionError:
        raise NoRule("a fraction divides by 0") from None


def _balls(a: np.ndarray, b: np.ndarray) -> _Compared:
    """No number on both sides is agreement; on one side only, or apart, is none."""
    nothing = np.vectorize(lambda x: not x.is_finite(), otypes=[bool])
    apart = np.vectorize(lambda x, y: not x.overlaps(y), otypes=[bool])
    narrow = np.vectorize(_narrow, otypes=[bool])
    neither, either = nothing(a) & nothing(b), nothing(a) | nothing(b)
    differ = np.where(either, ~neither, apart(a, b))
    decided = bool((neither | (narrow(a) & narrow(b))).all())
    return _Compared("balls", _first(differ), decided, not bool(neither.all()))


def _narrow(x: arb) -> bool:
    return bool(x.is_exact() or (x.is_finite() and x.rad() <= abs(x.mid()) * NARROW))


def _first(differ: np.ndarray) -> str:
    rows = np.argwhere(differ)
    return f"step {rows[0][0] + 1}, entry {rows[0][1]}" if len(rows) else ""
