"""Softmax cross-entropy of class labels: dL/dz_c = (p_c - [c = label]) / n.

    z --(1)--> l = log softmax(z) --(2)--> L = -mean over examples of l_label

    (1)      the cotangent of z is that of l, less p times its sum over the classes
    (2)      dL/dl_c = -[c = label] / n
    (2)(1)   dL/dz_c = (p_c - [c = label]) / n
                     = p_c / n for the other classes, -(sum over k != c of p_k) / n for the label's

Shapes     z, l: (..., classes)    labels: (...), n in all    L: ()
Domain     every finite z whose differences are finite; 0 <= label < classes
Rounding   p_c - 1 loses every digit once p_c rounds to 1; the sum of the others keeps them.
Reference  Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.106-4.109.
"""

import jax
import jax.numpy as jnp
import numpy as np

from refnet import softmax_cross_entropy_with_integer_labels

from ..inputs import draws
from ..vocabulary import Arrow, Case, Derivation
from .softmax_cross_entropy import LOGITS, draw_logits, softmax, sum_of_others


def gradient(z, labels):
    p = softmax(z)
    hit = jax.nn.one_hot(labels, z.shape[-1], dtype=z.dtype)
    return (((1.0 - hit) * p - hit * sum_of_others(p)) / labels.size,)  # (2)(1)


def draw(rng):
    return draws.reals(rng, 4, 3), draws.classes(rng, 4, count=3)


def edge_cases(dtype):
    """Ties, sure and wrong predictions, and logits far from 0; every label."""
    del dtype
    return tuple(
        Case(f"{name}, label {label}", (np.array([z]), np.array([label])))
        for name, z in LOGITS.items()
        for label in range(3)
    )


def picked(l, labels):
    return -jnp.mean(jnp.take_along_axis(l, labels[..., None], axis=-1))


def pull_picked(l, labels, dL):
    return (-jax.nn.one_hot(labels, l.shape[-1], dtype=l.dtype) * dL / labels.size,)


def draw_picked(rng):
    return -draws.positives(rng, 4, 3), draws.classes(rng, 4, count=3)


LATEX = (
    r"\frac{\partial L}{\partial z_c} = \frac{p_c - [c = y]}{n}, \quad"
    r" p_c - 1 = -\sum_{k \neq c} p_k"
)
ARROWS = (
    Arrow(
        "(1) l = log softmax(z)",
        r"\bar{z}_c = \bar{l}_c - p_c \sum_k \bar{l}_k",
        jax.nn.log_softmax,
        lambda z, dl: (dl - softmax(z) * jnp.sum(dl, axis=-1, keepdims=True),),
        draw_logits,
    ),
    Arrow(
        "(2) L = -mean l_label",
        r"\frac{\partial L}{\partial l_c} = -\frac{[c = y]}{n}",
        picked,
        pull_picked,
        draw_picked,
    ),
)
SOFTMAX_CROSS_ENTROPY_WITH_INTEGER_LABELS = Derivation(
    name="softmax_cross_entropy_with_integer_labels",
    function=softmax_cross_entropy_with_integer_labels,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    scalar=True,
    domain="every finite z whose differences are finite; 0 <= label < classes",
    reference="Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.106-4.109",
)
