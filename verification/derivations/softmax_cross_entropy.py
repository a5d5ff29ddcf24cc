"""Softmax cross-entropy: dL/dz_c = (p_c sum t - t_c) / n, with p = softmax(z).

    z --(1)--> m = log sum_c e^(z_c)
    z, m --(2)--> l = z - m, the same m for every class --(3)--> L = -mean over examples of sum t l

    (1)      dm/dz_c = e^(z_c - m) = p_c
    (2)      dl = identity on z;  the cotangent of m is minus the sum of that of l
    (3)      dL/dl_c = -t_c / n
    (3)(2) + (3)(2)(1)
             dL/dz_c = (-t_c + p_c sum_k t_k) / n = sum over k != c of (p_c t_k - t_c p_k) / n

Shapes     z, t, l: (..., classes), n rows in all    m: (..., 1)    L: ()
Domain     every finite z whose differences are finite; t >= 0, rows of any sum
Rounding   p_c - t_c loses every digit once p_c rounds to t_c = 1.  The last form has no k = c
           term to cancel, and sum_k p_k = 1 has been used to be rid of it.  What remains is the
           rounding of z_c - max z, about 1 + |z_c - max z| ulp.
Reference  Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.106-4.109.
"""

import jax.numpy as jnp
import numpy as np
from jax import lax

from refnet import softmax_cross_entropy

from ..inputs import draws
from ..vocabulary import Arrow, Case, Derivation


def gradient(z, t):
    p = softmax(z)
    rows = t.size // t.shape[-1]
    return ((p * sum_of_others(t) - t * sum_of_others(p)) / rows,)  # (3)(2) + (3)(2)(1)


def softmax(z):
    weights = jnp.exp(z - highest(z))
    return weights / jnp.sum(weights, axis=-1, keepdims=True)


def sum_of_others(p):
    """sum over k != c of p_k, added up: the total less p_c would cancel."""
    return p @ jnp.asarray(1.0 - np.eye(p.shape[-1]), p.dtype)


def highest(z):
    return lax.stop_gradient(jnp.max(z, axis=-1, keepdims=True))


def draw(rng):
    return draws.reals(rng, 4, 3), draws.targets(rng, 4, 3)


LOGITS = {  # rows of three classes
    "even": (0.75, 0.75, 0.75),
    "a tie at the top": (2.5, 2.5, -1.25),
    "sure": (17.0, -0.5, 0.25),
    "very sure": (60.0, -20.0, 0.25),
    "far below": (-1e4, -1e4 - 2.0, -1e4 + 4.0),
    "1e4": (1e4, -1e4, 0.5),
}


def edge_cases(dtype):
    """Ties, sure and wrong predictions, and logits far from 0; hard and soft targets."""
    del dtype
    targets = {"right": (1.0, 0.0, 0.0), "wrong": (0.0, 1.0, 0.0), "soft": (0.5, 0.25, 0.125)}
    return tuple(
        Case(f"{label}, {kind}", (np.array([z]), np.array([t])))
        for label, z in LOGITS.items()
        for kind, t in targets.items()
    )


def log_partition(z):
    top = highest(z)
    return top + jnp.log(jnp.sum(jnp.exp(z - top), axis=-1, keepdims=True))


def shifted(z, m):
    return z - jnp.broadcast_to(m, z.shape)


def expected(l, t):
    return -jnp.mean(jnp.sum(t * l, axis=-1))


def draw_logits(rng):
    return (draws.reals(rng, 4, 3),)


def draw_shifted(rng):
    return draws.reals(rng, 4, 3), draws.reals(rng, 4, 1)


def draw_expected(rng):
    return -draws.positives(rng, 4, 3), draws.targets(rng, 4, 3)


LATEX = (
    r"\frac{\partial L}{\partial z_c} = \frac{1}{n} \left( p_c \sum_k t_k - t_c \right)"
    r" = \frac{1}{n} \sum_{k \neq c} \left( p_c t_k - t_c p_k \right), \quad"
    r" p_c = \frac{e^{z_c}}{\sum_k e^{z_k}}"
)
ARROWS = (
    Arrow(
        "(1) m = log sum e^z",
        r"\frac{\partial m}{\partial z_c} = p_c",
        log_partition,
        lambda z, dm: (softmax(z) * dm,),
        draw_logits,
    ),
    Arrow(
        "(2) l = z - m",
        r"\bar{z} = \bar{l}, \quad \bar{m} = -\sum_c \bar{l}_c",
        shifted,
        lambda z, m, dl: (dl, -jnp.sum(dl, axis=-1, keepdims=True)),
        draw_shifted,
        argnums=(0, 1),
    ),
    Arrow(
        "(3) L = -mean sum t l",
        r"\frac{\partial L}{\partial l_c} = -\frac{t_c}{n}",
        expected,
        lambda l, t, dL: (-t * dL / (t.size // t.shape[-1]),),
        draw_expected,
    ),
)
SOFTMAX_CROSS_ENTROPY = Derivation(
    name="softmax_cross_entropy",
    function=softmax_cross_entropy,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    scalar=True,
    domain="every finite z whose differences are finite; t >= 0",
    reference="Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.106-4.109",
)
