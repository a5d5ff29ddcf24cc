"""Poisson likelihood: dz = (e^z - k) / n.

    z --(1)--> r = e^z --(2)--> L = mean (r - k z)

    (1)      dr/dz = e^z
    (2)      dr = 1 / n     dz = -k / n
    (2) + (2)(1)
             dz = (e^z - k) / n

Shapes     z, k: any, alike, n entries    L: ()
Domain     every finite z whose e^z is finite; k >= 0
Rounding   e^z - k cancels where the rate is near the count.
Reference  Nelder & Wedderburn, Generalized linear models (1972).
"""

import jax.numpy as jnp

from refnet import poisson_likelihood as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation


def gradient(z, k):
    return ((jnp.exp(z) - k) / z.size,)  # (2) + (2)(1)


def draw(rng):
    return draws.reals(rng, 4, 3), draws.classes(rng, 4, 3, count=5).astype(float)


def edge_cases(dtype):
    """Rates of 1, and large ones."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0))


LATEX = r"\bar{z} = \frac{e^{z} - k}{n}"
ARROWS = (
    Arrow(
        "(1) r = e^z",
        r"\bar{z} = e^{z} \bar{r}",
        jnp.exp,
        lambda z, dr: (jnp.exp(z) * dr,),
        lambda rng: (draws.reals(rng, 4, 3),),
    ),
)
POISSON_LIKELIHOOD = Derivation(
    name="poisson_likelihood",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    scalar=True,
    domain="every finite z whose e^z is finite; k >= 0",
    reference="Nelder & Wedderburn (1972)",
)
