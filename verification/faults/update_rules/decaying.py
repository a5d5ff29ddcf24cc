"""Mistakes in weight decay."""

from dataclasses import replace
from functools import reduce

from ...derivations.rules import DECAYS, Variant
from .change import given, has, mask, operating, stepping

Wrong = Variant | None


def _decays(v: Variant) -> bool:
    return bool(v.decay)


def decay_missing(v: Variant) -> Wrong:
    """Weights do not decay."""
    return replace(v, decay="") if _decays(v) else None


def decay_in_gradient(v: Variant) -> Wrong:
    """weight_decay w is added to the gradient: it enters the moments."""
    return replace(v, decay="l2") if v.start and v.decay not in ("", "l2") else None


def decay_beside_gradient(v: Variant) -> Wrong:
    """Weights decay beside the step, by the rate, where the gradient should have the decay."""
    return replace(v, decay="decoupled") if v.start and v.decay == "l2" else None


def decay_after(v: Variant) -> Wrong:
    """Weights decay after the step."""
    return replace(v, decay="after") if _decays(v) and v.decay != "after" else None


def decay_without_rate(v: Variant) -> Wrong:
    """Weights decay whatever the rate."""
    return replace(v, decay="without_rate") if _decays(v) and v.decay != "without_rate" else None


def decay_by_first_rate(v: Variant) -> Wrong:
    """Weights decay by the first rate: a change of it is not seen."""
    return _decoupled(v, lambda k, h, t, r: h.first_rate * h.weight_decay)


def decay_by_squared_rate(v: Variant) -> Wrong:
    """Weights decay by r^2 weight_decay: the decay has the rate once more.

    Where people meet it: the decay is multiplied by the rate, and added to the step before the rate
    is.
    """
    if not has(v, "weight_decay") or v.decay == "without_rate":
        return None
    decay = DECAYS[v.decay]

    def change(step, k, h, g, w, s, t, r):
        return decay(k, given(h, weight_decay=h.weight_decay * r), step, g, w, s, t, r)

    return replace(stepping(v, change), decay="")


def decay_by_corrected_rate(v: Variant) -> Wrong:
    """Weights decay by the corrected rate r sqrt(1 - b2^t) / (1 - b1^t)."""
    if not has(v, "b1", "b2"):
        return None
    rate = lambda k, h, t, r: r * k.n.sqrt(1 - h.b2**t) / (1 - h.b1**t)
    return _decoupled(v, lambda k, h, t, r: rate(k, h, t, r) * h.weight_decay)


def decay_by_half_corrected_rate(v: Variant) -> Wrong:
    """Weights decay by the corrected rate r / (1 - b1^t)."""
    if not has(v, "b1"):
        return None
    return _decoupled(v, lambda k, h, t, r: r / (1 - h.b1**t) * h.weight_decay)


def _decoupled(v: Variant, by) -> Wrong:
    if v.decay != "decoupled":
        return None

    def change(step, k, h, g, w, s, t, r):
        return step(k, h, g, k.decayed(w, by(k, h, t, r)), s, t, r)

    return replace(stepping(v, change), decay="")


def decay_twice(v: Variant) -> Wrong:
    """Weights decay twice: in the gradient and beside it."""
    if not _decays(v):
        return None
    inner = DECAYS["decoupled" if v.decay == "l2" else "l2"]
    return stepping(v, lambda step, k, h, *rest: inner(k, h, step, *rest))


def decay_negative(v: Variant) -> Wrong:
    """Weights grow: the sign of the decay."""
    return _with_decay(v, lambda h: -h.weight_decay)


def decay_doubled(v: Variant) -> Wrong:
    """Twice the decay: the derivative of weight_decay w^2."""
    return _with_decay(v, lambda h: 2 * h.weight_decay)


def decay_halved(v: Variant) -> Wrong:
    """Half of the decay: weight_decay / 2 where there is no 1/2."""
    return _with_decay(v, lambda h: h.weight_decay / 2)


def _with_decay(v: Variant, value) -> Wrong:
    if not has(v, "weight_decay"):
        return None
    decay = DECAYS[v.decay]

    def change(step, k, h, *rest):
        other = given(h, weight_decay=value(h))
        return decay(k, other, step, *rest)

    return replace(stepping(v, change), decay="")


def decay_of_signs(v: Variant) -> Wrong:
    """sign w for w: the derivative of |w|."""
    if v.decay not in ("decoupled", "after", "without_rate", "eta"):
        return None
    return operating(v, decayed=lambda k, w, by: w - by * k.n.sign(w))


def decay_of_matrices_only(v: Variant) -> Wrong:
    """Leaves with fewer than two axes do not decay: biases and scales are left out.

    Where people meet it: two groups of parameters, one of them without decay.
    """
    decay = DECAYS[v.decay]

    def change(step, k, h, *rest):
        shaped = zip(k.n.slices, k.n.slices.shapes, strict=False)
        chosen = mask(k, [s for s, shape in shaped if len(shape) > 1])
        return decay(k, given(h, weight_decay=h.weight_decay * chosen), step, *rest)

    return replace(stepping(v, change), decay="") if has(v, "weight_decay") else None


def decay_applied_twice(v: Variant) -> Wrong:
    """Weights decay twice in one step.

    Where people meet it: the optimizer decays, and the training loop does so as well.
    """
    return _compounded(v, lambda k: 2)


def decay_for_every_leaf(v: Variant) -> Wrong:
    """Weights decay once for every leaf in one step.

    Where people meet it: the decay of all parameters stands inside the loop over them.
    """
    return _compounded(v, lambda k: len(k.n.slices))


def _compounded(v: Variant, times) -> Wrong:
    by = {
        "decoupled": lambda h, r: r * h.weight_decay,
        "after": lambda h, r: r * h.weight_decay,
        "without_rate": lambda h, r: h.weight_decay,
        "eta": lambda h, r: r / h.first_rate * h.weight_decay,
    }.get(v.decay)
    if by is None:
        return None

    decay = DECAYS[v.decay]

    def change(step, k, h, g, w, s, t, r):
        more = range(times(k) - 1)
        again = lambda w: reduce(lambda w, _: k.decayed(w, by(h, r)), more, w)
        if v.decay != "after":
            return decay(k, h, step, g, again(w), s, t, r)
        moved, s = decay(k, h, step, g, w, s, t, r)
        return again(moved), s

    return replace(stepping(v, change), decay="")
