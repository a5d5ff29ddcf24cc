"""Log-sum-exp: dz = softmax(z) dm.

    z --(1)--> s = sum of exp(z - max z) --(2)--> m = max z + log s

    (1)      ds/dz = exp(z - max z)
    (2)      dm/ds = 1 / s
    (2)(1)   dz = exp(z - max z) / s dm = p dm;   what goes through max z cancels

Shapes     z: (..., n)    m: (...)
Domain     every finite z whose differences are finite
Rounding   the shift keeps exp from overflowing; z - max z is rounded before it.
Reference  Blanchard, Higham & Higham, Accurately computing the log-sum-exp (2021).
"""

import jax.numpy as jnp

from refnet import log_sum_exp as function
from refnet import softmax

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def total(z):
    return jnp.sum(jnp.exp(z), axis=-1)


def gradient(z, dm):
    return (softmax(z) * dm[..., None],)  # (2)(1)


def draw(rng):
    return (draws.reals(rng, 3, 5),)


def edge_cases(dtype):
    """Even and sure predictions."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**3))


LATEX = r"\bar{z} = \frac{e^{z}}{\sum_k e^{z_k}} \, \bar{m}"
ARROWS = (
    Arrow(
        "(1) s = sum e^z",
        r"\bar{z} = e^{z} \bar{s}",
        total,
        lambda z, ds: (jnp.exp(z) * ds[..., None],),
        lambda rng: (draws.reals(rng, 3, 5),),
    ),
    Arrow(
        "(2) m = log s",
        r"\bar{s} = \bar{m} / s",
        jnp.log,
        lambda s, dm: (dm / s,),
        lambda rng: (draws.positives(rng, 3, low=1.0625),),
    ),
)
LOG_SUM_EXP = Derivation(
    name="log_sum_exp",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    domain="every finite z whose differences are finite",
    reference="Blanchard, Higham & Higham (2021)",
)
