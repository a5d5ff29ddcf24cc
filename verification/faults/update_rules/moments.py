"""Mistakes in the decaying means, the velocity and the sum of squares."""

from ...derivations.rules import Variant
from .change import given, has, operating, remembers, stepping

Wrong = Variant | None


def first_share_missing(v: Variant) -> Wrong:
    """m <- b1 m + g: the factor 1 - b1 is missing."""
    return operating(v, mean=lambda k, beta, old, g: beta * old + g)


def second_share_missing(v: Variant) -> Wrong:
    """v <- b2 v + g^2: the factor 1 - b2 is missing."""
    return operating(v, mean_square=lambda k, beta, old, g: beta * old + k.square(g))


def first_shares_swapped(v: Variant) -> Wrong:
    """m <- (1 - b1) m + b1 g: the weights of old and new are swapped."""
    return operating(v, mean=lambda k, beta, old, g: k.n.mix(1 - beta, old, g))


def second_shares_swapped(v: Variant) -> Wrong:
    """v <- (1 - b2) v + b2 g^2: the weights of old and new are swapped."""
    return operating(v, mean_square=lambda k, beta, old, g: k.n.mix(1 - beta, old, k.square(g)))


def new_share_negative(v: Variant) -> Wrong:
    """m <- b1 m - (1 - b1) g: the sign of what is new.

    Where people meet it: a mean of descents in one line, of gradients in another.
    """
    return operating(v, mean=lambda k, beta, old, g: beta * old - (1 - beta) * g)


def old_share_negative(v: Variant) -> Wrong:
    """m <- (1 - b1) g - b1 m: the sign of what is old.

    Where people meet it: b - 1 for 1 - b, and a sign that is mended in the wrong place.
    """
    return operating(v, mean=lambda k, beta, old, g: (1 - beta) * g - beta * old)


def old_square_negative(v: Variant) -> Wrong:
    """v <- (1 - b2) g^2 - b2 v: the sign of what is old.

    Where people meet it: as for m; a root of a negative number follows.
    """
    wrong = lambda k, beta, old, g: (1 - beta) * k.square(g) - beta * old
    return operating(v, mean_square=wrong)


def betas_swapped(v: Variant) -> Wrong:
    """b1 and b2 are swapped: an argument list in the wrong order."""
    swap = lambda step, k, h, *rest: step(k, given(h, b1=h.b2, b2=h.b1), *rest)
    return stepping(v, swap) if has(v, "b1", "b2") else None


def first_beta_for_both(v: Variant) -> Wrong:
    """b1 is used for b2 as well."""
    once = lambda step, k, h, *rest: step(k, given(h, b2=h.b1), *rest)
    return stepping(v, once) if has(v, "b1", "b2") else None


def second_beta_for_both(v: Variant) -> Wrong:
    """b2 is used for b1 as well."""
    once = lambda step, k, h, *rest: step(k, given(h, b1=h.b2), *rest)
    return stepping(v, once) if has(v, "b1", "b2") else None


def not_squared(v: Variant) -> Wrong:
    """|g| where g^2 belongs: the square is missing, and an absolute value hides it."""
    return operating(v, square=lambda k, g: k.n.absolute(g))


def not_squared_with_sign(v: Variant) -> Wrong:
    """g where g^2 belongs: the square is missing, and the root of a negative mean is no number."""
    return operating(v, square=lambda k, g: g)


def square_of_mean(v: Variant) -> Wrong:
    """v of m^2 for g^2: the squared mean for the mean of squares."""

    def change(step, k, h, g, w, s, t, r):
        m = k.mean(h.b1, s["m"], g)
        other = type("Mistaken", (type(k),), {"square": lambda k, x: m * m})(k.n)
        return step(other, h, g, w, s, t, r)

    return stepping(v, change) if remembers(v, "m", "v") and has(v, "b1") else None


def leaf_mean_square(v: Variant) -> Wrong:
    """One mean of squares for a whole leaf: a sum over an axis too many."""

    def square(k, g):
        return k.n.leaf_sum(g * g) / k.n.leaf_sum(g * 0 + 1)

    return operating(v, square=square)


def memories_swapped(v: Variant) -> Wrong:
    """m and v are swapped when they are read back."""

    def change(step, k, h, g, w, s, t, r):
        return step(k, h, g, w, {**s, "m": s["v"], "v": s["m"]}, t, r)

    return stepping(v, change) if remembers(v, "m", "v") else None


def old_first_moment(v: Variant) -> Wrong:
    """The step is taken with m as it was before this gradient."""
    return _with_old(v, "mean")


def old_second_moment(v: Variant) -> Wrong:
    """The step is taken with v as it was before this gradient."""
    return _with_old(v, "mean_square")


def old_sum_of_squares(v: Variant) -> Wrong:
    """The step is taken with the sum of squares as it was before this gradient."""
    return _with_old(v, "added")


def old_velocity(v: Variant) -> Wrong:
    """The step is taken with the velocity as it was before this gradient."""
    return _with_old(v, "velocity")


def _with_old(v: Variant, operation: str) -> Wrong:
    """The operation hands back the old value; the right one is what is remembered."""

    def change(step, k, h, g, w, s, t, r):
        place = 0 if operation == "added" else 1
        stale = {operation: lambda k, *args: args[place]}
        moved, _ = step(type("Mistaken", (type(k),), stale)(k.n), h, g, w, s, t, r)
        return moved, step(k, h, g, w, s, t, r)[1]

    return stepping(v, change)


def no_first_moment(v: Variant) -> Wrong:
    """The gradient itself where its mean belongs."""
    return operating(v, mean=lambda k, beta, old, g: g)


def no_velocity(v: Variant) -> Wrong:
    """The gradient itself where the velocity belongs: nothing is remembered."""
    return operating(v, velocity=lambda k, decay, old, g: g)


def velocity_dampened(v: Variant) -> Wrong:
    """v <- decay v + (1 - decay) g: a mean where the sum belongs."""
    return operating(v, velocity=lambda k, decay, old, g: k.n.mix(decay, old, g))


def velocity_of_gradient(v: Variant) -> Wrong:
    """v <- v + decay g: the momentum multiplies the gradient."""
    return operating(v, velocity=lambda k, decay, old, g: old + decay * g)


def velocity_subtracted(v: Variant) -> Wrong:
    """v <- g - decay v: a sign."""
    return operating(v, velocity=lambda k, decay, old, g: g - decay * old)


def mean_for_sum(v: Variant) -> Wrong:
    """The mean of the squares so far where their sum belongs."""
    return operating(v, added=lambda k, s, g, t: s + (k.square(g) - s) / t)


def sum_forgets(v: Variant) -> Wrong:
    """s <- 0.9 s + 0.1 g^2: a decaying mean where the sum belongs."""
    return operating(v, added=lambda k, s, g, t: k.n.mix(k.n.scalar(0.9), s, k.square(g)))
