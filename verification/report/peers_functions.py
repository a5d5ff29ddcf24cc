"""The functions on which gradient checkers are laid side by side, with one wrong entry to order."""

import zlib
from collections.abc import Callable
from functools import cache, cached_property, lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from refnet import mlp, mse, sigmoid, softplus, tanh
from refnet.layers import Dense

from ..measurement.answer import cast

BATCH = 8
PLACES = 32
# How many parameters are wanted -> widths of the network that has about as many.
WIDTHS = {10: (3, 2, 1), 1_000: (20, 40, 4), 100_000: (256, 361, 20), 1_000_000: (784, 1250, 15)}


class Kind(NamedTuple):
    """value(params, data), and its slopes in params: of an elementwise map, the diagonal."""

    name: str
    scalar: bool
    value: Callable
    slopes: Callable  # slopes(params, data) -> one array for each of params
    torch_value: Callable  # the same function as PyTorch's users write it
    draw: Callable[[np.random.Generator, int], tuple]  # (params, data), float64


def elementwise(params, data):
    """w softplus(x), entry by entry."""
    (x,), (w,) = params, data
    return w * softplus(x)


def elementwise_slopes(params, data):
    (x,), (w,) = params, data
    return (w * sigmoid(x),)


def elementwise_torch(params, data):
    import torch  # pyright: ignore[reportMissingImports]

    (x,), (w,) = params, data
    return w * torch.nn.functional.softplus(x)


def elementwise_draw(rng: np.random.Generator, size: int) -> tuple:
    return (rng.normal(size=size),), (rng.normal(size=size),)


def network(params, data):
    """Mean squared error of two layers with tanh between."""
    w1, b1, w2, b2 = params
    x, y = data
    return mse(mlp((Dense(w1, b1), Dense(w2, b2)), x, activation=tanh), y)


def network_torch(params, data):
    import torch  # pyright: ignore[reportMissingImports]

    w1, b1, w2, b2 = params
    x, y = data
    return torch.nn.functional.mse_loss(torch.tanh(x @ w1 + b1) @ w2 + b2, y)


def network_draw(rng: np.random.Generator, size: int) -> tuple:
    inputs, hidden, outputs = WIDTHS[size]
    weights = lambda i, o: rng.normal(size=(i, o)) / np.sqrt(i)
    bias = lambda o: 0.1 * rng.normal(size=o)
    params = weights(inputs, hidden), bias(hidden), weights(hidden, outputs), bias(outputs)
    return params, (rng.normal(size=(BATCH, inputs)), rng.normal(size=(BATCH, outputs)))


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "sum of an elementwise map",
            True,
            lambda params, data: jnp.sum(elementwise(params, data)),
            elementwise_slopes,
            lambda params, data: elementwise_torch(params, data).sum(),
            elementwise_draw,
        ),
        Kind(
            "elementwise map",
            False,
            elementwise,
            elementwise_slopes,
            elementwise_torch,
            elementwise_draw,
        ),
        Kind("network", True, network, jax.grad(network), network_torch, network_draw),
    )
}


class Problem:
    """A function at one point, and the place of the one entry of its gradient that is wrong."""

    def __init__(self, name: str, size: int, seed: int):
        rng = np.random.default_rng([seed, size, zlib.crc32(name.encode())])
        self.kind = KINDS[name]
        self.params, self.data = self.kind.draw(rng, size)
        self.size = sum(p.size for p in self.params)
        self.rng = rng
        self.places = rng.integers(1, self.params[0].size, PLACES)  # in the first array
        self.slopes = cache(self._slopes)  # of dtype: the right ones

    @cached_property
    def rms(self) -> float:
        """Root mean square of the slopes in the array that holds the wrong entry."""
        return float(np.sqrt(np.mean(self.slopes("float64")[0] ** 2)))

    @cached_property
    def place(self) -> int:
        """Of some drawn at random, never 0, one whose slope is about as large as all are."""
        drawn = np.abs(self.slopes("float64")[0].reshape(-1)[self.places])
        return int(self.places[np.argmin(np.abs(drawn - self.rms))])

    @property
    def outputs(self) -> int:
        return 1 if self.kind.scalar else self.size

    def held(self, dtype: str) -> tuple[Any, Any]:
        """(params, data) in the dtype under test."""
        return cast((self.params, self.data), dtype)

    def _slopes(self, dtype: str) -> list[np.ndarray]:
        """Computed in the dtype under test."""
        with jax.enable_x64(True):
            return [np.asarray(s) for s in compiled(self.kind.slopes)(*self.held(dtype))]

    def wrong_slopes(self, dtype: str, error: float) -> list[np.ndarray]:
        """The same with one entry off by error times the root mean square."""
        first, *others = self.slopes(dtype)
        wrong = first.copy()
        wrong.reshape(-1)[self.place] += np.asarray(error * self.rms).astype(dtype)
        return [wrong, *others]


@lru_cache(maxsize=8)
def planted(kind: Kind) -> Callable:
    """function(params, data, slopes), compiled, whose own derivative is the slopes it is given."""

    @jax.custom_jvp
    def function(params, data, slopes):
        return kind.value(params, data)

    @function.defjvp
    def tangent(primals, tangents):
        parts = [slope * t for slope, t in zip(primals[2], tangents[0], strict=True)]
        out = sum(jnp.sum(part) for part in parts) if kind.scalar else parts[0]
        return function(*primals), out

    return jax.jit(function)


@lru_cache(maxsize=8)
def right_gradient(kind: Kind) -> Callable:
    """gradient(params, data[, cotangent]): of an array-valued function, the pullback."""

    def gradient(params, data, cotangent=None):
        slopes = kind.slopes(params, data)
        return slopes if cotangent is None else tuple(s * cotangent for s in slopes)

    return gradient


@lru_cache(maxsize=8)
def compiled(function: Callable) -> Callable:
    return jax.jit(function)
