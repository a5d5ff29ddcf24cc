"""Mistakes in what Adam's relatives have of their own: deviations, turns, rectification, maxima."""

from ...derivations.rules import LEAST, Variant
from .change import operating, stepping

Wrong = Variant | None


def deviation_from_the_old_mean(v: Variant) -> Wrong:
    """(g - m)^2 with the m from before this gradient.

    Where people meet it: AdaBelief, where v is updated above m.
    """
    if v.family != "adabelief":
        return None
    return operating(v, deviation=lambda k, g, m, old: g - old)


def change_reversed(v: Variant) -> Wrong:
    """sign(g^2 - v) for sign(v - g^2): v goes away from g^2.

    Where people meet it: Yogi's minus is in the sign already, and is written again.
    """
    if v.family != "yogi":
        return None
    return operating(v, turned=lambda k, v, square: k.sign(square - v))


def change_of_the_difference(v: Variant) -> Wrong:
    """v - (1 - b2) (v - g^2): Adam's mean, where the change has the size of g^2 alone.

    Where people meet it: Yogi's sign() is left out.
    """
    if v.family != "yogi":
        return None

    def change(step, k, h, g, w, s, t, r):
        own = {"turned": lambda k, v, square: k.ratio(v - square, square)}
        return step(type("Mistaken", (type(k),), own)(k.n), h, g, w, s, t, r)

    return stepping(v, change)


def never_rectified(v: Variant) -> Wrong:
    """The step is the mean alone, as if its variance were never tractable.

    Where people meet it: rho is compared before it is computed, or with its last value.
    """
    if v.name not in LEAST:
        return None
    return operating(v, tractable=lambda k, rho, least: False)


def rectified_without_its_count(v: Variant) -> Wrong:
    """2 b2^t / (1 - b2^t) for 2 t b2^t / (1 - b2^t): the factor t of rho is missing.

    Where people meet it: RAdam's rho in one line, where t is an exponent twice and a factor once.
    """
    if v.name not in LEAST:
        return None
    return operating(v, forgetting=lambda k, beta, t: 2 * beta**t / (1 - beta**t))


def rectified_without_a_root(v: Variant) -> Wrong:
    """The rectification is squared: its root is missing.

    Where people meet it: RAdam, the last sqrt of a long line.
    """
    if v.name not in LEAST:
        return None
    right = v.operations
    square = lambda x: x * x
    return operating(v, rectification=lambda k, *rho: square(right.rectification(k, *rho)))


def not_rectified(v: Variant) -> Wrong:
    """The rectification is 1: Adam's step, after the first ones.

    Where people meet it: RAdam with its warm-up alone.
    """
    if v.name not in LEAST:
        return None
    return operating(v, rectification=lambda k, rho, last: rho * 0 + 1)


def maximum_in_memory(v: Variant) -> Wrong:
    """v itself becomes the maximum: it never falls again.

    Where people meet it: maximum(..., out=exp_avg_sq), one memory for two.
    """
    if v.family != "amsgrad" or v.name == "amsgrad":  # its maximum is of corrected means
        return None

    def change(step, k, h, g, w, s, t, r):
        w, after = step(k, h, g, w, s, t, r)
        return w, {**after, "v": after["u"]}

    return stepping(v, change)


def slow_mean_corrected(v: Variant) -> Wrong:
    """n / (1 - b3^t) for n: the slow mean is corrected too.

    Where people meet it: AdEMAMix, whose other two means are.
    """
    if "b3" not in v.defaults or v.family != "ademamix":
        return None
    return operating(v, slow=lambda k, n, beta, t: n / (1 - beta**t))


def mask_over_its_sum(v: Variant) -> Wrong:
    """The mask is divided by its sum, not by its mean.

    Where people meet it: cautious steps, sum() for mean().
    """
    if v.name != "cautious_adamw":
        return None
    return operating(v, leaf_mean=lambda k, x: k.n.leaf_sum(x))
