"""Relatives of Adam, each an optax.GradientTransformation written from its formula.

As in updates.py: r is the rate, g the gradient, d the direction, and w <- w - r d.  m and v are the
decaying means of adam, mhat and vhat these over 1 - b^t, t = 1 at the first step.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from .rule import (
    Moments,
    Rate,
    check_fraction,
    check_not_negative,
    check_positive,
    moments,
    root,
    rule,
    seen,
    unbias,
    zero_moments,
    zeros,
)
from .transformations import GradientTransformation


class Largest(NamedTuple):
    """The decaying means, and the largest corrected square so far."""

    mean: PyTree
    square: PyTree
    largest: PyTree


def amsgrad(
    learning_rate: Rate, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> GradientTransformation:
    """u <- max(u, vhat);  d = mhat / (sqrt u + eps): steps never grow.  0 <= b1, b2 < 1, eps > 0.

    Reddi, Kale & Kumar 2018, algorithm 2, the maximum of the corrected square as in optax; PyTorch
    has that of v itself.
    """
    _check("amsgrad", b1, b2, eps)

    def direction(g, memory, w, t):
        m, v = moments(g, memory, b1, b2)
        u = jax.tree.map(lambda u, v: jnp.maximum(u, unbias(v, b2, t)), memory.largest, v)
        d = jax.tree.map(lambda m, u: unbias(m, b1, t) / (root(u) + eps), m, u)
        return d, Largest(m, v, u)

    memory = lambda params: Largest(zeros(seen(params, eps)), zeros(params), zeros(params))
    return rule(learning_rate, memory, direction, counted=True)


def nadam(
    learning_rate: Rate, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> GradientTransformation:
    """d = (b1 m / (1 - b1^(t+1)) + (1 - b1) g / (1 - b1^t)) / (sqrt vhat + eps).

    Adam that looks ahead.  0 <= b1, b2 < 1, eps > 0.  Dozat 2016, without its schedule of b1.
    """
    _check("nadam", b1, b2, eps)

    def direction(g, memory, w, t):
        m, v = moments(g, memory, b1, b2)
        ahead = lambda m, g: b1 * unbias(m, b1, t + 1) + (1.0 - b1) * unbias(g, b1, t)
        d = jax.tree.map(lambda m, v, g: ahead(m, g) / (root(unbias(v, b2, t)) + eps), m, v, g)
        return d, Moments(m, v)

    return rule(learning_rate, zero_moments(eps), direction, counted=True)


def radam(
    learning_rate: Rate, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> GradientTransformation:
    """d = c mhat / (sqrt vhat + eps) where rho >= 5, else mhat;  rho = n - 2 t b2^t / (1 - b2^t).

    n = 2 / (1 - b2) - 1,  c^2 = (rho - 4) (rho - 2) n / ((n - 4) (n - 2) rho): vhat is trusted
    as soon as its own variance is known.  0 <= b1, b2 < 1, eps > 0.  Liu et al. 2020, algorithm 2.
    """
    _check("radam", b1, b2, eps)

    def direction(g, memory, w, t):
        m, v = moments(g, memory, b1, b2)

        def step(m, v):
            known, c = _rectified(b2, t, m.dtype)
            mhat = unbias(m, b1, t)
            return jnp.where(known, c * mhat / (root(unbias(v, b2, t)) + eps), mhat)

        return jax.tree.map(step, m, v), Moments(m, v)

    return rule(learning_rate, zero_moments(eps), direction, counted=True)


def _rectified(b2: float, t: Int[Array, ""], dtype) -> tuple:
    """Whether rho >= 5, and c, which is 1 where it is not known."""
    working = jnp.float64 if dtype == jnp.float64 else jnp.float32
    n, time = 2.0 / (1.0 - b2) - 1.0, t.astype(working)
    decayed = jnp.asarray(b2, working) ** time
    rho = n - 2.0 * time * decayed * unbias(jnp.ones((), working), b2, t)
    known = rho >= 5.0
    safe = jnp.where(known, rho, 5.0)
    square = (safe - 4.0) * (safe - 2.0) * n / ((n - 4.0) * (n - 2.0) * safe)
    return known, jnp.sqrt(square).astype(dtype)


def adamax(
    learning_rate: Rate, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> GradientTransformation:
    """u <- max(b2 u, |g| + eps);  d = mhat / u: the largest size, for the mean of squares.

    0 <= b1, b2 < 1, eps > 0.  Kingma & Ba 2015, algorithm 2, with the epsilon of optax.
    """
    _check("adamax", b1, b2, eps)

    def direction(g, memory, w, t):
        m = jax.tree.map(lambda m, g: b1 * m + (1.0 - b1) * g, memory.mean, g)
        largest = lambda u, g: jnp.maximum(b2 * u, jnp.abs(g) + eps)
        u = jax.tree.map(largest, memory.square, g)
        return jax.tree.map(lambda m, u: unbias(m, b1, t) / u, m, u), Moments(m, u)

    return rule(learning_rate, zero_moments(eps), direction, counted=True)


def adabelief(
    learning_rate: Rate,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 1e-16,
) -> GradientTransformation:
    """v <- b2 v + (1 - b2) (g - m)^2 + eps_root;  d = mhat / (sqrt vhat + eps), with the new m.

    Steps are large where gradients are as expected.  0 <= b1, b2 < 1, eps > 0, eps_root >= 0.
    Zhuang et al. 2020, algorithm 2.
    """
    _check("adabelief", b1, b2, eps)
    check_not_negative("adabelief", eps_root=eps_root)

    def direction(g, memory, w, t):
        m = jax.tree.map(lambda m, g: b1 * m + (1.0 - b1) * g, memory.mean, g)
        surprise = lambda v, g, m: b2 * v + (1.0 - b2) * ((g - m) * (g - m)) + eps_root
        v = jax.tree.map(surprise, memory.square, g, m)
        d = jax.tree.map(lambda m, v: unbias(m, b1, t) / (root(unbias(v, b2, t)) + eps), m, v)
        return d, Moments(m, v)

    return rule(learning_rate, zero_moments(eps), direction, counted=True)


def lion(learning_rate: Rate, b1: float = 0.9, b2: float = 0.99) -> GradientTransformation:
    """d = sign(b1 m + (1 - b1) g);  then m <- b2 m + (1 - b2) g.  0 <= b1, b2 < 1.

    Chen et al. 2023, program 1.
    """
    check_fraction("lion", b1=b1, b2=b2)

    def direction(g, m, w, t):
        d = jax.tree.map(lambda m, g: jnp.sign(b1 * m + (1.0 - b1) * g), m, g)
        return d, jax.tree.map(lambda m, g: b2 * m + (1.0 - b2) * g, m, g)

    return rule(learning_rate, zeros, direction)


def adadelta(learning_rate: Rate, rho: float = 0.9, eps: float = 1e-6) -> GradientTransformation:
    """d = sqrt(D + eps) / sqrt(E + eps) g;  E, D the decaying means of g^2, this g too, and of d^2.

    Steps have the units of the weights.  0 <= rho < 1, eps > 0.  Zeiler 2012, algorithm 1.
    """
    check_fraction("adadelta", rho=rho)
    check_positive("adadelta", eps=eps)

    def direction(g, memory, w, t):
        mean = lambda old, new: rho * old + (1.0 - rho) * (new * new)
        e = jax.tree.map(mean, memory.square, g)
        step = lambda far, e, g: jnp.sqrt(far + eps) / jnp.sqrt(e + eps) * g
        d = jax.tree.map(step, memory.mean, e, g)
        return d, Moments(jax.tree.map(mean, memory.mean, d), e)

    return rule(learning_rate, zero_moments(eps), direction)


def _check(name: str, b1: float, b2: float, eps: float) -> None:
    check_fraction(name, b1=b1, b2=b2)
    check_positive(name, eps=eps)
