"""Binary cross-entropy of probabilities: dL/da = (a - y) / (a (1 - a)) / n.

    a --(1)--> u = log a         --(3)--> L = -mean (y u + (1 - y) v)
    a --(2)--> v = log(1 - a)    --(3)-->

    (1)      du/da = 1 / a
    (2)      dv/da = -1 / (1 - a)
    (3)      dL/du = -y / n     dL/dv = -(1 - y) / n     dL/dy = (v - u) / n
    (3)(1) + (3)(2)
             dL/da = (-y / a + (1 - y) / (1 - a)) / n = (a - y) / (a (1 - a)) / n
             dL/dy = log((1 - a) / a) / n

Shapes     a, y: any, alike, n entries in all    L: ()
Domain     0 < a < 1, 0 <= y <= 1
Rounding   the two fractions cancel where a is near y, the single one does not: a - y and 1 - a
           are rounded once.  log(1 - a) - log a cancels near a = 1/2; with m = min(a, 1 - a) it is
           +-log(1 + (1 - 2m) / m), and 1 - 2m is exact where it matters.
Reference  Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90.
"""

import jax.numpy as jnp
import ml_dtypes
import numpy as np

from refnet import binary_cross_entropy

from ..inputs import draws, edges
from ..vocabulary import Arrow, Case, Derivation


def gradient(a, y):
    da = (a - y) / a / (1.0 - a) / a.size  # (3)(1) + (3)(2)
    return da, log_odds_against(a) / a.size


def log_odds_against(a):
    """log((1 - a) / a)."""
    least = jnp.where(a <= 0.5, a, 1.0 - a)
    size = jnp.log1p((1.0 - 2.0 * least) / least)
    return jnp.where(a <= 0.5, size, -size)


def draw(rng):
    return draws.probabilities(rng, 3, 5), draws.labels(rng, 3, 5)


def edge_cases(dtype):
    """a at both ends, at a half and at y; hard and soft labels."""
    last = 1.0 - float(ml_dtypes.finfo(edges.name_of(dtype)).epsneg)
    ends = [[edges.tiny(dtype) * 8, 1e-6, 0.5, 0.5 + 2.0**-20, 1.0 - 2.0**-20, last]]
    a = np.minimum(edges.held(ends, dtype), last)
    labels = {"0": 0.0 * a, "1": 0.0 * a + 1.0, "a": a, "0.25": 0.0 * a + 0.25}
    return tuple(Case(f"y = {label}", (a, y)) for label, y in labels.items())


def log_of_rest(a):
    return jnp.log1p(-a)


def mixture(u, v, y):
    return -jnp.mean(y * u + (1.0 - y) * v)


def draw_probability(rng):
    return (draws.probabilities(rng, 3, 5),)


def draw_mixture(rng):
    return -draws.positives(rng, 3, 5), -draws.positives(rng, 3, 5), draws.labels(rng, 3, 5)


LATEX = (
    r"\frac{\partial L}{\partial a} = \frac{1}{n} \left( -\frac{y}{a} + \frac{1 - y}{1 - a} \right)"
    r" = \frac{1}{n} \, \frac{a - y}{a (1 - a)}, \quad"
    r" \frac{\partial L}{\partial y} = \frac{1}{n} \log \frac{1 - a}{a}"
)
ARROWS = (
    Arrow(
        "(1) u = log a",
        r"\frac{\partial u}{\partial a} = \frac{1}{a}",
        jnp.log,
        lambda a, du: (du / a,),
        draw_probability,
    ),
    Arrow(
        "(2) v = log(1 - a)",
        r"\frac{\partial v}{\partial a} = -\frac{1}{1 - a}",
        log_of_rest,
        lambda a, dv: (-dv / (1.0 - a),),
        draw_probability,
    ),
    Arrow(
        "(3) L = -mean(y u + (1 - y) v)",
        r"\frac{\partial L}{\partial u} = -\frac{y}{n}, \quad"
        r" \frac{\partial L}{\partial v} = -\frac{1 - y}{n}, \quad"
        r" \frac{\partial L}{\partial y} = \frac{v - u}{n}",
        mixture,
        lambda u, v, y, dL: tuple(dL * d / u.size for d in (-y, y - 1.0, v - u)),
        draw_mixture,
        argnums=(0, 1, 2),
    ),
)
BINARY_CROSS_ENTROPY = Derivation(
    name="binary_cross_entropy",
    function=binary_cross_entropy,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    scalar=True,
    domain="0 < a < 1, 0 <= y <= 1",
    reference="Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90",
)
