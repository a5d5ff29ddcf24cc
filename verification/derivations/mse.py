"""Mean squared error: dL/dp = 2 (p - t) / N.

    p, t --(1)--> e = p - t --(2)--> q = e^2 --(3)--> L = (sum of q) / N

    (1)        de/dp = 1     de/dt = -1
    (2)        dq/de = 2e
    (3)        dL/dq = 1 / N
    (3)(2)(1)  dL/dp = 2 (p - t) / N     dL/dt = -2 (p - t) / N

Shapes     p, t, e, q: any, alike, N entries in all    L: ()
Domain     every finite p and t whose difference is finite
Rounding   p - t is the exact difference, rounded once; 2 / N is formed first, so that doubling
           cannot overflow.
"""

import jax.numpy as jnp
import numpy as np

from refnet import mse

from ..inputs import draws, edges
from ..vocabulary import Arrow, Case, Derivation


def gradient(p, t):
    dp = (p - t) * (2.0 / p.size)  # (3)(2)(1)
    return dp, -dp


def draw(rng):
    return draws.reals(rng, 3, 5), draws.reals(rng, 3, 5)


def edge_cases(dtype):
    """Perfect predictions, near ones, hopeless ones, and numbers whose squares overflow."""
    t = np.array([[0.75, -1.25, 3.0]])
    near = edges.held(t * (1.0 + 2.0**-20), dtype)
    huge, small = edges.HUGE[edges.name_of(dtype)][-1] / 4, edges.tiny(dtype) * 8
    return (
        Case("p = t", (t, t)),
        Case("p near t", (near, t)),
        Case("p = 0", (0.0 * t, t)),
        Case("huge", (edges.held(huge * t, dtype), t)),
        Case("tiny", (edges.held(small * t, dtype), edges.held(0.5 * small * t, dtype))),
    )


def difference(p, t):
    return p - t


def square(e):
    return e * e


def draw_one(rng):
    return (draws.reals(rng, 3, 5),)


LATEX = (
    r"\frac{\partial L}{\partial p} = \frac{2}{N} (p - t), \quad"
    r" \frac{\partial L}{\partial t} = -\frac{2}{N} (p - t)"
)
ARROWS = (
    Arrow(
        "(1) e = p - t",
        r"\frac{\partial e}{\partial p} = 1, \quad \frac{\partial e}{\partial t} = -1",
        difference,
        lambda p, t, de: (de, -de),
        draw,
        argnums=(0, 1),
    ),
    Arrow(
        "(2) q = e^2",
        r"\frac{\partial q}{\partial e} = 2 e",
        square,
        lambda e, dq: (2.0 * e * dq,),
        draw_one,
    ),
    Arrow(
        "(3) L = mean q",
        r"\frac{\partial L}{\partial q} = \frac{1}{N}",
        jnp.mean,
        lambda q, dL: (jnp.full(q.shape, dL / q.size),),
        draw_one,
    ),
)
MSE = Derivation(
    name="mse",
    function=mse,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    scalar=True,
    domain="every finite p and t whose difference is finite",
)
