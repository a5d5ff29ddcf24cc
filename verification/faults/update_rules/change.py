"""How a mistake is put into a variant: another operation, another clock, another memory."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from ...derivations.rules import DECAYS, SIDES, Variant


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


def mask(k, slices):
    """1 in some leaves, 0 in the others."""
    chosen = np.zeros(max(s.stop for s in k.n.slices))
    for s in slices:
        chosen[s] = 1.0
    return k.n.vector(chosen)


def mask_of(k, variant: Variant, memory: str, slices):
    """The mask of a memory, which has another shape where it is that of a side."""
    start = variant.start.get(memory)
    chosen = mask(k, slices)
    return k.n.sign(k.n.gram(chosen, SIDES[start])) if start in SIDES else chosen


def scaled(variant: Variant, factor: float | Callable) -> Variant:
    """The variant whose step is `factor` times what it should be: a number, or one of factor(h).

    Where people meet it: a mean where a sum was meant, a loss scale that stays, a constant that was
    folded into the rate twice.
    """
    by = lambda k, h: factor(h) if callable(factor) else k.n.scalar(factor)
    return stepping(variant, lambda step, k, h, *rest: step(k, h, *rest[:-1], rest[-1] * by(k, h)))


def multiplied(variant: Variant, name: str, factor: float) -> Variant:
    """The variant with `factor` times a hyperparameter.

    Where people meet it: a decay that is applied once for every group or every micro-batch.
    """

    decay = DECAYS[variant.decay]

    def change(step, k, h, *rest):
        other = given(h, **{name: getattr(h, name) * k.n.scalar(factor)})
        return decay(k, other, step, *rest)

    return replace(stepping(variant, change), decay="")


def keeping(v: Variant, names: tuple[str, ...]) -> Variant:
    """The variant whose memories of these names stay as they are."""

    def change(step, k, h, g, w, s, t, r):
        w, after = step(k, h, g, w, s, t, r)
        return w, {**after, **{name: s[name] for name in names}}

    return stepping(v, change)
