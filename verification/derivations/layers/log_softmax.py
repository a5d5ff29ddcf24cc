"""Log-softmax: dz = da - p sum da: what raises one class lowers all the others.

    z --(1)--> m = log sum_c e^(z_c)
    z, m --(2)--> a = z - m, the same m for every class

    (1)      dm/dz_c = e^(z_c - m) = p_c
    (2)      dz = da     dm = -sum da
    (2) + (2)(1)
             dz_c = da_c - p_c sum_k da_k = sum over k != c of (p_k da_c - p_c da_k)

Shapes     z, a: (..., classes)    m: (..., 1)
Domain     every finite z whose differences are finite
Rounding   1 - p_c loses every digit once p_c rounds to 1; the last form has no k = c to cancel.
Reference  Bridle, Probabilistic interpretation of feedforward classification outputs (1990).
"""

from refnet import log_softmax as function
from refnet import softmax

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..softmax_cross_entropy import ARROWS as OF_CROSS_ENTROPY
from ..softmax_cross_entropy import sum_of_others


def gradient(z, da):
    p = softmax(z)
    return (sum_of_others(p) * da - p * sum_of_others(da),)  # (2) + (2)(1)


def draw(rng):
    return (draws.reals(rng, 4, 3),)


def edge_cases(dtype):
    """Even and sure predictions."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**3))


LATEX = r"\bar{z} = \bar{a} - p \, \textstyle\sum_k \bar{a}_k, \quad p = e^{a}"
ARROWS: tuple[Arrow, ...] = OF_CROSS_ENTROPY[:2]
LOG_SOFTMAX = Derivation(
    name="log_softmax",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    domain="every finite z whose differences are finite",
    reference="Bridle (1990)",
)
