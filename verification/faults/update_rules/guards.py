"""Mistakes in scaled losses, skipped steps, and ascent before descent."""

from ...derivations.rules import Variant
from .change import has, operating, stepping

Wrong = Variant | None
SKIPS = ("guarded", "loss_scaling")


def overflow_not_skipped(v: Variant) -> Wrong:
    """A step is taken with gradients that are no numbers.

    Where people meet it: optimizer.step() is called for scaler.step(optimizer).
    """
    return operating(v, finite=lambda k, g: True) if v.family in SKIPS else None


def clipped_before_unscaled(v: Variant) -> Wrong:
    """Gradients are clipped while they are scaled: the limit is divided by the scale.

    Where people meet it: clip_grad_norm_ without scaler.unscale_(optimizer) before it.
    """
    if not has(v, "init_scale", "max_norm"):
        return None

    def change(step, k, h, g, w, s, t, r):
        scale, right = s["S"], type(k).shortened
        scaled = {"shortened": lambda k, g, most: right(k, g * scale, most) / scale}
        return step(type("Mistaken", (type(k),), scaled)(k.n), h, g, w, s, t, r)

    return stepping(v, change)


def never_unscaled(v: Variant) -> Wrong:
    """Gradients are not divided by the scale of the loss.

    Where people meet it: the loss is scaled by hand, and the step is the optimizer's own.
    """
    return operating(v, unscaled=lambda k, g, scale: g) if has(v, "init_scale") else None


def unscaled_twice(v: Variant) -> Wrong:
    """Gradients are divided by the scale of the loss twice.

    Where people meet it: unscaled by hand for clipping, and again by the scaler's step.
    """
    twice = lambda k, g, scale: g / scale / scale
    return operating(v, unscaled=twice) if has(v, "init_scale") else None


def scaled_again(v: Variant) -> Wrong:
    """Gradients are multiplied by the scale of the loss, not divided by it.

    Where people meet it: the inverse scale is kept, and divided by.
    """
    return operating(v, unscaled=lambda k, g, scale: g * scale) if has(v, "init_scale") else None


def good_steps_kept(v: Variant) -> Wrong:
    """An overflow does not begin the count of good steps anew.

    Where people meet it: only the scale is touched where a gradient overflows.
    """
    if not has(v, "init_scale"):
        return None

    def change(step, k, h, g, w, s, t, r):
        w, after = step(k, h, g, w, s, t, r)
        return w, after if k.finite(g) else {**after, "_good": s.get("_good", 0)}

    return stepping(v, change)


def scale_stays(v: Variant) -> Wrong:
    """The scale of the loss is the first one for ever.

    Where people meet it: scaler.update() is forgotten.
    """
    same = lambda k, scale: scale
    return operating(v, grown=same, backed_off=same) if has(v, "init_scale") else None


def scale_never_grows(v: Variant) -> Wrong:
    """The scale of the loss is halved after an overflow, and never doubled.

    Where people meet it: the count of good steps is not kept in a checkpoint, or by the state.
    """
    return operating(v, grown=lambda k, scale: scale) if has(v, "init_scale") else None


def scale_never_falls(v: Variant) -> Wrong:
    """The scale of the loss is not halved after an overflow.

    Where people meet it: update() is called only after steps that were taken.
    """
    return operating(v, backed_off=lambda k, scale: scale) if has(v, "init_scale") else None


def descent_from_the_perturbed(v: Variant) -> Wrong:
    """The step is taken from the perturbed weights: they are not put back.

    Where people meet it: SAM's second step without `e_w` subtracted.
    """
    return _perturbed(v, lambda step, k, h, g, w, s, t, r: (w - r * g, {**s, "o": w}))


def ascent_is_descent(v: Variant) -> Wrong:
    """w - radius g / |g| for the perturbed weights: a sign.

    Where people meet it: the ascent is written with a descent's optimizer.
    """
    if not has(v, "radius"):
        return None
    return stepping(v, lambda step, k, h, g, w, s, t, r: step(k, h, -g if t % 2 else g, w, s, t, r))


def ascent_not_normalized(v: Variant) -> Wrong:
    """w + radius g for w + radius g / |g|.

    Where people meet it: the norm of the gradient is left out of SAM's first step.
    """
    if not has(v, "radius"):
        return None
    return operating(v, global_norm=lambda k, x: k.n.scalar(1.0))


def _perturbed(v: Variant, second) -> Wrong:
    if not has(v, "radius"):
        return None

    def change(step, k, h, g, w, s, t, r):
        return (step if t % 2 else lambda *args: second(step, *args))(k, h, g, w, s, t, r)

    return stepping(v, change)
