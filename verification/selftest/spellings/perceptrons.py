"""Perceptrons of any depth: slopes from the stored output or the input, sums in several orders."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from refnet import Dense

from .activations import expit, logistic, stable
from .losses import at_once, minus_one_hot, softmax
from .spelling import Spelled, derived, jax_of, torch_of

# --- (forward, slope of (output, input)) of the hidden units, by many ----------------------------

TANH = {
    "1 - h^2": (np.tanh, lambda h, z: 1 - h * h),
    "(1 - h) (1 + h)": (np.tanh, lambda h, z: (1 - h) * (1 + h)),
    "sech^2": (np.tanh, lambda h, z: 1 / np.cosh(z) ** 2),
}
RELU = {
    "z > 0": (lambda z: np.maximum(z, 0), lambda h, z: (z > 0).astype(z.dtype)),
    "h > 0": (lambda z: np.maximum(z, 0), lambda h, z: (h > 0).astype(z.dtype)),
    "mask": (lambda z: z * (z > 0), lambda h, z: np.where(z > 0, 0 * z + 1, 0 * z)),
}
SIGMOID = {
    "h (1 - h)": (logistic, lambda h, z: h * (1 - h)),
    "h (1 - h), stable": (stable, lambda h, z: h * (1 - h)),
    "s(z) s(-z)": (logistic, lambda h, z: logistic(z) * logistic(-z)),
    "SciPy": (expit, lambda h, z: h * (1 - h)),
}

# --- what a layer has of the cotangent of its sums: (weights, what goes on below) ----------------


def matrices(layer, a, dz):
    return Dense(w=a.T @ dz, b=dz.sum(0)), dz @ layer.w.T


def transposed(layer, a, dz):
    return Dense(w=(dz.T @ a).T, b=np.ones_like(dz[:, 0]) @ dz), (layer.w @ dz.T).T


def einsums(layer, a, dz):
    w, b = np.einsum("bi,bj->ij", a, dz), np.einsum("bj->j", dz)
    return Dense(w=w, b=b), np.einsum("bj,ij->bi", dz, layer.w)


def examples(layer, a, dz):
    """Summed example by example, the last first."""
    w, b = 0 * layer.w, 0 * layer.b
    for k in reversed(range(len(a))):
        w, b = w + np.outer(a[k], dz[k]), b + dz[k]
    return Dense(w=w, b=b), np.stack([layer.w @ d for d in dz])


LAYERS = {"": matrices, ", transposed": transposed, ", einsum": einsums, ", examples": examples}


def passed_back(forward, slope, layer_of, arriving):
    """arriving(output, what is given beside x) is the cotangent of the output."""

    def gradient(params, x, given):
        zs, inputs = [], [x]
        for layer in params:
            zs.append(inputs[-1] @ layer.w + layer.b)
            inputs.append(np.asarray(forward(zs[-1]), x.dtype))
        d, layers = arriving(zs[-1], given), []
        for k in reversed(range(len(params))):
            layer, below = layer_of(params[k], inputs[k], d)
            layers.append(layer)
            if k:
                d = below * slope(inputs[k], zs[k - 1])
        return tuple(layers[::-1]), below

    return gradient


def hands(table: Mapping[str, tuple[Callable, Callable]], *arriving) -> dict[str, Callable]:
    return {
        f"{who}{how}{', second' * k}": passed_back(*pair, layer_of, arrives)
        for k, arrives in enumerate(arriving)
        for who, pair in table.items()
        for how, layer_of in LAYERS.items()
    }


# --- by libraries --------------------------------------------------------------------------------


def outputs(activation):
    """x w + b, layer after layer; tensors and arrays alike."""

    def network(params, x):
        for layer in params[:-1]:
            x = activation(x @ layer.w + layer.b)
        return x @ params[-1].w + params[-1].b

    return network


def torch_entropy(params, x, labels):
    import torch  # pyright: ignore[reportMissingImports]

    z = outputs(lambda z: z.sigmoid())(params, x)
    return torch.nn.functional.cross_entropy(z, labels.long())


def entropy(params, x, labels):
    logs = jax.nn.log_softmax(_plain(jax.nn.sigmoid)(params, x))
    return -jnp.mean(logs[jnp.arange(len(x)), labels])


def _plain(activation):
    """As `outputs`, for JAX where ranks may not be promoted."""

    def network(params, x):
        for layer in params[:-1]:
            x = activation(x @ layer.w + layer.b[None])
        return x @ params[-1].w + params[-1].b[None]

    return network


def squares(params, x, t):
    return jnp.mean((_plain(jnp.tanh)(params, x) - t) ** 2)


def network(torch, jax_activation) -> dict[str, Callable]:
    in_torch, in_jax = outputs(torch), _plain(jax_activation)
    return {
        "PyTorch": torch_of(lambda params, x: in_torch(params, x), (0, 1)),
        "JAX": jax_of(lambda params, x: in_jax(params, x), (0, 1)),
    }


def rows_of(layer_of):
    """Batches of any shape are rows."""

    def gradient(layer, x, dy):
        rows = lambda a: a.reshape(-1, a.shape[-1])
        found, dx = layer_of(layer, rows(x), rows(dy))
        return found, dx.reshape(x.shape)

    return gradient


def all_at_once(layer, x, dy):
    over = tuple(range(x.ndim - 1))
    w = (x[..., :, None] * dy[..., None, :]).sum(over)
    return Dense(w=w, b=dy.sum(over)), (dy[..., None, :] * layer.w).sum(-1)


def affine(layer, x):
    return jnp.einsum("...i,ij->...j", x, layer.w) + layer.b.reshape(*(1,) * (x.ndim - 1), -1)


DENSE = {
    **{f"rows{how}": rows_of(layer_of) for how, layer_of in LAYERS.items()},
    "all at once": all_at_once,
    "tensordot": lambda layer, x, dy: (
        layer._replace(
            w=np.tensordot(x, dy, (range(x.ndim - 1), range(x.ndim - 1))),
            b=dy.reshape(-1, dy.shape[-1]).sum(0),
        ),
        np.tensordot(dy, layer.w, (-1, 1)),
    ),
    "PyTorch": torch_of(lambda layer, x: x @ layer.w + layer.b, (0, 1)),
    "JAX": jax_of(affine, (0, 1)),
}

as_given = lambda z, d: d
PERCEPTRONS: dict[str, Spelled] = {
    "dense": derived("dense", DENSE),
    "mlp": derived("mlp", hands(TANH, as_given) | network(lambda z: z.tanh(), jnp.tanh)),
    "mlp_relu": derived(
        "mlp_relu", hands(RELU, as_given) | network(lambda z: z.relu(), jax.nn.relu)
    ),
    "mlp_mse": derived(
        "mlp_mse",
        hands(
            TANH,
            lambda z, t: 2 * (z - t) / t.size,
            lambda z, t: (z - t) * z.dtype.type(2 / t.size),
        )
        | {
            "PyTorch": torch_of(
                lambda params, x, t: ((outputs(lambda z: z.tanh())(params, x) - t) ** 2).mean(),
                (0, 1),
            ),
            "JAX": jax_of(squares, (0, 1)),
        },
    ),
    "mlp_softmax_cross_entropy": derived(
        "mlp_softmax_cross_entropy",
        hands(
            SIGMOID,
            lambda z, k: minus_one_hot(softmax(z), k),
            lambda z, k: minus_one_hot(np.exp(at_once(z)), k),
        )
        | {"PyTorch": torch_of(torch_entropy, (0, 1)), "JAX": jax_of(entropy, (0, 1))},
    ),
}
PERCEPTRONS = {
    name: spelled._replace(scales=(1.0, 4.0), scaled=(1,)) for name, spelled in PERCEPTRONS.items()
}
