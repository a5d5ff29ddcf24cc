"""Further activations: slopes by branches, by masks, from the output, and by other libraries."""

import jax
import jax.numpy as jnp
import numpy as np

from .activations import by_jax, entry_by_entry, logistic, stable, times
from .spelling import Spelled, derived, torch_of

ALPHA = 0.7  # of elu and celu
SELU = 1.6732632423543772, 1.0507009873554805


def functional(name, *options):
    return torch_of(lambda z: getattr(__import__("torch").nn.functional, name)(z, *options))


def exponential(alpha, scale, inner):
    """scale where z > 0, else scale alpha / inner e^(z / inner), by many hands."""
    number = lambda z, x: z.dtype.type(x)
    left = lambda z: number(z, scale * alpha / inner) * np.exp(np.minimum(z, 0) / number(z, inner))
    forward = lambda e, where, z: where(
        z > 0, scale * z, scale * alpha * (e((z < 0) * z / inner) - 1)
    )
    return {
        "where": times(lambda z: np.where(z > 0, number(z, scale), left(z))),
        "masks": times(lambda z: (z > 0) * number(z, scale) + (z <= 0) * left(z)),
        "selected": lambda z, da: np.where(z > 0, da * number(z, scale), da * left(z)),
        "factors one by one": lambda z, da: np.where(
            z > 0,
            da * number(z, scale),
            da
            * number(z, scale)
            * number(z, alpha / inner)
            * np.exp(np.minimum(z, 0) / number(z, inner)),
        ),
        "loop": entry_by_entry(lambda z: number(z, scale) if z > 0 else left(z)),
        "heaviside": times(
            lambda z: left(z) + np.heaviside(z, number(z, 0)) * (number(z, scale) - left(z))
        ),
        "JAX, composed": by_jax(lambda z: forward(jnp.exp, jnp.where, z)),
        "PyTorch, composed": torch_of(
            lambda z: forward(__import__("torch").exp, __import__("torch").where, z)
        ),
    }


SOFTSIGN = {
    "1 / (1 + |z|)^2": times(lambda z: 1 / (1 + np.abs(z)) ** 2),
    "u^2": times(lambda z: (1 / (1 + np.abs(z))) ** 2),
    "da / u / u": lambda z, da: da / (1 + np.abs(z)) / (1 + np.abs(z)),
    "1 / (1 + 2 |z| + z^2)": times(lambda z: 1 / (1 + 2 * np.abs(z) + z * z)),
    "by signs": times(lambda z: np.where(z > 0, 1 / (1 + z) ** 2, 1 / (1 - z) ** 2)),
    "loop": entry_by_entry(lambda z: 1 / (1 + abs(z)) ** 2),
    "PyTorch, composed": torch_of(lambda z: z.sign() * (1 - 1 / (1 + z.abs()))),
}


def gate(z):
    return np.tanh(np.logaddexp(np.zeros_like(z), z))


MISH = {
    "t + z (1 - t^2) s": times(lambda z: (t := gate(z)) + z * (1 - t * t) * logistic(z)),
    "t + z sech^2 s": times(
        lambda z: gate(z) + z / np.cosh(np.logaddexp(np.zeros_like(z), z)) ** 2 * logistic(z)
    ),
    "t + z (1 - t) (1 + t) s": times(lambda z: (t := gate(z)) + z * stable(z) * (1 - t) * (1 + t)),
    "da apart": lambda z, da: da * (t := gate(z)) + da * z * logistic(z) * (1 - t * t),
    "loop": entry_by_entry(lambda z: (t := gate(z)) + z * (1 - t * t) * logistic(z)),
    "JAX": by_jax(lambda z: z * jnp.tanh(jnp.logaddexp(z, jnp.zeros_like(z)))),
    "PyTorch": functional("mish"),
}


def ramp(low, high, height: float = 1):
    """height where low < z < high, else 0, by many hands."""
    inside = lambda z: (z > low) & (z < high)
    tall = lambda z: z.dtype.type(height)
    held = lambda z: np.minimum(np.maximum(z, low), high)
    return {
        "where": lambda z, da: np.where(inside(z), da * tall(z), np.zeros_like(da)),
        "mask": times(lambda z: inside(z).astype(z.dtype) * tall(z)),
        "two masks": times(lambda z: (z > low) * (z < high) * tall(z)),
        "what is not moved": times(lambda z: (held(z) == z).astype(z.dtype) * tall(z)),
        "difference of steps": times(
            lambda z: tall(z) * (np.heaviside(z - low, z.dtype.type(0)) - (z >= high))
        ),
        "loop": entry_by_entry(lambda z: tall(z) if low < z < high else z.dtype.type(0)),
        "zeroed": zeroed(low, high, tall),
        "PyTorch, composed": torch_of(lambda z: z.clamp(low, high) * height),
        "JAX, composed": by_jax(lambda z: jnp.clip(z, low, high) * height),
    }


def zeroed(low, high, tall):
    def gradient(z, da):
        out = da * tall(z)
        out[(z <= low) | (z >= high)] = 0
        return out

    return gradient


hard = lambda z: np.clip(z + 3, 0, 6) / 6
HARD_SWISH = {
    "branches": times(
        lambda z: np.where(z <= -3, 0 * z, np.where(z >= 3, 1 + 0 * z, (2 * z + 3) / 6))
    ),
    "h + z / 6": times(lambda z: hard(z) + z / 6 * (np.abs(z) < 3)),
    "z / 3 + 1/2": times(lambda z: np.where(np.abs(z) < 3, z / 3 + z.dtype.type(0.5), z > 0)),
    "da apart": lambda z, da: da * hard(z) + np.where(np.abs(z) < 3, da * z / 6, 0 * da),
    "loop": entry_by_entry(lambda z: hard(z) + (z / 6 if abs(z) < 3 else 0 * z)),
    "JAX": by_jax(jax.nn.hard_swish),
    "PyTorch": functional("hardswish"),
    "PyTorch, composed": torch_of(lambda z: z * (z + 3).clamp(0, 6) / 6),
}
# PyTorch's own celu and hardsigmoid are not here: backward, in float64, they hold 1 / alpha and
# 1 / 6 as float32 does, and are wrong from the eighth digit on.
UNITS: dict[str, Spelled] = {
    "elu": derived("elu", exponential(ALPHA, 1, 1) | {"PyTorch": functional("elu", ALPHA)}),
    "selu": derived("selu", exponential(*SELU, 1) | {"PyTorch": functional("selu")}),
    "celu": derived("celu", exponential(ALPHA, 1, ALPHA)),
    "softsign": derived("softsign", SOFTSIGN),
    "mish": derived("mish", MISH),
    "relu6": derived(
        "relu6", ramp(0, 6) | {"PyTorch": functional("relu6"), "JAX": by_jax(jax.nn.relu6)}
    ),
    "hard_tanh": derived(
        "hard_tanh",
        ramp(-1, 1) | {"PyTorch": functional("hardtanh"), "JAX": by_jax(jax.nn.hard_tanh)},
    ),
    "hard_sigmoid": derived(
        "hard_sigmoid", ramp(-3, 3, 1 / 6) | {"JAX": by_jax(jax.nn.hard_sigmoid)}
    ),
    "hard_swish": derived("hard_swish", HARD_SWISH),
}
