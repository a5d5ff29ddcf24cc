"""Updates: rules w <- w - r d, each an optax.GradientTransformation written from its formula.

r is the learning rate, a float or an optax schedule (steps taken so far -> rate); g the gradient;
d the direction, which is all that tells the rules apart.  What `update` returns is -r d, for
`optax.apply_updates` to add; it has the dtype of the gradient.  Every rule raises ValueError for
a hyperparameter outside the range it states.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from .adaptive import adabelief, adadelta, adamax, amsgrad, lion, nadam, radam
from .layerwise import lamb
from .matrices import adafactor, muon
from .rule import (
    Moments,
    Rate,
    check_fraction,
    check_not_negative,
    check_positive,
    moments,
    present,
    root,
    rule,
    seen,
    unbias,
    zero_moments,
    zeros,
)
from .schedule_free import schedule_free_adamw, schedule_free_sgd
from .transformations import GradientTransformation


def gradient_descent(learning_rate: Rate) -> GradientTransformation:
    """d = g.  learning_rate >= 0.  Cauchy 1847; Robbins & Monro 1951 for the stochastic one."""
    return rule(learning_rate, lambda params: (), lambda g, memory, w, t: (g, memory))


def momentum(learning_rate: Rate, decay: float = 0.9) -> GradientTransformation:
    """v <- decay v + g;  d = v.  0 <= decay < 1.  Polyak 1964, with the rate outside v."""
    check_fraction("momentum", decay=decay)

    def direction(g, v, w, t):
        v = jax.tree.map(lambda v, g: decay * v + g, v, g)
        return v, v

    return rule(learning_rate, zeros, direction)


def nesterov(learning_rate: Rate, decay: float = 0.9) -> GradientTransformation:
    """v <- decay v + g;  d = g + decay v, with the new v.  0 <= decay < 1.

    Sutskever et al. 2013, eq. 3 and 4, in the variable PyTorch and optax keep: the point looked
    ahead to.
    """
    check_fraction("nesterov", decay=decay)

    def direction(g, v, w, t):
        v = jax.tree.map(lambda v, g: decay * v + g, v, g)
        return jax.tree.map(lambda g, v: g + decay * v, g, v), v

    return rule(learning_rate, zeros, direction)


def adam(
    learning_rate: Rate, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> GradientTransformation:
    """m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  d = mhat / (sqrt vhat + eps).

    mhat = m / (1 - b1^t), vhat = v / (1 - b2^t), t = 1 at the first step.  0 <= b1, b2 < 1,
    eps > 0.  Kingma & Ba 2015, algorithm 1.
    """
    return adamw(learning_rate, b1, b2, eps, weight_decay=0.0)


def adamw(
    learning_rate: Rate,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-4,
) -> GradientTransformation:
    """d = d of adam + weight_decay w: the decay enters neither m nor v.  weight_decay >= 0.

    Loshchilov & Hutter 2019, algorithm 2, the rate scaling both terms as in PyTorch and optax.
    """
    check_fraction("adam", b1=b1, b2=b2)
    check_positive("adam", eps=eps)
    check_not_negative("adamw", weight_decay=weight_decay)

    def direction(g, memory, w, t):
        m, v = moments(g, memory, b1, b2)
        step = lambda m, v: unbias(m, b1, t) / (root(unbias(v, b2, t)) + eps)
        d = jax.tree.map(step, m, v)
        if weight_decay:
            d = jax.tree.map(lambda d, w: d + weight_decay * w, d, present("adamw", w))
        return d, Moments(m, v)

    return rule(learning_rate, zero_moments(eps), direction, counted=True)


def rmsprop(learning_rate: Rate, decay: float = 0.9, eps: float = 1e-8) -> GradientTransformation:
    """v <- decay v + (1 - decay) g^2;  d = g / sqrt(v + eps).  0 <= decay < 1, eps > 0.

    Tieleman & Hinton 2012, lecture 6.5.  eps is inside the root as in optax; PyTorch and Keras
    differ: there d = g / (sqrt v + eps).
    """
    check_fraction("rmsprop", decay=decay)
    check_positive("rmsprop", eps=eps)

    def direction(g, v, w, t):
        v = jax.tree.map(lambda v, g: decay * v + (1.0 - decay) * (g * g), v, g)
        return jax.tree.map(lambda g, v: g * jax.lax.rsqrt(v + eps), g, v), v

    return rule(learning_rate, lambda params: zeros(seen(params, eps)), direction)


def adagrad(
    learning_rate: Rate, initial_accumulator_value: float = 0.1, eps: float = 1e-7
) -> GradientTransformation:
    """s <- s + g^2, from initial_accumulator_value;  d = g / sqrt(s + eps).

    initial_accumulator_value >= 0, eps > 0.  Duchi, Hazan & Singer 2011, with the start of optax.
    """
    check_not_negative("adagrad", initial_accumulator_value=initial_accumulator_value)
    check_positive("adagrad", eps=eps)

    def memory(params):
        start = lambda w: jnp.full_like(w, initial_accumulator_value)
        return jax.tree.map(start, seen(params, eps))

    def direction(g, s, w, t):
        s = jax.tree.map(lambda s, g: s + g * g, s, g)
        return jax.tree.map(lambda g, s: g * jax.lax.rsqrt(s + eps), g, s), s

    return rule(learning_rate, memory, direction)


UPDATES: dict[str, Callable[..., GradientTransformation]] = {
    "gradient_descent": gradient_descent,
    "momentum": momentum,
    "nesterov": nesterov,
    "adam": adam,
    "adamw": adamw,
    "rmsprop": rmsprop,
    "adagrad": adagrad,
    "amsgrad": amsgrad,
    "nadam": nadam,
    "radam": radam,
    "adamax": adamax,
    "adabelief": adabelief,
    "lion": lion,
    "adadelta": adadelta,
    "lamb": lamb,
    "adafactor": adafactor,
    "muon": muon,
    "schedule_free_sgd": schedule_free_sgd,
    "schedule_free_adamw": schedule_free_adamw,
}
