"""A draw of the gamma distribution with a fixed key, and its reparameterised derivative.

A draw x of order a is a number that a program of rejections makes; what is meant by its slope is
the path of a fixed share of the distribution: dx/da = -(dP/da) / (dP/dx) at P(a, x).  So the draw
itself is taken from JAX, at the order that float64 has, and only its slope is proven.
"""

import functools
from collections.abc import Callable

import jax
import numpy as np
from flint import arb
from jax import lax
from jax.extend.core import Jaxpr, Primitive
from jax.interpreters import batching, mlir

from ..vocabulary import Undecided
from .arrays import box, each
from .bounded import rounded
from .formats import Format
from .inner_programs import equations
from .namespaces import is_traced
from .samples import Samples, sampled
from .special_balls import sample_slope

UNITS = 32.0  # of a draw, by logarithms and powers of the order
NAME = "random_gamma"
PATH: Callable = jax.jit(lax.random_gamma_grad)  # a loop, which would be compiled at every call


def has_draws(jaxpr: Jaxpr) -> bool:
    return any(eqn.primitive.name == NAME for eqn in equations(jaxpr))


# The slope as one operation: JAX writes it as a series whose length is a matter of rounding.
slope = Primitive("random_gamma_grad")
slope.def_impl(lambda a, x: PATH(a, x))
slope.def_abstract_eval(lambda a, x: x)
mlir.register_lowering(slope, mlir.lower_fun(PATH, multiple_results=False))
batching.defbroadcasting(slope)


def with_slope(draws: Callable, key, a, *, log_space: bool):
    """What the equation draws, with the slope of the path: for JAX to differentiate."""

    @jax.custom_jvp
    def path(order):
        return draws(key, order)

    def moved(orders, moves):
        out = path(*orders)
        x = jax.numpy.exp(out) if log_space else out
        along = slope.bind(orders[0], x)
        return out, moves[0] * (along / x if log_space else along)

    path.defjvp(moved)
    return path(a)


def draw(key, order, log_space: bool) -> np.ndarray:
    """The draw that JAX has in float64."""
    if is_traced(order):
        raise Undecided("the order of a gamma distribution is not known when it is drawn from")
    with jax.enable_x64(True):
        return np.asarray(_drawn(key.ndim, log_space)(key, np.asarray(order)))


@functools.cache
def _drawn(rows: int, log_space: bool) -> Callable:
    """Compiled once for each shape; with a key for each row."""
    drawn = jax.random.loggamma if log_space else jax.random.gamma
    for _ in range(rows):
        drawn = jax.vmap(drawn)
    return jax.jit(drawn)


def balls(key, a, *, log_space: bool, **_) -> np.ndarray:
    """As an exact number; the order is known to more digits than it is drawn with."""
    order = np.array([float(x) for x in a.ravel()]).reshape(a.shape)
    return box(each(lambda v: arb(float(v)))(draw(key, order, log_space)))


def slope_over_balls(out, key, a, *, log_space: bool, **_) -> tuple:
    if log_space:
        return None, each(lambda x, v: sample_slope(v, x.exp()) / x.exp())(out, a)
    return None, each(lambda x, v: sample_slope(v, x))(out, a)


def _size_of_slope(out, a, log_space: bool) -> np.ndarray:
    x = np.exp(out) if log_space else out
    with jax.enable_x64(True):
        along = np.asarray(PATH(np.asarray(a), np.asarray(x)))
    return abs(along / x if log_space else along)


def bounded(target: Format, key, a, *, log_space: bool, **_):
    """What the order may be off by moves the draw along its path."""
    value = draw(key, a.value, log_space)
    moved = 0.0 if a.exact else 2.0 * _size_of_slope(value, a.value, log_space) * a.error
    scale = np.maximum(abs(value), 1.0) if log_space else abs(value)
    return rounded(target, value, moved + UNITS * target.unit * scale, 0.0)


def drawn(noise, key, a, *, log_space: bool, **_) -> Samples:
    a = sampled(a)
    value = draw(key, a.value, log_space)
    path = _size_of_slope(value, a.value, log_space) * (a.rows - a.value)
    spread = UNITS * noise.target.unit / 3**0.5
    scale = np.maximum(abs(value), 1.0) if log_space else abs(value)
    rows = value + path + spread * scale * noise.draw(value)
    return Samples(value, rows)
