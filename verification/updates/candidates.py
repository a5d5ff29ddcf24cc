"""The rules that may be what somebody wrote: variants, mistakes, ignored arguments."""

from collections.abc import Iterator
from typing import NamedTuple

from ..derivations.rules import VARIANTS, Variant, family_of
from ..faults.update_rules import wrong_rules
from .vectors import Sequence


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
    for k, (fault, wrong) in enumerate(wrong_rules(variant.name)):
        yield Candidate(wrong, "fault", fault.name, fault.description, 1 + k / 1000)
    for name, value in variant.defaults.items():
        said = f"{name} is ignored: it is {value:g}, whatever was asked for"
        yield Candidate(variant, "fault", f"{name} ignored", said, 2, ((name, value),))
    for name, other in VARIANTS.items():
        if name not in family and name != variant.name:
            yield Candidate(other, "variant", name, other.formula, 3)


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
    return sequence._replace(hyperparameters={**sequence.hyperparameters, **dict(c.renamed)})
