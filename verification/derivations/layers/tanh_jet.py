"""Value, slope and curvature of tanh along a path: what a loss of second derivatives goes through.

    z --(1)--> t = tanh z --(2)--> s = 1 - t^2 = 4 s(2z) s(-2z)
    s, z' --(3)--> t' = s z'
    s, t, z', z'' --(4)--> t'' = s (z'' - 2 t z'^2)

    (4)      ds = (z'' - 2 t z'^2) dt''     dt = -2 s z'^2 dt''     dz' = -4 s t z' dt''
             dz'' = s dt''
    (3)      ds += z' dt'     dz' += s dt'
    (2)(1)   dz = s (dt - 2 t ds)           because ds/dz = -2 t s

Shapes     z, z', z'', t, t', t'': any, alike
Domain     every finite z, z', z'' whose z'^2 is finite
Rounding   z'' - 2 t z'^2 and the sum in dz may cancel; s = 1 - t^2 loses what t near 1 has lost.
Reference  Raissi, Perdikaris & Karniadakis, Physics-informed neural networks (2019).
"""

import jax.numpy as jnp

from refnet import tanh
from refnet import tanh_jet as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..tanh import gradient as tanh_gradient


def gradient(z, first, second, dout):
    dt, dfirst, dsecond = dout
    t, (s,) = tanh(z), tanh_gradient(z, jnp.ones_like(z))
    ds, dt_bent, dz_first, dz_second = pull_bent(s, t, first, second, dsecond)  # (4)
    ds, dz_first = ds + first * dfirst, dz_first + s * dfirst  # (3)
    return s * (dt + dt_bent - 2.0 * t * ds), dz_first, dz_second  # (2)(1)


def bent(s, t, first, second):
    return s * (second - 2.0 * t * first * first)


def pull_bent(s, t, first, second, d):
    square = first * first
    return (
        (second - 2.0 * t * square) * d,
        -2.0 * s * square * d,
        -4.0 * s * t * first * d,
        s * d,
    )


def draw(rng):
    return draws.reals(rng, 4, 3), draws.reals(rng, 4, 3), draws.reals(rng, 4, 3)


def edge_cases(dtype):
    """Nothing at all, almost linear, and saturated."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**-6, 2.0**3))


LATEX = (
    r"\bar{z} = s \odot (\bar{t} - 2 t \bar{s}) - 2 s^2 z'^2 \bar{t}'', \quad"
    r" \bar{s} = z' \bar{t}' + (z'' - 2 t z'^2) \bar{t}'', \quad"
    r" \bar{z}' = s (\bar{t}' - 4 t z' \bar{t}''), \quad \bar{z}'' = s \bar{t}''"
)
ARROWS = (
    Arrow(
        "(4) t'' = s (z'' - 2 t z'^2)",
        r"\bar{s} = (z'' - 2 t z'^2) \bar{t}'', \quad \bar{t} = -2 s z'^2 \bar{t}'', \quad"
        r" \bar{z}' = -4 s t z' \bar{t}'', \quad \bar{z}'' = s \bar{t}''",
        bent,
        pull_bent,
        lambda rng: (draws.probabilities(rng, 4, 3), *draw(rng)),
        argnums=(0, 1, 2, 3),
    ),
)
TANH_JET = Derivation(
    name="tanh_jet",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    domain="every finite z, z', z'' whose z'^2 is finite",
    reference="Raissi, Perdikaris & Karniadakis (2019)",
)
