"""Mistakes in what is remembered from step to step."""

from collections.abc import Callable

from ...derivations.rules import Variant
from .change import keeping, mask, mask_of, operating, remembers, stepping

Wrong = Variant | None


def nothing_written_back(v: Variant) -> Wrong:
    """The state is not written back: every step starts from the first state."""
    return keeping(v, tuple(v.start)) if v.start else None


def first_not_written_back(v: Variant) -> Wrong:
    """m is not written back."""
    return keeping(v, ("m",)) if remembers(v, "m") else None


def second_not_written_back(v: Variant) -> Wrong:
    """v is not written back."""
    return keeping(v, ("v",)) if remembers(v, "m", "v") else None


def maximum_not_written_back(v: Variant) -> Wrong:
    """The maximum is not written back: it is that of one step."""
    return keeping(v, ("u",)) if remembers(v, "u") else None


def maximum_is_minimum(v: Variant) -> Wrong:
    """The minimum where the maximum belongs."""
    return operating(v, maximum=lambda k, x, y: -k.n.larger(-x, -y))


def maximum_ignored(v: Variant) -> Wrong:
    """The maximum is not used: what is new replaces it."""
    return operating(v, maximum=lambda k, x, y: y)


def memory_decayed_twice(v: Variant) -> Wrong:
    """What is remembered decays twice in a step: beta^2 for beta before the old memory.

    Where people meet it: the buffer is multiplied in place, and once more when it is used.
    """
    return operating(
        v,
        velocity=lambda k, decay, old, g: decay * decay * old + g,
        mean=lambda k, beta, old, g: beta * beta * old + (1 - beta) * g,
        mean_square=lambda k, beta, old, g: beta * beta * old + (1 - beta) * k.square(g),
    )


def reset_now_and_then(v: Variant) -> Wrong:
    """The memory is emptied after every fifth step: the optimizer made anew each epoch."""
    return _emptied(v, lambda t, r, before: t % 5 == 1 and t > 1)


def reset_with_the_rate(v: Variant) -> Wrong:
    """The memory is emptied where the rate changes: the optimizer made anew for it."""
    return _emptied(
        v, lambda t, r, before: before is not None and r is not before and _differ(r, before)
    )


def _differ(r, before) -> bool:
    return bool(getattr(r, "value", r) != getattr(before, "value", before))


def velocity_follows_rate(v: Variant) -> Wrong:
    """The velocity is multiplied by the rate: it keeps the rates it was made with."""
    if not remembers(v, "m"):
        return None

    def change(step, k, h, g, w, s, t, r):
        scaled = {**s, "m": s["m"] / r}
        moved, after = step(k, h, g, w, scaled, t, r)
        return moved, {**after, "m": r * after["m"]}

    return stepping(v, change)


def last_leaf_frozen(v: Variant) -> Wrong:
    """The last leaf is never updated."""
    return _only(v, lambda slices: slices[:-1])


def first_leaf_only(v: Variant) -> Wrong:
    """Only the first leaf is updated."""
    return _only(v, lambda slices: slices[:1])


def memory_of_first_leaf_only(v: Variant) -> Wrong:
    """Memories of all leaves but the first are not written back."""

    def change(step, k, h, g, w, s, t, r):
        w, after = step(k, h, g, w, s, t, r)
        chosen = {n: mask_of(k, v, n, k.n.slices[:1]) for n in v.start if n != "p"}
        kept = {n: s[n] + one * (after[n] - s[n]) for n, one in chosen.items()}
        return w, {**after, **kept}

    return stepping(v, change) if v.start else None


def _only(v: Variant, choose: Callable) -> Variant:
    def change(step, k, h, g, w, s, t, r):
        moved, s = step(k, h, g, w, s, t, r)
        return w + mask(k, choose(k.n.slices)) * (moved - w), s

    return stepping(v, change)


def _emptied(v: Variant, when: Callable) -> Wrong:
    """The memory as it was before the first step, whenever `when` says so."""
    if not v.start:
        return None

    def change(step, k, h, g, w, s, t, r):
        first, before = s.get("_first", s), s.get("_rate")
        kept = {name: first[name] for name in v.start}
        w, after = step(k, h, g, w, kept if when(t, r, before) else s, t, r)
        return w, {**after, "_first": kept, "_rate": r}

    return stepping(v, change)
