"""Activations after something that turns: relu(z), |z|, z^2, a scaled input, another activation."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from .activations import RELU, SIGMOID, SILU, SOFTPLUS, TANH, stable
from .spelling import Spelled

SCALE = 1.7


def after(inner: Callable, pull: Callable, outer: Mapping[str, Callable]) -> dict[str, Callable]:
    """What each spelling of the outer slope hands down, through the inner function."""

    def gradient(pull_outer):
        def right(z, da):
            v = np.asarray(inner(z), z.dtype)
            (dv,) = jax.tree.leaves(pull_outer(v, da))
            return pull(z, np.asarray(dv, z.dtype))

        return right

    return {who: gradient(pull_outer) for who, pull_outer in outer.items()}


def logistic(z):
    return 1 / (1 + jnp.exp(-z))


def kept(z):
    return jnp.where(z >= 0, 1 / (1 + jnp.exp(-abs(z))), jnp.exp(-abs(z)) / (1 + jnp.exp(-abs(z))))


def hyperbolic(z):
    return (jnp.exp(z) - jnp.exp(-z)) / (jnp.exp(z) + jnp.exp(-z))


relu = lambda z: np.maximum(z, 0)
of_relu = RELU["z > 0"]
of_square = lambda z, d: d * 2 * z
of_size = lambda z, d: d * np.sign(z)
scaled = lambda z: z * z.dtype.type(SCALE)
of_scaled = lambda z, d: d * z.dtype.type(SCALE)
top = lambda z: np.minimum(np.maximum(z, -1), 6)
of_top = lambda z, d: d * ((z > -1) & (z < 6))


def reals(rng):
    return (2 * rng.normal(size=(4, 5)),)


def numbers(rng):
    return (rng.normal(size=(4, 5)),)


def chain(of: Callable, right: Mapping[str, Callable], draw=reals, scales=(1.0, 4.0)) -> Spelled:
    return Spelled(of, draw, right, scales=scales)


CHAINS: dict[str, Spelled] = {
    "sigmoid of relu": chain(lambda z: logistic(jax.nn.relu(z)), after(relu, of_relu, SIGMOID)),
    "stable sigmoid of relu": chain(
        lambda z: kept(jnp.maximum(z, 0)), after(relu, of_relu, SIGMOID)
    ),
    "tanh of relu": chain(lambda z: hyperbolic(jax.nn.relu(z)), after(relu, of_relu, TANH)),
    "silu of relu": chain(
        lambda z: (v := jax.nn.relu(z)) * logistic(v), after(relu, of_relu, SILU)
    ),
    "sigmoid of z^2": chain(
        lambda z: logistic(z * z), after(np.square, of_square, SIGMOID), numbers, (1.0, 2.0)
    ),
    "tanh of |z|": chain(lambda z: hyperbolic(abs(z)), after(np.abs, of_size, TANH)),
    "sigmoid of a clip": chain(lambda z: logistic(jnp.clip(z, -1, 6)), after(top, of_top, SIGMOID)),
    "sigmoid of a sigmoid": chain(
        lambda z: logistic(kept(z)), after(stable, SIGMOID["SciPy"], SIGMOID)
    ),
    "softplus of tanh": chain(
        lambda z: jax.nn.softplus(hyperbolic(z)), after(np.tanh, TANH["1 - a^2"], SOFTPLUS)
    ),
    "silu of 1.7 z": chain(lambda z: jax.nn.silu(SCALE * z), after(scaled, of_scaled, SILU)),
    "tanh of 1.7 z": chain(lambda z: hyperbolic(SCALE * z), after(scaled, of_scaled, TANH)),
}
