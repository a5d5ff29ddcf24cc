"""The two operands of an arrow: one forgotten, both confused, a quotient or a product half done."""

import jax.numpy as jnp

from .rule import DROPPED, ELSE, FACTOR, SIGN, SLOPE, Rule, alike, binary, both, named

EDGE = ("edge", "factor", "fault", "slope")


def first_dropped(piece, d):
    """Only the second operand gets a gradient: the input of a layer taken for a constant."""
    return [None, *piece.pull(d)[1:]]


def second_dropped(piece, d):
    """Only the first operand gets a gradient: a statistic or a gate taken for a constant."""
    first, _ = piece.pull(d)
    return [first, None]


def first_negated(piece, d):
    """One of two terms with the wrong sign."""
    first, second = piece.pull(d)
    return [-first, second]


def second_negated(piece, d):
    """The subtrahend's minus forgotten: a - b handed d to both."""
    first, second = piece.pull(d)
    return [first, -second]


def swapped(piece, d):
    """The gradients of two operands of one shape given to each other: arguments in wrong order."""
    return piece.pull(d)[::-1]


def overwritten(piece, d):
    """A value used twice keeps the gradient of one use: `=` where `+=` was meant."""
    pairs = zip(piece.pull(d), piece.site.shared, strict=True)
    return [None if shared else found for found, shared in pairs]


def counted_twice(piece, d):
    """A value used twice gets one of the two gradients twice: the loop body run once too often."""
    pairs = zip(piece.pull(d), piece.site.shared, strict=True)
    return [2 * found if shared and found is not None else found for found, shared in pairs]


def own_factor(piece, d):
    """d(ab)/da taken to be a: each operand is multiplied by itself and not by the other."""
    a, b = piece.inputs
    return [d * a, d * b]


def factor_forgotten(piece, d):
    """d(ab)/da taken to be 1: the other factor is left out."""
    return [d, piece.pull(d)[1]]


def both_factors_forgotten(piece, d):
    """A product differentiated as if it were a sum."""
    return [d, d]


def product_of_slopes(piece, d):
    """(fg)' taken to be f' g': both operands get the product of the cotangents."""
    return [d * d, d * d]


def divisor_forgotten(piece, d):
    """d(a/b)/da taken to be 1: the division is left out of the backward pass."""
    return [d, *piece.pull(d)[1:]]


def multiplied_for_divided(piece, d):
    """d(a/b)/da taken to be b: the scale of a normalisation applied the wrong way round."""
    return [d * piece.inputs[1], *piece.pull(d)[1:]]


def quotient_sign(piece, d):
    """d(a/b)/db = +a/b^2: the minus of the quotient rule forgotten."""
    first, second = piece.pull(d)
    return [first, -second]


def quotient_not_squared(piece, d):
    """d(a/b)/db = -a/b: the denominator of the quotient rule not squared."""
    first, second = piece.pull(d)
    return [first, second * piece.inputs[1]]


def numerator_forgotten(piece, d):
    """d(a/b)/db = -1/b^2: the numerator of the quotient rule forgotten."""
    b = piece.inputs[1]
    return [piece.pull(d)[0], -d / (b * b)]


def mask_inverted(piece, d):
    """The gradient of a maximum given to the smaller one."""
    return piece.pull(d)[::-1]


def no_mask(piece, d):
    """The gradient of a maximum given whole to both: the mask is forgotten."""
    return [d if jnp.shape(x) == jnp.shape(d) else None for x in piece.inputs]


def mask_shared(piece, d):
    """The gradient of a maximum halved between both, as at a tie, everywhere."""
    return [d / 2 if jnp.shape(x) == jnp.shape(d) else None for x in piece.inputs]


def branch_forgotten(piece, d):
    """The gradient of `where` given to both branches: padding and masked entries learn too."""
    return [None, *(d for _ in piece.inputs[1:])]


def branches_swapped(piece, d):
    """The mask of `where` the wrong way round."""
    which, *branches = piece.pull(d)
    return [which, *branches[::-1]]


def clamp_forgotten(piece, d):
    """The gradient of a clip goes through where it should stop: a straight-through estimator."""
    return [d if jnp.shape(x) == jnp.shape(d) else None for x in piece.inputs]


def sides_summed(piece, d):
    """|x| differentiated as x: the sign is forgotten."""
    return [d]


shared = lambda site: any(site.shared) and len(site.active) < 3
product = both(alike, named("mul"))
quotient = both(alike, named("div"))
RULES = {
    "first operand dropped": Rule("missing term", binary, first_dropped, DROPPED),
    "second operand dropped": Rule("missing term", binary, second_dropped, DROPPED),
    # negated at one of two equal operands, nothing is left: the path is dropped
    "first operand negated": Rule("sign", binary, first_negated, (*SIGN, "dropped path")),
    "second operand negated": Rule("sign", binary, second_negated, (*SIGN, "dropped path")),
    "operands swapped": Rule("wrong variable", alike, swapped, ("swapped", *EDGE)),
    "overwritten, not accumulated": Rule(
        "overwritten instead of accumulated", shared, overwritten, DROPPED
    ),
    "accumulated twice": Rule("overwritten instead of accumulated", shared, counted_twice, FACTOR),
    "product with itself": Rule("wrong variable", product, own_factor, EDGE),
    "factor forgotten": Rule("missing term", product, factor_forgotten, EDGE),
    "product taken for a sum": Rule("wrong formula", product, both_factors_forgotten, EDGE),
    "product of slopes": Rule("wrong formula", product, product_of_slopes, ELSE),
    "divisor forgotten": Rule(
        "missing term",
        lambda s: s.name == "div" and s.active[0] and s.shapes[0] == s.out,
        divisor_forgotten,
        EDGE,
    ),
    "multiplied for divided": Rule(
        "wrong formula",
        lambda s: s.name == "div" and s.active[0] and s.shapes[0] == s.out,
        multiplied_for_divided,
        EDGE,
    ),
    "sign of the quotient rule": Rule("sign", quotient, quotient_sign, SIGN),
    "denominator not squared": Rule("wrong formula", quotient, quotient_not_squared, EDGE),
    "numerator forgotten": Rule("missing term", quotient, numerator_forgotten, EDGE),
    "gradient to the smaller": Rule(
        "kink, branch or saturation", both(alike, named("max", "min")), mask_inverted, ELSE
    ),
    "maximum without its mask": Rule(
        "kink, branch or saturation", named("max", "min"), no_mask, SLOPE
    ),
    "maximum as at a tie": Rule(
        "kink, branch or saturation", named("max", "min"), mask_shared, SLOPE
    ),
    "mask of where forgotten": Rule(
        "kink, branch or saturation", named("select_n"), branch_forgotten, SLOPE
    ),
    "branches of where swapped": Rule(
        "kink, branch or saturation", named("select_n"), branches_swapped, SLOPE
    ),
    "clip without its mask": Rule(
        "kink, branch or saturation", named("clamp"), clamp_forgotten, SLOPE
    ),
    "sign of |x| forgotten": Rule("kink, branch or saturation", named("abs"), sides_summed, SLOPE),
}
