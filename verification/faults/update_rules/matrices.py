"""Mistakes in rules of matrices, of units, and of masked or averaged steps."""

from ...derivations.rules import Variant
from .change import given, has, operating, stepping

Wrong = Variant | None


def shape_scale_missing(v: Variant) -> Wrong:
    """An orthogonal step is not scaled by the shape of its matrix.

    Where people meet it: the factor sqrt(max(1, rows / columns)) is left out of Muon.
    """
    one = lambda k, x: x * 0 + 1
    return operating(v, tall=one, wide=one, longest=one) if v.family == "muon" else None


def shape_transposed(v: Variant) -> Wrong:
    """Rows for columns in the scale of an orthogonal step.

    Where people meet it: kernels (in, out) of JAX with the factor for weights (out, in).
    """
    if v.family != "muon":
        return None
    tall = lambda k, x: type(k).__mro__[1].tall(k, x)
    return operating(v, tall=lambda k, x: type(k).__mro__[1].wide(k, x), wide=tall)


def sides_by_the_shorter(v: Variant) -> Wrong:
    """0.2 sqrt(min(rows, columns)) for the longer side.

    Where people meet it: min for max in the scale that matches the size of Adam's steps.
    """
    if v.name != "muon_matching":
        return None

    def longest(k, x):
        one = x * 0 + 1
        sides = k.n.axis_sum(one, -2), k.n.axis_sum(one, -1)
        return k.n.scalar(0.2) * k.n.sqrt(-k.n.larger(-sides[0], -sides[1]))

    return operating(v, longest=longest)


def iterated_once_less(v: Variant) -> Wrong:
    """Four steps of Newton and Schulz for five.

    Where people meet it: range(1, 5), or another library's default.
    """
    return _steps(v, -1)


def iterated_once_more(v: Variant) -> Wrong:
    """Six steps of Newton and Schulz for five.

    Where people meet it: another library's default.
    """
    return _steps(v, 1)


def _steps(v: Variant, more: int) -> Wrong:
    if v.family != "muon":
        return None

    def change(step, k, h, *rest):
        class Numbers:
            def __getattr__(self, name):
                return getattr(k.n, name)

            def newton_schulz(self, x, coefficients, steps):
                return k.n.newton_schulz(x, coefficients, steps + more)

        return step(type(k)(Numbers()), h, *rest)

    return stepping(v, change)


def ahead_missing(v: Variant) -> Wrong:
    """The mean itself, where it is mixed with the gradient once more.

    Where people meet it: nesterov=False, or Nesterov's line forgotten.
    """
    return operating(v, ahead=lambda k, beta, m, g: m) if v.family in AHEAD else None


def ahead_shares_swapped(v: Variant) -> Wrong:
    """(1 - beta) m + beta g for beta m + (1 - beta) g.

    Where people meet it: lerp(), whose weight is that of its second argument.
    """
    if v.family not in AHEAD:
        return None
    return operating(v, ahead=lambda k, beta, m, g: k.n.mix(1 - beta, m, g))


AHEAD = ("muon", "nadam")


def unit_is_leaf(v: Variant) -> Wrong:
    """The norm of a whole leaf where that of each unit belongs.

    Where people meet it: norm() without an axis in adaptive gradient clipping.
    """
    whole = lambda k, x: k.norm(x)
    return operating(v, row_norm=whole, column_norm=whole) if has(v, "clipping") else None


def centre_of_the_leaf(v: Variant) -> Wrong:
    """The mean of a whole matrix is subtracted, not that of each unit.

    Where people meet it: mean() without an axis in gradient centralization.
    """
    if v.family != "centralized":
        return None
    whole = lambda k, x: k.leaf_mean(x)
    return operating(v, row_mean=whole, column_mean=whole)


def mask_inverted(v: Variant) -> Wrong:
    """Steps are masked where they agree with the gradient.

    Where people meet it: the update is the negative step when the mask is made.
    """
    if v.family != "cautious":
        return None
    return operating(v, agreeing=lambda k, step, g: type(k).__mro__[1].agreeing(k, -step, g))


def mask_missing(v: Variant) -> Wrong:
    """Steps are not masked.

    Where people meet it: the mask is made after the update, and never used.
    """
    return operating(v, agreeing=lambda k, u, g: g * 0 + 1) if v.family == "cautious" else None


def step_unclipped(v: Variant) -> Wrong:
    """Sophia's step is not clipped to 1.

    Where people meet it: clamp() answers a new tensor, and the old one is used.
    """
    if v.family != "sophia":
        return None
    return stepping(
        v,
        lambda step, k, h, g, w, s, t, r: _unclipped(k, h, g, w, step(k, h, g, w, s, t, r)[1], r),
    )


def _unclipped(k, h, g, w, s, r):
    return w - r * (s["m"] / k.maximum(h.gamma * s["v"], g * 0 + h.eps)), s


def estimated_at_every_step(v: Variant) -> Wrong:
    """The estimate of the Hessian is renewed at every step.

    Where people meet it: the interval is handed over under another name, and ignored.
    """
    if v.family != "sophia":
        return None
    return stepping(v, lambda step, k, h, *rest: step(k, given(h, interval=1), *rest))
