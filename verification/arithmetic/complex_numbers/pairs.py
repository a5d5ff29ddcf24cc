"""A complex array as two real ones, and its arithmetic."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

Real = Any


class Pair(NamedTuple):
    """re + i im."""

    re: Real
    im: Real

    shape = property(lambda self: self.re.shape)
    ndim = property(lambda self: self.re.ndim)


def pair(x) -> Pair:
    """A number, or a real one with nothing beside it."""
    return x if isinstance(x, Pair) else Pair(x, lax.full_like(x, 0.0))


def constant(x) -> Any:
    """A constant of a program: complex ones in two parts."""
    if np.iscomplexobj(x):
        return Pair(jnp.asarray(np.real(x)), jnp.asarray(np.imag(x)))
    return x


def add(x: Pair, y: Pair) -> Pair:
    return Pair(x.re + y.re, x.im + y.im)


def sub(x: Pair, y: Pair) -> Pair:
    return Pair(x.re - y.re, x.im - y.im)


def neg(x: Pair) -> Pair:
    return Pair(-x.re, -x.im)


def mul(x: Pair, y: Pair) -> Pair:
    return Pair(x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re)


def scaled(x: Pair, by: Real) -> Pair:
    return Pair(x.re * by, x.im * by)


def conj(x: Pair) -> Pair:
    return Pair(x.re, -x.im)


def times_i(x: Pair) -> Pair:
    return Pair(-x.im, x.re)


def over_i(x: Pair) -> Pair:
    return Pair(x.im, -x.re)


def squared_size(x: Pair) -> Real:
    return x.re * x.re + x.im * x.im


def size(x: Pair) -> Real:
    return lax.sqrt(squared_size(x))


def div(x: Pair, y: Pair) -> Pair:
    """x conj(y) / |y|^2."""
    top, below = mul(x, conj(y)), squared_size(y)
    return Pair(top.re / below, top.im / below)


def where(condition, x: Pair, y: Pair) -> Pair:
    return Pair(lax.select(condition, x.re, y.re), lax.select(condition, x.im, y.im))


def full(x: Pair, re: float, im: float = 0.0) -> Pair:
    return Pair(lax.full_like(x.re, re), lax.full_like(x.re, im))
