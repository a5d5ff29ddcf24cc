"""A convolutional network: composition only, no new mathematics."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from .activations import relu
from .initializers import Initializer, he
from .layers import Conv, Dense, conv2d, init_conv2d, max_pool
from .networks import init_mlp, mlp


class LeNet(NamedTuple):
    """Two convolutions and the perceptron behind them.  Its gradient is a LeNet too."""

    first: Conv
    second: Conv
    head: tuple[Dense, ...]


def lenet(
    params: LeNet, x: Float[Array, "batch height width channels"], activation: Callable = relu
) -> Float[Array, "batch classes"]:
    """Twice: convolution, activation, the largest of each 2 by 2;  then a perceptron of one row.

    Images keep their size in a convolution, and halve in pooling; an odd last row is left out.
    LeCun et al. 1998, Gradient-based learning applied to document recognition, in today's pieces.
    """
    for layer in (params.first, params.second):
        x = max_pool(activation(conv2d(layer, x, padding=layer.w.shape[0] // 2)))
    return mlp(params.head, x.reshape(len(x), -1), activation)


def init_lenet(
    key: Key[Array, ""],
    image: tuple[int, int, int],
    classes: int,
    channels: tuple[int, int] = (8, 16),
    hidden: int = 32,
    weights: Initializer = he,
    dtype=jnp.float32,
) -> LeNet:
    """For images of (height, width, channels): kernels of 3 by 3, weights drawn by `weights`.

    Raises ValueError for images of less than 4 by 4, which do not halve twice.
    """
    height, width, depth = image
    if min(height, width) < 4:
        raise ValueError(f"image is {image}; two poolings want at least 4 by 4")
    first, second, head = jax.random.split(key, 3)
    flat = (height // 4) * (width // 4) * channels[1]
    return LeNet(
        first=init_conv2d(first, depth, channels[0], 3, weights, dtype),
        second=init_conv2d(second, *channels, 3, weights, dtype),
        head=init_mlp(head, (flat, hidden, classes), weights, dtype),
    )
