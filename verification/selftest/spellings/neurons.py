"""One neuron, alone and under binary cross-entropy: forward values kept, or made again."""

import jax
import jax.numpy as jnp
import numpy as np

from refnet import Neuron

from .activations import expit, logistic, stable
from .spelling import Spelled, derived, jax_of, torch_of

SLOPES = {
    "a (1 - a)": lambda z: (a := logistic(z)) * (1 - a),
    "a (1 - a), stable": lambda z: (a := stable(z)) * (1 - a),
    "s(z) s(-z)": lambda z: logistic(z) * logistic(-z),
    "a - a^2": lambda z: (a := logistic(z)) - a * a,
    "e^-z / (1 + e^-z)^2": lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
    "SciPy": lambda z: (a := expit(z)) * (1 - a),
}
RESIDUALS = {
    "(1 - y) s(z) - y s(-z)": lambda z, y: (1 - y) * stable(z) - y * stable(-z),
    "a - y": lambda z, y: logistic(z) - y,
    "a - y, stable": lambda z, y: stable(z) - y,
    "a - y, SciPy": lambda z, y: expit(z) - y,
    "through a": lambda z, y: (-y / (a := logistic(z)) + (1 - y) / (1 - a)) * (a * (1 - a)),
    "over a (1 - a)": lambda z, y: ((a := logistic(z)) - y) / (a * (1 - a)) * (a * (1 - a)),
}


def summed(params, x, dz):
    return Neuron(w=(x * dz).sum(), b=dz.sum()), params.w * dz


def dotted(params, x, dz):
    return Neuron(w=x @ dz, b=np.ones_like(dz) @ dz), dz * params.w


def backwards(params, x, dz):
    """A loop over examples, the last first."""
    w, b = 0 * x[0], 0 * x[0]
    for k in reversed(range(len(x))):
        w, b = w + x[k] * dz[k], b + dz[k]
    return Neuron(w=w, b=b), np.array([params.w * d for d in dz])


SUMS = {"": summed, ", dot products": dotted, ", loop": backwards}


def alone(slope, sums):
    return lambda params, x, da: sums(params, x, slope(params.w * x + params.b) * da)


def under_a_loss(residual, sums):
    def gradient(params, x, y):
        dz = residual(params.w * x + params.b, y) / x.dtype.type(x.size)
        return sums(params, x, dz)

    return gradient


def spelled(make, table):
    return {f"{who}{how}": make(f, sums) for who, f in table.items() for how, sums in SUMS.items()}


def torch_loss(params, x, y):
    import torch  # pyright: ignore[reportMissingImports]

    z = params.w * x + params.b
    softplus = lambda u: torch.logaddexp(u, 0 * u)
    return ((1 - y) * softplus(z) + y * softplus(-z)).mean()


def through_sigmoid(params, x, y):
    a = jax.nn.sigmoid(params.w * x + params.b)
    return -jnp.mean(y * jnp.log(a) + (1 - y) * jnp.log1p(-a))


NEURONS: dict[str, Spelled] = {
    "neuron": derived(
        "neuron",
        spelled(alone, SLOPES)
        | {
            "PyTorch": torch_of(lambda params, x: (params.w * x + params.b).sigmoid(), (0, 1)),
            "JAX": jax_of(lambda params, x: jax.nn.sigmoid(params.w * x + params.b), (0, 1)),
        },
        scales=(1.0, 2.0),  # at 4 a z of -47 is drawn: the square of e^47 overflows in float32
        scaled=(1,),
    ),
    "logistic_neuron": derived(
        "logistic_neuron",
        spelled(under_a_loss, RESIDUALS)
        | {"PyTorch": torch_of(torch_loss, (0, 1)), "JAX": jax_of(through_sigmoid, (0, 1))},
        scales=(0.5, 1.0),
        scaled=(1,),
    ),
}
