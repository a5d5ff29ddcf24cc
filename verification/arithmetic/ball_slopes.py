"""The slope of every elementary function over real balls: our own rules, not JAX's."""

from collections.abc import Callable

import numpy as np
from flint import arb

from . import gamma_draws
from .arrays import each
from .balls import UNIT, UNKNOWN, integer_pow, number, sigma
from .linear_algebra.pullbacks import PULLBACKS
from .special_balls import SLOPES as SPECIAL
from .sweep import Pullback

Unsure = Callable[[], arb]


def share(x: arb, y: arb, tie: arb, met: list, unsure: Unsure) -> arb | int:
    """The slope of max(x, y) in x: decided, or the tie's share at an exact tie, or unsure.

    What is decided is an int: a 0 of these says that nothing goes back there, whatever it is.
    """
    if x > y:
        return 1
    if x < y:
        return 0
    if not (x.is_exact() and y.is_exact()):
        return unsure()
    met.append(x)
    return tie


def winner(x: arb, near: int, rivals: int, tie: arb, met: list, unsure: Unsure) -> arb | int:
    """The slope of an extreme of several numbers in one of them, x: all of it, none, or a share."""
    if not near:
        return 0
    if rivals == 1:
        return 1
    if not x.is_exact():
        return unsure()
    met.append(x)
    return arb(1) / rivals if tie.is_exact() else UNIT


def slopes(tie: arb, met: list, unsure: Unsure = lambda: UNKNOWN) -> dict:
    """primitive -> (output, *inputs, **params) -> the slope in each input, entry by entry.

    `tie` is what an exact tie of max, min or |x| gives to its first operand: [0, 1] is every
    convention at once, 1 and 0 are the two one-sided ones, and 1/2 shares, among many rivals, too.
    Every tie met is put into `met`.  `unsure` makes the slope where balls overlap and more bits may
    tell them apart: the share of a tie that there may be lies in [0, 1], too.
    """

    def maximum(a, x, y, **_):
        s = each(lambda u, v: share(u, v, tie, met, unsure))(x, y)
        return s, 1 - s

    def minimum(a, x, y, **_):
        s = each(lambda u, v: share(v, u, 1 - tie, met, unsure))(x, y)
        return s, 1 - s

    def extreme(a, x, axes, **_):
        best = np.broadcast_to(np.expand_dims(a, tuple(axes)), x.shape)
        near = each(lambda m, v: int(m.overlaps(v)))(best, x)
        rivals = np.broadcast_to(near.sum(axis=tuple(axes), keepdims=True), x.shape)
        return (each(lambda v, n, r: winner(v, n, r, tie, met, unsure))(x, near, rivals),)

    def clamp(a, low, x, high, **_):
        """min(max(x, low), high), which hands on what its two halves do."""
        s, _ = maximum(a, x, low)
        t, of_high = minimum(a, each(arb.max)(x, low), high)
        return (1 - s) * t, s * t, of_high

    return (
        SMOOTH
        | JUMPS
        | MATRICES
        | {
            "abs": one(lambda a, x: 2 * share(x, -x, tie, met, unsure) - 1),
            "max": maximum,
            "min": minimum,
            "clamp": clamp,
            "reduce_max": extreme,
            "reduce_min": extreme,
        }
    )


def one(slope: Callable) -> Callable:
    """The rule of a function of one number, from its slope at (output, input)."""
    return lambda a, x, **_: (each(slope)(a, x),)


def gauss(x: arb) -> arb:
    return 2 / arb.const_sqrt_pi() * (-(x * x)).exp()


def power(a, x, y, **_):
    p = each(number)(y)
    return p * each(lambda u, v: u ** (v - 1))(x, p), each(lambda u, v: u * v.log())(a, x)


SMOOTH = {
    "add": lambda a, x, y, **_: (1, 1),
    "add_any": lambda a, x, y, **_: (1, 1),
    "sub": lambda a, x, y, **_: (1, -1),
    "mul": lambda a, x, y, **_: (y, x),
    "div": lambda a, x, y, **_: (1 / y, -a / y),
    "neg": lambda a, x, **_: (-1,),
    "square": lambda a, x, **_: (2 * x,),
    "one_minus_square": lambda a, x, **_: (-2 * x,),
    "integer_pow": lambda a, x, y, **_: (y * integer_pow(x, y - 1),),
    "pow": power,
    "exp": lambda a, x, **_: (a,),
    "exp2": lambda a, x, **_: (a * arb(2).log(),),
    "expm1": lambda a, x, **_: (a + 1,),
    "log": lambda a, x, **_: (1 / x,),
    "log1p": lambda a, x, **_: (1 / (1 + x),),
    "log2": lambda a, x, **_: (1 / (x * arb(2).log()),),
    "sqrt": lambda a, x, **_: (1 / (2 * a),),
    "rsqrt": lambda a, x, **_: (-a / (2 * x),),
    "cbrt": lambda a, x, **_: (a / (3 * x),),
    "sin": one(lambda a, x: x.cos()),
    "cos": one(lambda a, x: -x.sin()),
    "tan": lambda a, x, **_: (1 + a * a,),
    "asin": one(lambda a, x: ((1 - x) * (1 + x)).rsqrt()),
    "acos": one(lambda a, x: -((1 - x) * (1 + x)).rsqrt()),
    "atan": lambda a, x, **_: (1 / (1 + x * x),),
    "atan2": lambda a, y, x, **_: (x / (x * x + y * y), -y / (x * x + y * y)),
    "sinh": one(lambda a, x: x.cosh()),
    "cosh": one(lambda a, x: x.sinh()),
    "asinh": one(lambda a, x: (1 + x * x).rsqrt()),
    "acosh": one(lambda a, x: ((x - 1) * (x + 1)).rsqrt()),
    "atanh": lambda a, x, **_: (1 / ((1 - x) * (1 + x)),),
    "tanh": one(lambda a, x: x.sech() ** 2),
    "logistic": one(lambda a, x: sigma(x) * sigma(-x)),
    "erf": one(lambda a, x: gauss(x)),
    "erfc": one(lambda a, x: -gauss(x)),
    "erf_inv": one(lambda a, x: 1 / gauss(a)),
    gamma_draws.NAME: gamma_draws.slope_over_balls,
} | SPECIAL
# Constant between their jumps; at a jump itself the slope is 0 by every framework's convention.
FLAT = one(lambda a, x: arb(0) if a.is_exact() else UNKNOWN)
JUMPS = dict.fromkeys(("sign", "floor", "ceil", "round"), FLAT)
MATRICES = {name: Pullback(rule) for name, rule in PULLBACKS.items()}
