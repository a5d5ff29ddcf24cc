"""Activations: slopes from the input, from the stored output, and by other libraries."""

import jax
import jax.numpy as jnp
import numpy as np

from ...inputs import draws
from .spelling import Spelled, derived, torch_of


def logistic(z):
    return 1 / (1 + np.exp(-z))


def stable(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def expit(z):
    from scipy.special import expit

    return expit(z)


def ndtr(z):
    from scipy.special import ndtr

    return ndtr(z)


def density(z):
    return np.exp(-z * z / 2) / z.dtype.type(np.sqrt(2 * np.pi))


def entry_by_entry(slope):
    """A loop over numbers, as in C."""

    def gradient(z, da):
        out = np.empty_like(z)
        for i in np.ndindex(z.shape):
            out[i] = da[i] * slope(z[i])
        return out

    return gradient


def times(slope):
    return lambda z, da: da * slope(z)


def from_output(function, slope):
    """The forward pass keeps its output; the way back has nothing else."""

    def gradient(z, da):
        a = np.asarray(function(z), z.dtype)
        return da * slope(a)

    return gradient


def in_place(name, function):
    """scikit-learn's, which multiplies the slope into what it is given."""

    def gradient(z, da):
        from sklearn.neural_network import _base

        out = np.array(da)
        getattr(_base, name)(np.asarray(function(z), z.dtype), out)
        return out

    return gradient


def by_jax(function):
    return lambda z, da: jax.vjp(function, jnp.asarray(z))[1](jnp.asarray(da))[0]


SIGMOID = {
    "a (1 - a)": from_output(logistic, lambda a: a * (1 - a)),
    "a (1 - a), stable a": from_output(stable, lambda a: a * (1 - a)),
    "a - a^2": from_output(logistic, lambda a: a - a * a),
    "s(z) s(-z)": times(lambda z: logistic(z) * logistic(-z)),
    "e^-z / (1 + e^-z)^2": times(lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "e^z / (1 + e^z)^2": times(lambda z: np.exp(z) / (1 + np.exp(z)) ** 2),
    "1 / (2 + e^z + e^-z)": times(lambda z: 1 / (2 + np.exp(z) + np.exp(-z))),
    "1 / (4 cosh^2)": times(lambda z: 1 / (4 * np.cosh(z / 2) ** 2)),
    "(1 - tanh^2) / 4": times(lambda z: (1 - np.tanh(z / 2) ** 2) / 4),
    "a (1 - a), a by tanh": from_output(lambda z: (1 + np.tanh(z / 2)) / 2, lambda a: a * (1 - a)),
    "loop": entry_by_entry(lambda z: logistic(z) * (1 - logistic(z))),
    "da a first": lambda z, da: (da * logistic(z)) * (1 - logistic(z)),
    "SciPy": from_output(expit, lambda a: a * (1 - a)),
    "SciPy, twice": times(lambda z: expit(z) * expit(-z)),
    "scikit-learn": in_place("inplace_logistic_derivative", expit),
    "PyTorch": torch_of(lambda z: __import__("torch").sigmoid(z)),
    "PyTorch, composed": torch_of(lambda z: 1 / (1 + (-z).exp())),
    "JAX": by_jax(jax.nn.sigmoid),
    "JAX, composed": by_jax(lambda z: 1 / (1 + jnp.exp(-z))),
    "JAX, by tanh": by_jax(lambda z: jax.lax.logistic(z)),
}
TANH = {
    "1 - a^2": from_output(np.tanh, lambda a: 1 - a * a),
    "1 - a**2": from_output(np.tanh, lambda a: 1 - a**2),
    "1 - a^2, a by s": from_output(lambda z: 2 * logistic(2 * z) - 1, lambda a: 1 - a * a),
    "(1 - a) (1 + a)": from_output(np.tanh, lambda a: (1 - a) * (1 + a)),
    "sech^2": times(lambda z: 1 / np.cosh(z) ** 2),
    "4 / (e^z + e^-z)^2": times(lambda z: 4 / (np.exp(z) + np.exp(-z)) ** 2),
    "4 s(2z) s(-2z)": times(lambda z: 4 * logistic(2 * z) * logistic(-2 * z)),
    "4 / (1 + e^2z) (1 + e^-2z)": times(lambda z: 4 / ((1 + np.exp(2 * z)) * (1 + np.exp(-2 * z)))),
    "loop": entry_by_entry(lambda z: 1 - np.tanh(z) ** 2),
    "da - da a^2": lambda z, da: da - da * np.tanh(z) ** 2,
    "scikit-learn": in_place("inplace_tanh_derivative", np.tanh),
    "PyTorch": torch_of(lambda z: z.tanh()),
    "PyTorch, by s": torch_of(lambda z: 2 * (2 * z).sigmoid() - 1),
    "JAX": by_jax(jnp.tanh),
}
RELU = {
    "z > 0": times(lambda z: (z > 0).astype(z.dtype)),
    "where": lambda z, da: np.where(z > 0, da, np.zeros_like(da)),
    "heaviside": times(lambda z: np.heaviside(z.astype(float), 0.0).astype(z.dtype)),
    "from the output": from_output(lambda z: np.maximum(z, 0), lambda a: (a > 0).astype(a.dtype)),
    "by sign": times(lambda z: (np.sign(z) + 1) / 2),
    "z / |z|": times(lambda z: (z / np.abs(z) + 1) / 2),
    "loop": entry_by_entry(lambda z: z.dtype.type(1 if z > 0 else 0)),
    "scikit-learn": in_place("inplace_relu_derivative", lambda z: np.maximum(z, 0)),
    "PyTorch": torch_of(lambda z: z.relu()),
    "JAX": by_jax(jax.nn.relu),
}
SOFTPLUS = {
    "s(z)": times(logistic),
    "s(z), stable": times(stable),
    "e^z / (1 + e^z)": times(lambda z: np.exp(z) / (1 + np.exp(z))),
    "e^(z - a)": times(lambda z: np.exp(z - np.logaddexp(np.zeros_like(z), z))),
    "-expm1(-a)": from_output(lambda z: np.logaddexp(np.zeros_like(z), z), lambda a: -np.expm1(-a)),
    "loop": entry_by_entry(logistic),
    "SciPy": times(expit),
    "PyTorch": torch_of(lambda z: __import__("torch").logaddexp(z, 0 * z)),
    "PyTorch, composed": torch_of(lambda z: (1 + z.exp()).log()),
    "JAX": by_jax(jax.nn.softplus),
    "JAX, composed": by_jax(lambda z: jnp.log(1 + jnp.exp(z))),
}
SILU = {
    "s + z s (1 - s)": times(lambda z: logistic(z) + z * logistic(z) * (1 - logistic(z))),
    "s (1 + z (1 - s))": times(lambda z: logistic(z) * (1 + z * (1 - logistic(z)))),
    "f + s (1 - f)": times(lambda z: z * logistic(z) + logistic(z) * (1 - z * logistic(z))),
    "s (1 + z s(-z))": times(lambda z: logistic(z) * (1 + z * logistic(-z))),
    "loop": entry_by_entry(lambda z: logistic(z) * (1 + z * (1 - logistic(z)))),
    "SciPy": times(lambda z: expit(z) * (1 + z * (1 - expit(z)))),
    "PyTorch": torch_of(lambda z: __import__("torch").nn.functional.silu(z)),
    "PyTorch, composed": torch_of(lambda z: z * z.sigmoid()),
    "JAX": by_jax(jax.nn.silu),
}
GELU = {
    "(1 + erf) / 2": times(lambda z: (1 + erf(z / z.dtype.type(2**0.5))) / 2 + z * density(z)),
    "SciPy": times(lambda z: ndtr(z) + z * density(z)),
    "erfc": times(lambda z: erfc(-z / z.dtype.type(np.sqrt(2))) / 2 + z * density(z)),
    "da apart": lambda z, da: da * ndtr(z) + da * z * density(z),
    "JAX": by_jax(lambda z: jax.nn.gelu(z, approximate=False)),
    "JAX, by the normal": by_jax(lambda z: z * jax.scipy.stats.norm.cdf(z)),
    "PyTorch, composed": torch_of(lambda z: z * __import__("torch").special.erfc(-z / 2**0.5) / 2),
}


def erf(z):
    from scipy.special import erf

    return erf(z)


def erfc(z):
    from scipy.special import erfc

    return erfc(z)


SCALE, CUBIC = 2 * np.sqrt(2 / np.pi), 0.044715
gate = lambda z: z.dtype.type(SCALE) * (z + z.dtype.type(CUBIC) * z**3)
gate_slope = lambda z: z.dtype.type(SCALE) * (1 + z.dtype.type(3 * CUBIC) * z * z)
GELU_GATE = {
    "s + z s (1 - s) v'": times(
        lambda z: (s := logistic(gate(z))) + z * s * (1 - s) * gate_slope(z)
    ),
    "s + z s(v) s(-v) v'": times(
        lambda z: logistic(v := gate(z)) + z * logistic(v) * logistic(-v) * gate_slope(z)
    ),
    "s (1 + z s(-v) v')": times(
        lambda z: stable(v := gate(z)) * (1 + z * stable(-v) * gate_slope(z))
    ),
    "f + s (1 - s) z v'": times(
        lambda z: (s := stable(gate(z))) + (s - s * s) * (z * gate_slope(z))
    ),
    "(1 + t) / 2 + z (1 - t^2) v' / 4": times(
        lambda z: (1 + (t := np.tanh(gate(z) / 2))) / 2 + z * (1 - t * t) * gate_slope(z) / 4
    ),
    "1 / cosh^2": times(
        lambda z: (1 + np.tanh(v := gate(z) / 2)) / 2 + z / np.cosh(v) ** 2 * gate_slope(z) / 4
    ),
    "PyTorch": torch_of(lambda z: __import__("torch").nn.functional.gelu(z, approximate="tanh")),
    "SciPy": times(lambda z: (s := expit(gate(z))) * (1 + z * (1 - s) * gate_slope(z))),
    "loop": entry_by_entry(lambda z: (s := logistic(gate(z))) + z * s * (1 - s) * gate_slope(z)),
    "PyTorch, composed": torch_of(lambda z: z * (float(SCALE) * (z + CUBIC * z**3)).sigmoid()),
    "JAX": by_jax(lambda z: z / (1 + jnp.exp(-float(SCALE) * (z + CUBIC * z**3)))),
}


def leaky(z):
    return jnp.where(z > 0, z, 0.01 * z)


LEAKY = {
    "where": times(lambda z: np.where(z > 0, z.dtype.type(1), z.dtype.type(0.01))),
    "masks": times(lambda z: (z > 0) + z.dtype.type(0.01) * (z <= 0)),
    "maximum": times(
        lambda z: np.where(z > z.dtype.type(0.01) * z, z.dtype.type(1), z.dtype.type(0.01))
    ),
    "loop": entry_by_entry(lambda z: z.dtype.type(1 if z > 0 else 0.01)),
    "selected": lambda z, da: np.where(z > 0, da, z.dtype.type(0.01) * da),
    "PyTorch": torch_of(lambda z: __import__("torch").nn.functional.leaky_relu(z, 0.01)),
    "JAX": by_jax(leaky),
}
SIZE = {
    "sign": times(np.sign),
    "z / |z|": times(lambda z: z / np.abs(z)),
    "da z / |z|": lambda z, da: da * z / np.abs(z),
    "|z| / z": times(lambda z: np.abs(z) / z),
    "where": lambda z, da: np.where(z > 0, da, -da),
    "loop": entry_by_entry(lambda z: z / abs(z)),
    "PyTorch": torch_of(lambda z: z.abs()),
    "JAX": by_jax(jnp.abs),
}

ACTIVATIONS = {
    "sigmoid": derived("sigmoid", SIGMOID),
    "tanh": derived("tanh", TANH),
    "relu": derived("relu", RELU),
    "leaky_relu": derived("leaky_relu", LEAKY),
    "softplus": derived("softplus", SOFTPLUS),
    "silu": derived("silu", SILU),
    "gelu": derived("gelu", GELU),
    "gelu_tanh": derived("gelu_tanh", GELU_GATE),
    "sigmoid, composed": Spelled(lambda z: 1 / (1 + jnp.exp(-z)), draws.preactivations, SIGMOID),
    "tanh, composed": Spelled(
        lambda z: (jnp.exp(z) - jnp.exp(-z)) / (jnp.exp(z) + jnp.exp(-z)),
        draws.preactivations,
        TANH,
    ),
    "absolute value": Spelled(jnp.abs, lambda rng: (rng.normal(size=(4, 5)),), SIZE),
}
