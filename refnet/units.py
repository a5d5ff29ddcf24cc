"""Further activations: exponential units, straight pieces, and mish; see also activations.py.

Slopes are stated where autodiff would lose digits: expm1(z) + 1 for e^z has none left at -17.
"""

from functools import partial

import jax
import jax.numpy as jnp

from .activations import Entries, softplus, tanh

SELU_ALPHA = (
    1.6732632423543772  # the fixed point of mean 0 and variance 1: Klambauer et al., eq. 14
)
SELU_SCALE = 1.0507009873554805


def elu(z: Entries, alpha: float = 1.0) -> Entries:
    """z where z > 0, else alpha (e^z - 1).  Range (-alpha, inf); slope 1, or alpha e^z (also at 0).

    Raises ValueError for an alpha that is not above 0.  Clevert, Unterthiner & Hochreiter 2016.
    """
    _check_alpha("elu", alpha)
    positive = z > 0.0
    return jnp.where(positive, z, alpha * _less_one(jnp.where(positive, 0.0, z)))


def selu(z: Entries) -> Entries:
    """scale elu(z, alpha), alpha = 1.673, scale = 1.051: layers keep mean 0 and variance 1.

    Slope scale, or scale alpha e^z (also at 0).  Klambauer et al. 2017.
    """
    return SELU_SCALE * elu(z, SELU_ALPHA)


def celu(z: Entries, alpha: float = 1.0) -> Entries:
    """z where z > 0, else alpha (e^(z / alpha) - 1).  Slope 1, or e^(z / alpha).

    Range (-alpha, inf).  Raises ValueError for an alpha that is not above 0.  Barron 2017.
    """
    _check_alpha("celu", alpha)
    positive = z > 0.0
    return jnp.where(positive, z, alpha * _less_one(jnp.where(positive, 0.0, z) / alpha))


@jax.custom_jvp
def softsign(z: Entries) -> Entries:
    """z / (1 + |z|).  Range (-1, 1); slope 1 / (1 + |z|)^2.  Bergstra et al. 2009."""
    return z / (1.0 + jnp.abs(z))


@softsign.defjvp
def _softsign_jvp(primals, tangents):
    (z,), (dz,) = primals, tangents
    u = 1.0 / (1.0 + jnp.abs(z))  # its square: (1 + |z|)^2 may overflow
    return softsign(z), u * u * dz


def log_sigmoid(z: Entries) -> Entries:
    """log(1 / (1 + e^-z)) = -softplus(-z).  Range (-inf, 0); slope sigmoid(-z)."""
    return -softplus(-z)


def mish(z: Entries) -> Entries:
    """z tanh(softplus(z)).  Range [-0.31, inf); slope t + z (1 - t^2) sigmoid(z).  Misra 2020."""
    return z * tanh(softplus(z))


def relu6(z: Entries) -> Entries:
    """min(max(z, 0), 6).  Range [0, 6]; slope 1 where 0 < z < 6, else 0.  Krizhevsky 2010."""
    return _held(z, 0.0, 6.0)


def hard_tanh(z: Entries) -> Entries:
    """min(max(z, -1), 1).  Range [-1, 1]; slope 1 where -1 < z < 1, else 0.  Collobert 2004."""
    return _held(z, -1.0, 1.0)


def hard_sigmoid(z: Entries) -> Entries:
    """min(max(z + 3, 0), 6) / 6.  Range [0, 1]; slope 1/6 where -3 < z < 3, else 0.

    As in PyTorch and JAX; Keras had z / 5 + 1/2.  Howard et al. 2019.
    """
    return relu6(z + 3.0) / 6.0


def hard_swish(z: Entries) -> Entries:
    """z hard_sigmoid(z).  Range [-3/8, inf); slope hard_sigmoid(z), + z / 6 where -3 < z < 3.

    Howard et al. 2019.
    """
    return z * hard_sigmoid(z)


@jax.custom_jvp
def _less_one(z: Entries) -> Entries:
    """e^z - 1; slope e^z."""
    return jnp.expm1(z)


@_less_one.defjvp
def _less_one_jvp(primals, tangents):
    (z,), (dz,) = primals, tangents
    return _less_one(z), jnp.exp(z) * dz


@partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def _held(z: Entries, low: float, high: float) -> Entries:
    """z held within [low, high]; slope 1 strictly inside, else 0."""
    return jnp.minimum(jnp.maximum(z, low), high)


@_held.defjvp
def _held_jvp(low, high, primals, tangents):
    (z,), (dz,) = primals, tangents
    return _held(z, low, high), jnp.where((z > low) & (z < high), dz, 0.0)


def _check_alpha(name: str, alpha: float) -> None:
    if not 0.0 < alpha < float("inf"):
        raise ValueError(f"alpha is {alpha!r}; {name} wants a finite alpha > 0")
