"""Exponential units, straight pieces, softsign and mish with one mistake each."""

import jax.numpy as jnp

from refnet import hard_sigmoid, hard_swish, hard_tanh, mish, relu6, softplus, softsign, tanh

from ...derivations.layers import celu, elu, selu
from ...derivations.layers.elu import exponential
from ..slopes import times


def left(slope):
    """1 where z > 0, and slope(z) elsewhere."""
    return times(lambda z: jnp.where(z > 0.0, 1.0, slope(z)))


one = times(jnp.ones_like)
OWN: dict[str, dict] = {
    "elu": {
        "alpha forgotten": left(exponential),
        "value for slope": left(elu.function),
        "1 for the slope": one,
    },
    "selu": {
        "alpha forgotten": times(
            lambda z: selu.SELU_SCALE * jnp.where(z > 0.0, 1.0, exponential(z))
        ),
        "1 for the slope": one,
    },
    "celu": {
        "alpha outside the exponent": left(lambda z: celu.ALPHA * exponential(z)),
        "value for slope": left(celu.function),
    },
    "softsign": {
        "not squared": times(lambda z: 1.0 / (1.0 + jnp.abs(z))),
        "value for slope": times(softsign),
    },
    "mish": {
        "gate's path missing": times(lambda z: tanh(softplus(z))),
        "value for slope": times(mish),
    },
    "relu6": {
        "cap not looked at": times(lambda z: jnp.where(z > 0.0, 1.0, 0.0)),
        "value for slope": times(relu6),
    },
    "hard_tanh": {
        "cap not looked at": times(lambda z: jnp.where(z > -1.0, 1.0, 0.0)),
        "value for slope": times(hard_tanh),
    },
    "hard_sigmoid": {
        "ramp of slope 1": times(lambda z: jnp.where(jnp.abs(z) < 3.0, 1.0, 0.0)),
        "value for slope": times(hard_sigmoid),
    },
    "hard_swish": {
        "gate's path missing": times(hard_sigmoid),
        "value for slope": times(hard_swish),
    },
}
