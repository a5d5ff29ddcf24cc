"""Mistakes of doing more than was asked: gradients or steps that are clipped for nobody."""

from dataclasses import replace

from ...derivations.rules import Variant
from .change import has, stepping

Wrong = Variant | None
LIMITED = ("max_norm", "max_delta", "clipping", "threshold", "trust")  # those that clip themselves
OTHERS = ("average", "schedule", "loss_scaling", "guarded", "lion")


def gradient_bounded(v: Variant) -> Wrong:
    """Each entry of the gradient is clipped to [-1, 1], and nobody asked for it.

    Where people meet it: clip_grad_value_(parameters, 1) in a loop that was taken over.
    """
    clipped = lambda step, k, h, g, *rest: step(k, h, _within(k, g, k.n.scalar(1.0)), *rest)
    return None if _clips(v) else stepping(v, clipped)


def gradient_shortened(v: Variant) -> Wrong:
    """Gradients are scaled to a norm of 1 at most, and nobody asked for it.

    Where people meet it: clip_grad_norm_(parameters, 1) in a loop that was taken over.
    """
    shortened = lambda step, k, h, g, *rest: step(k, h, k.shortened(g, k.n.scalar(1.0)), *rest)
    return None if _clips(v) else replace(stepping(v, shortened), rational=False)


def step_bounded(v: Variant) -> Wrong:
    """Each entry moves by the rate at most, and nobody asked for it.

    Where people meet it: np.clip(m / (np.sqrt(v) + eps), -1, 1) to tame the first steps.
    """

    def change(step, k, h, g, w, s, t, r):
        moved, after = step(k, h, g, w, s, t, r)
        return w + _within(k, moved - w, r), after

    return None if _clips(v) else stepping(v, change)


def _clips(v: Variant) -> bool:
    return v.family in OTHERS or v.matrices or any(has(v, name) for name in LIMITED)


def _within(k, x, most):
    """max(-most, min(x, most))."""
    return k.n.larger(-k.n.larger(-x, x * 0 - most), x * 0 - most)
