"""Batch norm in evaluation: dx = r dh, for the mean and the variance are those of training.

    x --(1)--> h = (x - m) r,  r = 1 / sqrt(v + eps) --(2)--> y = g h + b

    (2)        dh = g dy     dg = sum of h dy     db = sum of dy
    (1)        dx = r dh     dm = - sum of r dh     dv = - 1/2 r^2 sum of h dh

In training m and v are kept by no gradient; the two are here for who learns them, or asks.

Shapes     x, y: (batch, n)    g, b, m, v: (n,)
Domain     every finite x, g, b, m;  v + eps > 0
Rounding   x - m cancels where x is close to the mean.
Reference  Ioffe & Szegedy, Batch normalization (2015), section 3.1.
"""

import jax.numpy as jnp

from refnet import Norm, Running, batch_norm_eval

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .layer_norm import EPS, affine, pull_affine


def function(norm, running, x):
    return batch_norm_eval(norm, running, x, EPS)


def standardised(x, mean, variance):
    return (x - mean[None]) / jnp.sqrt(variance[None] + EPS)


def gradient(norm, running, x, dy):
    mean, variance = running
    h = standardised(x, mean, variance)
    dh, dgain, dbias = pull_affine(h, norm.gain, norm.bias, dy)  # (2)
    dx, dmean, dvariance = pull_standardised(x, mean, variance, dh)  # (1)
    return Norm(dgain, dbias), Running(dmean, dvariance), dx


def pull_standardised(x, mean, variance, dh):
    dx = dh / jnp.sqrt(variance[None] + EPS)
    h = standardised(x, mean, variance)
    spread = jnp.sum(h * dh, axis=0) / (variance + EPS)
    return dx, -jnp.sum(dx, axis=0), -0.5 * spread


def draw(rng):
    norm = Norm(draws.reals(rng, 3), draws.reals(rng, 3))
    running = Running(draws.reals(rng, 3), draws.positives(rng, 3))
    return norm, running, draws.reals(rng, 4, 3)


def edge_cases(dtype):
    """Small and large gains and biases."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**6))


LATEX = (
    r"\bar{x} = \frac{g \bar{y}}{\sqrt{v + \varepsilon}}, \quad \bar{g} = \sum_k h_k \bar{y}_k,"
    r" \quad \bar{b} = \sum_k \bar{y}_k"
)
ARROWS = (
    Arrow(
        "(1) h = (x - m) / sqrt(v + eps)",
        r"\bar{x} = r \bar{h}, \quad \bar{m} = -\sum_k r \bar{h}_k, \quad"
        r" \bar{v} = -\frac{r^2}{2} \sum_k h_k \bar{h}_k",
        standardised,
        pull_standardised,
        lambda rng: (draws.reals(rng, 4, 3), draws.reals(rng, 3), draws.positives(rng, 3)),
        argnums=(0, 1, 2),
    ),
    Arrow(
        "(2) y = g h + b",
        r"\bar{h} = g \bar{y}",
        affine,
        pull_affine,
        lambda rng: (draws.reals(rng, 4, 3), draws.reals(rng, 3), draws.reals(rng, 3)),
        argnums=(0, 1, 2),
    ),
)
BATCH_NORM_EVAL = Derivation(
    name="batch_norm_eval",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    domain="every finite x, g, b, m; v + eps > 0",
    reference="Ioffe & Szegedy (2015), section 3.1",
)
