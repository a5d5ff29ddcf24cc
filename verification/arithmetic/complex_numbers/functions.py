"""Elementary functions of complex numbers, by those of their parts; branch cuts as in C99.

Each keeps the digits of a small result where the textbook's formula keeps them: by expm1 and log1p
at 0, and square roots without cancellation.
"""

import jax.numpy as jnp
from jax import lax

from . import pairs
from .pairs import Pair, add, div, full, mul, neg, over_i, scaled, size, sub, times_i


def exp(z: Pair) -> Pair:
    r = lax.exp(z.re)
    return Pair(r * lax.cos(z.im), r * lax.sin(z.im))


def expm1(z: Pair) -> Pair:
    """e^a cos b - 1 = expm1(a) cos b - 2 sin^2(b/2)."""
    half = lax.sin(0.5 * z.im)
    return Pair(lax.expm1(z.re) * lax.cos(z.im) - 2.0 * half * half, lax.exp(z.re) * lax.sin(z.im))


def log(z: Pair) -> Pair:
    return Pair(lax.log(size(z)), lax.atan2(z.im, z.re))


def log1p(z: Pair) -> Pair:
    return Pair(0.5 * lax.log1p(z.re * (2.0 + z.re) + z.im * z.im), lax.atan2(z.im, 1.0 + z.re))


def sqrt(z: Pair) -> Pair:
    """t + i b / (2 t), t^2 = (|z| + a) / 2, on the right; on the left with the parts exchanged."""
    far = lax.sqrt(0.5 * (size(z) + lax.abs(z.re)))
    near = z.im / (2.0 * far)
    side = lax.select(z.im < 0.0, lax.full_like(z.im, -1.0), lax.full_like(z.im, 1.0))
    left = Pair(side * near, side * far)
    return pairs.where(z.re < 0.0, left, Pair(far, near))


def rsqrt(z: Pair) -> Pair:
    return div(full(z, 1.0), sqrt(z))


def sin(z: Pair) -> Pair:
    return Pair(lax.sin(z.re) * lax.cosh(z.im), lax.cos(z.re) * lax.sinh(z.im))


def cos(z: Pair) -> Pair:
    return Pair(lax.cos(z.re) * lax.cosh(z.im), -lax.sin(z.re) * lax.sinh(z.im))


def sinh(z: Pair) -> Pair:
    return over_i(sin(times_i(z)))


def cosh(z: Pair) -> Pair:
    return cos(times_i(z))


def tanh(z: Pair) -> Pair:
    """(tanh a + i tan b) / (1 + i tanh a tan b), by sin and cos of b alone."""
    t, s, c = lax.tanh(z.re), lax.sin(z.im), lax.cos(z.im)
    return div(Pair(t * c, s), Pair(c, t * s))


def tan(z: Pair) -> Pair:
    return over_i(tanh(times_i(z)))


def atanh(z: Pair) -> Pair:
    return scaled(sub(log1p(z), log1p(neg(z))), 0.5)


def atan(z: Pair) -> Pair:
    return over_i(atanh(times_i(z)))


def asinh(z: Pair) -> Pair:
    """log(z + sqrt(1 + i z) sqrt(1 - i z))."""
    one = full(z, 1.0)
    root = mul(sqrt(add(one, times_i(z))), sqrt(sub(one, times_i(z))))
    return log(add(z, root))


def asin(z: Pair) -> Pair:
    return over_i(asinh(times_i(z)))


def acos(z: Pair) -> Pair:
    """pi/2 - asin z."""
    quarter = lax.acos(lax.full_like(z.re, 0.0))
    return sub(Pair(quarter, lax.full_like(z.re, 0.0)), asin(z))


def acosh(z: Pair) -> Pair:
    one = full(z, 1.0)
    return log(add(z, mul(sqrt(add(z, one)), sqrt(sub(z, one)))))


def logistic(z: Pair) -> Pair:
    one = full(z, 1.0)
    return div(one, add(one, exp(neg(z))))


def power(z: Pair, w: Pair) -> Pair:
    return exp(mul(w, log(z)))


def integer_power(z: Pair, y: int) -> Pair:
    """By squaring."""
    if y < 0:
        return div(full(z, 1.0), integer_power(z, -y))
    if y == 0:
        return full(z, 1.0)
    half = integer_power(z, y // 2)
    even = mul(half, half) if y > 1 else full(z, 1.0)
    if y == 1:
        return z
    return mul(even, z) if y % 2 else even


def sign(z: Pair) -> Pair:
    """z / |z|, and 0 at 0."""
    r = size(z)
    none = r == 0.0
    safe = lax.select(none, lax.full_like(r, 1.0), r)
    return pairs.where(none, full(z, 0.0), Pair(z.re / safe, z.im / safe))


def equal(z: Pair, w: Pair):
    return jnp.logical_and(z.re == w.re, z.im == w.im)


ELEMENTWISE = {
    "add": add,
    "add_any": add,
    "sub": sub,
    "mul": mul,
    "div": div,
    "neg": neg,
    "conj": pairs.conj,
    "square": lambda z: mul(z, z),
    "exp": exp,
    "exp2": lambda z: exp(scaled(z, lax.log(lax.full_like(z.re, 2.0)))),
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "sqrt": sqrt,
    "rsqrt": rsqrt,
    "sin": sin,
    "cos": cos,
    "tan": tan,
    "sinh": sinh,
    "cosh": cosh,
    "tanh": tanh,
    "asin": asin,
    "acos": acos,
    "atan": atan,
    "asinh": asinh,
    "acosh": acosh,
    "atanh": atanh,
    "logistic": logistic,
    "pow": power,
    "sign": sign,
    "abs": size,
    "real": lambda z: z.re,
    "imag": lambda z: z.im,
    "eq": equal,
    "ne": lambda z, w: jnp.logical_not(equal(z, w)),
    "is_finite": lambda z: jnp.logical_and(lax.is_finite(z.re), lax.is_finite(z.im)),
}
