"""How a mistake is put into a variant: another operation, another clock, another memory."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

from ...derivations.rules import Variant


def operating(variant: Variant, **operations: Callable) -> Variant:
    """The variant with other named operations: each is called as operation(k, ...)."""
    return replace(variant, operations=type("Mistaken", (variant.operations,), operations))


def stepping(variant: Variant, change: Callable) -> Variant:
    """The variant whose step is change(step, k, h, g, w, s, t, r)."""
    step = variant.step
    return replace(variant, step=lambda *args: change(step, *args))


def given(h: SimpleNamespace, **values) -> SimpleNamespace:
    """The hyperparameters with some of them replaced."""
    return SimpleNamespace(**(vars(h) | values))


def has(variant: Variant, *names: str) -> bool:
    """Whether a variant has hyperparameters of all these names."""
    return all(name in variant.defaults for name in names)


def remembers(variant: Variant, *names: str) -> bool:
    """Whether a variant keeps memories of all these names."""
    return all(name in variant.start for name in names)
