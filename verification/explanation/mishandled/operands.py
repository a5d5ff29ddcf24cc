"""The two operands of one operation: one forgotten, both confused, a rule half done."""

from .arrow import Rule, alike, named

PRODUCT, QUOTIENT, CHOICE = alike("mul"), alike("div"), alike("max", "min")
LOCAL = (
    Rule(
        "the operands get each other's gradient",
        "edge",
        alike("add", "sub", "mul", "div", "max", "min", "pow", "atan2"),
        lambda a: a.pull(a.d)[::-1],
    ),
    Rule(
        "each operand is multiplied by itself, not by the other",
        "edge",
        PRODUCT,
        lambda a: [a.d * a.ins[0], a.d * a.ins[1]],
    ),
    Rule("the product is taken for a sum", "edge", PRODUCT, lambda a: [a.d, a.d]),
    Rule(
        "both operands get the product of the cotangents",
        "edge",
        PRODUCT,
        lambda a: [a.d * a.d, a.d * a.d],
    ),
    *(
        Rule(f"the gradient of the {which} operand lacks {lacks}", "edge", where, make)
        for which, lacks, where, make in (
            ("first", "the other factor", PRODUCT, lambda a: [a.d, a.pull(a.d)[1]]),
            ("second", "the other factor", PRODUCT, lambda a: [a.pull(a.d)[0], a.d]),
        )
    ),
    Rule(
        "the division is left out",
        "edge",
        lambda a: a.op.name == "div" and a.ins[0].shape == a.out.shape,
        lambda a: [a.d, *a.pull(a.d)[1:]],
    ),
    Rule(
        "it multiplies by the divisor where it should divide",
        "edge",
        lambda a: a.op.name == "div" and a.ins[0].shape == a.out.shape,
        lambda a: [a.d * a.ins[1], *a.pull(a.d)[1:]],
    ),
    Rule(
        "the denominator of the quotient rule is not squared",
        "edge",
        QUOTIENT,
        lambda a: [a.d / a.ins[1], -a.d * a.ins[0] / a.ins[1]],
    ),
    Rule(
        "the numerator of the quotient rule is left out",
        "edge",
        QUOTIENT,
        lambda a: [a.d / a.ins[1], -a.d / a.ins[1] ** 2],
    ),
    Rule(
        "the gradient goes to the smaller one (the wrong one)",
        "edge",
        named("max", "min"),
        lambda a: a.pull(a.d)[::-1],
    ),
    Rule(
        "the mask of the choice is forgotten: both get all",
        "slope",
        named("max", "min", "select_n", "clamp", "abs"),
        lambda a: [a.d if x.shape == a.out.shape else None for x in a.ins],
    ),
    Rule(
        "both sides get half, as at a tie",
        "slope",
        named("max", "min"),
        lambda a: [a.d / 2 if x.shape == a.out.shape else None for x in a.ins],
    ),
    Rule(
        "the mask is the wrong way round",
        "slope",
        lambda a: a.op.name == "select_n" and len(a.ins) == 3,
        lambda a: [None, *a.pull(a.d)[:0:-1]],
    ),
)
