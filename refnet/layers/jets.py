"""Derivatives carried forward: of a function u of one number, the triple (u, u', u'')."""

from jaxtyping import Array, Float

from ..activations import tanh
from .dense import Dense, dense

Values = Float[Array, "*s"]
Jet = tuple[Values, Values, Values]


def dense_jet(layer: Dense, u: Jet) -> tuple:
    """(u w + b, u' w, u'' w): a sum has the sum of the derivatives."""
    value, first, second = u
    return dense(layer, value), first @ layer.w, second @ layer.w


def tanh_jet(z: Values, first: Values, second: Values) -> Jet:
    """(t, s z', s (z'' - 2 t z'^2)),  t = tanh z, s = 1 - t^2 its slope: the chain rule, twice.

    Faa di Bruno 1857; as layers, Raissi, Perdikaris & Karniadakis 2019 have them by reverse mode.
    """
    t = tanh(z)
    s = 1.0 - t * t
    return t, s * first, s * (second - 2.0 * t * first * first)
