"""Activations: elementwise functions, each with its formula, its range and its slope.

The slopes of the smooth ones are stated here, not left to autodiff, where the usual form
loses its digits: 1 - a rounds to 0 long before the slope does.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Entries = Float[Array, "*shape"]

SQRT_2 = 2.0**0.5
SQRT_2_PI = (2.0 * jnp.pi) ** 0.5
GELU_SCALE = (2.0 / jnp.pi) ** 0.5
GELU_CUBIC = 0.044715
SATURATED = 1e4  # z^2 past which the slope of gelu_tanh's gate is 0 in every float


def identity(z: Entries) -> Entries:
    """z.  Range R; slope 1."""
    return z


@jax.custom_jvp
def sigmoid(z: Entries) -> Entries:
    """1 / (1 + e^-z).  Range (0, 1); slope sigmoid(z) sigmoid(-z), at most 1/4."""
    return lax.logistic(z)


@sigmoid.defjvp
def _sigmoid_jvp(primals, tangents):
    (z,), (dz,) = primals, tangents
    a = sigmoid(z)
    return a, a * sigmoid(-z) * dz  # not a (1 - a): 1 - a is 0 from z = 17 in float32


@jax.custom_jvp
def tanh(z: Entries) -> Entries:
    """(e^z - e^-z) / (e^z + e^-z).  Range (-1, 1); slope 1 - tanh(z)^2, at most 1."""
    return lax.tanh(z)


@tanh.defjvp
def _tanh_jvp(primals, tangents):
    (z,), (dz,) = primals, tangents
    e = jnp.exp(-2.0 * jnp.abs(z))
    return tanh(z), 4.0 * e / ((1.0 + e) * (1.0 + e)) * dz  # = 1 - tanh^2, every digit


@jax.custom_jvp
def relu(z: Entries) -> Entries:
    """max(z, 0).  Range [0, inf); slope 1 where z > 0, else 0 (also at the kink)."""
    return jnp.maximum(z, 0.0)


@relu.defjvp
def _relu_jvp(primals, tangents):
    (z,), (dz,) = primals, tangents
    return relu(z), jnp.where(z > 0.0, dz, 0.0)


def leaky_relu(z: Entries, leak: float = 0.01) -> Entries:
    """max(z, leak z), 0 <= leak < 1.  Range R; slope 1 where z > 0, else leak (also at the kink).

    Raises ValueError for a leak outside [0, 1).
    """
    if not 0.0 <= leak < 1.0:
        raise ValueError(f"leak is {leak!r}; leaky_relu wants 0 <= leak < 1")
    return _leaky_relu(z, leak)


@jax.custom_jvp
def _leaky_relu(z, leak):
    return jnp.maximum(z, leak * z)


@_leaky_relu.defjvp
def _leaky_relu_jvp(primals, tangents):
    (z, leak), (dz, _) = primals, tangents
    return _leaky_relu(z, leak), jnp.where(z > 0.0, dz, leak * dz)


def softplus(z: Entries) -> Entries:
    """log(1 + e^z) = max(z, 0) + log(1 + e^-|z|).  Range (0, inf); slope sigmoid(z)."""
    positive = z > 0.0  # selects, not max and abs: their kinks at 0 would not cancel
    return jnp.where(positive, z, 0.0) + jnp.log1p(jnp.exp(jnp.where(positive, -z, z)))


@jax.custom_jvp
def gelu(z: Entries) -> Entries:
    """z Phi(z), Phi the normal distribution.  Range [-0.17, inf); slope Phi(z) + z phi(z)."""
    return z * _normal_cdf(z)


@gelu.defjvp
def _gelu_jvp(primals, tangents):
    (z,), (dz,) = primals, tangents
    density = jnp.exp(-0.5 * z * z) / SQRT_2_PI
    return gelu(z), (_normal_cdf(z) + z * density) * dz


def _normal_cdf(z: Entries) -> Entries:
    return 0.5 * lax.erfc(-z / SQRT_2)  # not 1 + erf: that is 0 from z = -6 in float32


@jax.custom_jvp
def gelu_tanh(z: Entries) -> Entries:
    """z (1 + tanh u) / 2 = z sigmoid(2 u), u = sqrt(2/pi) (z + 0.044715 z^3).  Range [-0.18, inf).

    Slope s + 2 u' z s (1 - s) with s = sigmoid(2 u), u' = sqrt(2/pi) (1 + 0.134145 z^2).
    """
    return z * sigmoid(_gelu_gate(z))


@gelu_tanh.defjvp
def _gelu_tanh_jvp(primals, tangents):
    (z,), (dz,) = primals, tangents
    gate = _gelu_gate(z)
    square = jnp.minimum(z * z, SATURATED)  # z^2 may overflow, and inf * 0 is no slope
    rate = 2.0 * GELU_SCALE * (1.0 + 3.0 * GELU_CUBIC * square)
    s = sigmoid(gate)
    return gelu_tanh(z), (s + z * (rate * (s * sigmoid(-gate)))) * dz


def _gelu_gate(z: Entries) -> Entries:
    return 2.0 * GELU_SCALE * (z + GELU_CUBIC * z * z * z)


def silu(z: Entries) -> Entries:
    """z sigmoid(z).  Range [-0.28, inf); slope s + z s (1 - s) with s = sigmoid(z)."""
    return z * sigmoid(z)


ACTIVATIONS: dict[str, Callable] = {
    "identity": identity,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "softplus": softplus,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "silu": silu,
}
