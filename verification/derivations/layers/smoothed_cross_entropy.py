"""Cross-entropy of smoothed labels: dz = (p - (1 - e) onehot - e / classes) / n.

    z --(1)--> l = log softmax(z) --(2)--> L = -mean over examples of (1 - e) l_label + e mean_c l_c

    (1)      dz = dl - p sum dl
    (2)      dl = -t / n,  t = (1 - e) onehot + e / classes
    (2)(1)   dz = (p - t) / n      because sum t = 1

Shapes     z: (batch, classes), n rows    labels: (batch,)    L: ()    e = 0.15, a constant
Domain     every finite z whose differences are finite
Rounding   p - t as in softmax_cross_entropy: a sum over the other classes.
Reference  Szegedy et al., Rethinking the Inception architecture (2016), section 7.
"""

import jax.numpy as jnp
import numpy as np

from refnet import smoothed_cross_entropy

from ...inputs import draws
from ...vocabulary import Arrow, Case, Derivation
from ..softmax_cross_entropy import LOGITS
from ..softmax_cross_entropy import gradient as soft_gradient
from .log_softmax import LOG_SOFTMAX

SMOOTHING = 0.15


def function(z, labels):
    return smoothed_cross_entropy(z, labels, SMOOTHING)


def gradient(z, labels):
    return soft_gradient(z, smoothed(labels, z))  # (2)(1)


def smoothed(labels, z):
    """(1 - e) onehot + e / classes."""
    own = jnp.eye(z.shape[-1], dtype=z.dtype)[labels]
    return (1.0 - SMOOTHING) * own + SMOOTHING / z.shape[-1]


def draw(rng):
    return draws.reals(rng, 4, 3), draws.classes(rng, 4, count=3)


def edge_cases(dtype):
    """Ties, sure and wrong predictions, and logits far from 0."""
    del dtype
    labels = draws.classes(np.random.default_rng(1), 1, count=3)
    return tuple(Case(label, (np.array([z]), labels)) for label, z in LOGITS.items())


LATEX = r"\bar{z} = \frac{1}{n} \left( p - (1 - \epsilon) \, e_{k} - \frac{\epsilon}{C} \right)"
ARROWS: tuple[Arrow, ...] = LOG_SOFTMAX.arrows
SMOOTHED_CROSS_ENTROPY = Derivation(
    name="smoothed_cross_entropy",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    scalar=True,
    domain="every finite z whose differences are finite",
    reference="Szegedy et al. (2016)",
)
