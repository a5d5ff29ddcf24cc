"""Mistakes people make in update rules: a variant in, the same with one mistake in it out."""

from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import NamedTuple

from ...derivations.rules import VARIANTS, Variant
from . import (
    around,
    corrections,
    decaying,
    factored,
    guards,
    kin,
    limits,
    matrices,
    memory,
    moments,
    preconditioned,
    schedules,
    swapped,
    timing,
    unasked,
)


class UpdateFault(NamedTuple):
    """`make(variant)` is the variant with the mistake; None where there is no such mistake."""

    name: str
    description: str
    make: Callable[[Variant], Variant | None]


class WrongRule(NamedTuple):
    """One variant with one mistake."""

    fault: UpdateFault
    variant: Variant


def _named(module: ModuleType) -> dict[str, UpdateFault]:
    made = {name: f for name, f in vars(module).items() if _is_fault(module, f)}
    return {
        name.replace("_", " "): UpdateFault(name.replace("_", " "), _said(f), f)
        for name, f in made.items()
    }


def _said(f: Callable) -> str:
    """The docstring's first paragraph: what is wrong; the next says where people meet it."""
    return " ".join((f.__doc__ or "").split("\n\n")[0].split())


def _is_fault(module: ModuleType, f: object) -> bool:
    """A public function of the module itself: the table is its functions, in their order."""
    own = getattr(f, "__module__", "") == module.__name__
    return own and callable(f) and not getattr(f, "__name__", "_").startswith("_")


MODULES = (
    corrections,
    moments,
    memory,
    decaying,
    around,
    factored,
    timing,
    kin,
    limits,
    swapped,
    schedules,
    matrices,
    preconditioned,
    guards,
)
ALL: dict[str, UpdateFault] = {name: f for module in MODULES for name, f in _named(module).items()}
UNASKED: dict[str, UpdateFault] = _named(unasked)  # they explain; a limit that is never met is none


@lru_cache(maxsize=256)
def wrong_rules(name: str) -> tuple[WrongRule, ...]:
    """Every mistake that can be made in a variant; some may leave it as it is.

    Raises KeyError for a name that is no variant.
    """
    return _made(name, ALL)


@lru_cache(maxsize=256)
def unasked_rules(name: str) -> tuple[WrongRule, ...]:
    """The variant with more than was asked for.  Raises KeyError for what is no variant."""
    return _made(name, UNASKED)


def _made(name: str, faults: dict[str, UpdateFault]) -> tuple[WrongRule, ...]:
    right = VARIANTS[name]
    made = ((fault, fault.make(right)) for fault in faults.values())
    return tuple(WrongRule(fault, wrong) for fault, wrong in made if wrong is not None)
