"""Mistakes in bias corrections, roots and epsilons."""

from ...derivations.rules import Variant
from .change import has, operating, remembers, stepping

Wrong = Variant | None


def power_missing(v: Variant) -> Wrong:
    """m / (1 - b) for m / (1 - b^t), and v likewise: the power t is missing."""
    once = lambda k, m, beta, t: m / (1 - beta)
    return operating(v, unbiased=once, unbiased_square=once)


def power_missing_first(v: Variant) -> Wrong:
    """m / (1 - b1) for m / (1 - b1^t): the power t is missing."""
    return operating(v, unbiased=lambda k, m, beta, t: m / (1 - beta))


def power_missing_second(v: Variant) -> Wrong:
    """v / (1 - b2) for v / (1 - b2^t): the power t is missing."""
    return operating(v, unbiased_square=lambda k, m, beta, t: m / (1 - beta))


def power_is_product(v: Variant) -> Wrong:
    """1 - b / t for 1 - b^t: an operator mistyped."""
    product = lambda k, m, beta, t: m / (1 - beta / t)
    return operating(v, unbiased=product, unbiased_square=product)


def uncorrected_first(v: Variant) -> Wrong:
    """m is not corrected for its start at 0."""
    return operating(v, unbiased=lambda k, m, beta, t: m)


def uncorrected_second(v: Variant) -> Wrong:
    """v is not corrected for its start at 0."""
    return operating(v, unbiased_square=lambda k, m, beta, t: m)


def uncorrected(v: Variant) -> Wrong:
    """Neither mean is corrected for its start at 0."""
    same = lambda k, m, beta, t: m
    return operating(v, unbiased=same, unbiased_square=same)


def corrected_by_product(v: Variant) -> Wrong:
    """m (1 - b^t) for m / (1 - b^t): multiplied where it is divided."""
    times = lambda k, m, beta, t: m * (1 - beta**t)
    return operating(v, unbiased=times, unbiased_square=times)


def first_corrected_by_product(v: Variant) -> Wrong:
    """m (1 - b1^t) for m / (1 - b1^t): multiplied where it is divided."""
    return operating(v, unbiased=lambda k, m, beta, t: m * (1 - beta**t))


def second_corrected_by_product(v: Variant) -> Wrong:
    """v (1 - b2^t) for v / (1 - b2^t): multiplied where it is divided."""
    return operating(v, unbiased_square=lambda k, m, beta, t: m * (1 - beta**t))


def first_beta_in_second(v: Variant) -> Wrong:
    """v / (1 - b1^t): the correction of v takes b1."""
    return _with_beta(v, "unbiased_square", "b1")


def second_beta_in_first(v: Variant) -> Wrong:
    """m / (1 - b2^t): the correction of m takes b2."""
    return _with_beta(v, "unbiased", "b2")


def _with_beta(v: Variant, operation: str, name: str) -> Wrong:
    def change(step, k, h, *rest):
        other = {operation: lambda k, m, beta, t: m / (1 - getattr(h, name) ** t)}
        return step(type("Mistaken", (type(k),), other)(k.n), h, *rest)

    return stepping(v, change) if has(v, "b1", "b2") else None


def correction_kept(v: Variant) -> Wrong:
    """The corrected m is what is remembered: corrections pile up."""

    def change(step, k, h, g, w, s, t, r):
        w, s = step(k, h, g, w, s, t, r)
        return w, {**s, "m": k.unbiased(s["m"], h.b1, t)}

    return stepping(v, change) if has(v, "b1") and remembers(v, "m") else None


def second_correction_kept(v: Variant) -> Wrong:
    """The corrected v is what is remembered: corrections pile up.

    Where people meet it: v /= 1 - b2**t in place.
    """

    def change(step, k, h, g, w, s, t, r):
        w, s = step(k, h, g, w, s, t, r)
        return w, {**s, "v": k.unbiased_square(s["v"], h.b2, t)}

    return stepping(v, change) if has(v, "b2") and remembers(v, "v") else None


def corrections_kept(v: Variant) -> Wrong:
    """Both corrected means are what is remembered: corrections pile up.

    Where people meet it: m and v are assigned once more where mhat and vhat were meant.
    """

    def change(step, k, h, g, w, s, t, r):
        w, s = step(k, h, g, w, s, t, r)
        m, v = k.unbiased(s["m"], h.b1, t), k.unbiased_square(s["v"], h.b2, t)
        return w, {**s, "m": m, "v": v}

    return stepping(v, change) if has(v, "b1", "b2") and remembers(v, "m", "v") else None


def first_corrected_ahead(v: Variant) -> Wrong:
    """m / (1 - b1^(t + 1)) for m / (1 - b1^t): the count of one correction is off by one."""
    return operating(v, unbiased=lambda k, m, beta, t: m / (1 - beta ** (t + 1)))


def second_corrected_ahead(v: Variant) -> Wrong:
    """v / (1 - b2^(t + 1)) for v / (1 - b2^t): the count of one correction is off by one."""
    return operating(v, unbiased_square=lambda k, m, beta, t: m / (1 - beta ** (t + 1)))


def corrected_at_first_only(v: Variant) -> Wrong:
    """Means are corrected at the first two steps, and not later.

    Where people meet it: the correction is left out once a warm-up is over.
    """
    return _corrected(v, lambda t: t <= 2)


def corrected_later_only(v: Variant) -> Wrong:
    """Means are corrected from the third step on.

    Where people meet it: a correction that is left out while a warm-up lasts.
    """
    return _corrected(v, lambda t: t > 2)


def _corrected(v: Variant, when) -> Wrong:
    if not has(v, "b1"):
        return None
    at = lambda right: lambda k, m, beta, t: right(k, m, beta, t) if when(t) else m
    one, two = v.operations.unbiased, v.operations.unbiased_square
    return operating(v, unbiased=at(one), unbiased_square=at(two))


def root_corrected_whole(v: Variant) -> Wrong:
    """sqrt(v) / (1 - b2^t) for sqrt(v / (1 - b2^t)): the correction is outside the root."""
    return operating(v, unbiased_square=lambda k, v, beta, t: v / (1 - beta**t) / (1 - beta**t))


def root_missing(v: Variant) -> Wrong:
    """v + eps for sqrt v + eps: the root is missing."""
    plain = lambda k, v, eps: v + eps
    return operating(v, outside=plain, inside=plain)


def eps_inside(v: Variant) -> Wrong:
    """sqrt(v + eps) for sqrt v + eps: epsilon inside the root."""
    return operating(v, outside=lambda k, v, eps: k.n.sqrt(v + eps))


def eps_outside(v: Variant) -> Wrong:
    """sqrt v + eps for sqrt(v + eps): epsilon outside the root."""
    return operating(v, inside=lambda k, v, eps: k.n.sqrt(v) + eps)


def eps_doubled(v: Variant) -> Wrong:
    """sqrt(v + eps) + eps: epsilon twice."""
    twice = lambda k, v, eps: k.n.sqrt(v + eps) + eps
    return operating(v, outside=twice, inside=twice)


def eps_squared_inside(v: Variant) -> Wrong:
    """sqrt(v + eps^2): epsilon squared, inside the root."""
    inside = lambda k, v, eps: k.n.sqrt(v + eps * eps)
    return operating(v, outside=inside, inside=inside)


def eps_missing(v: Variant) -> Wrong:
    """Epsilon is a millionth of what it should be: as good as forgotten, but nothing is 0 / 0."""
    none = lambda k, v, eps: k.n.sqrt(v) + eps / 2**20
    return operating(v, outside=none, inside=none)


def eps_as_floor(v: Variant) -> Wrong:
    """max(sqrt v, eps) for the sum: epsilon as a floor."""
    floor = lambda k, v, eps: k.n.larger(k.n.sqrt(v), v * 0 + eps)
    return operating(v, outside=floor, inside=floor)


def eps_subtracted(v: Variant) -> Wrong:
    """sqrt v - eps for sqrt v + eps: a sign."""
    return operating(v, outside=lambda k, v, eps: k.n.sqrt(v) - eps)


def eps_halved(v: Variant) -> Wrong:
    """Half of epsilon: another one than was asked for."""
    other = lambda k, v, eps: k.n.sqrt(v) + eps / 2
    return operating(v, outside=other, inside=lambda k, v, eps: k.n.sqrt(v + eps / 2))


def eps_over_the_correction(v: Variant) -> Wrong:
    """sqrt v + eps / sqrt(1 - b2^t): epsilon is divided by the correction of the root.

    Where people meet it: the corrections are folded into the rate, and epsilon is divided by
    sqrt(1 - b2^t) where it should be multiplied by it.
    """
    return _eps_corrected(v, outside=lambda k, v, eps, c: k.n.sqrt(v) + eps / k.n.sqrt(c))


def eps_over_the_correction_twice(v: Variant) -> Wrong:
    """sqrt vhat + eps / (1 - b2^t): epsilon has the inverse of its correction.

    Where people meet it: eps / sqrt(1 - b2^t) is added to the root of v that is not corrected, for
    eps sqrt(1 - b2^t), and the rate has both corrections.
    """
    return _eps_corrected(v, outside=lambda k, v, eps, c: k.n.sqrt(v) + eps / c)


def eps_times_the_correction(v: Variant) -> Wrong:
    """sqrt v + eps sqrt(1 - b2^t): epsilon is corrected.

    Where people meet it: epsilon of the folded form, beside a v that is corrected already.
    """
    return _eps_corrected(v, outside=lambda k, v, eps, c: k.n.sqrt(v) + eps * k.n.sqrt(c))


def eps_before_the_correction(v: Variant) -> Wrong:
    """sqrt((v + eps) / (1 - b2^t)): epsilon is added to v, and then v is corrected.

    Where people meet it: v += eps to keep the root from 0, above the line that makes vhat.
    """
    if "hat" in v.name or v.family == "soap":  # their v is never corrected
        return None
    inside = lambda k, v, eps, c: k.n.sqrt(v + eps / c)
    return _eps_corrected(v, outside=inside, inside=inside)


def _eps_corrected(v: Variant, **roots) -> Wrong:
    """Roots that are told 1 - b2^t; SOAP's first step gathers, and is not counted."""
    if not has(v, "b2", "eps") or "uncorrected" in v.name:
        return None

    def change(step, k, h, g, w, s, t, r):
        correction = lambda: 1 - h.b2 ** (t - (v.family == "soap"))
        told = lambda root: lambda k, v, eps: root(k, v, eps, correction())
        own = {name: told(root) for name, root in roots.items()}
        return step(type("Mistaken", (type(k),), own)(k.n), h, g, w, s, t, r)

    return stepping(v, change)
