"""A residual network of small images, with batch norm and its running state: composition only."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from .activations import relu
from .initializers import Initializer, he
from .layers import (
    Conv,
    Dense,
    Norm,
    Running,
    batch_norm_eval,
    batch_norm_train,
    conv2d,
    dense,
    init_conv2d,
    init_dense,
    init_norm,
    init_running,
)

Images = Float[Array, "batch height width channels"]


class Residual(NamedTuple):
    """Two convolutions, each with its norm, and a way around where sizes change; None elsewhere."""

    first: Conv
    seen: Norm
    second: Conv
    kept: Norm
    around: Conv | None


class ResNet(NamedTuple):
    """A convolution and its norm, the blocks, and the answer.  Its gradient is a ResNet too."""

    stem: Conv
    norm: Norm
    blocks: tuple[Residual, ...]
    out: Dense


def resnet(
    params: ResNet, x: Images, running: tuple[Running, ...], training: bool = False
) -> tuple[Float[Array, "batch classes"], tuple[Running, ...]]:
    """x <- f(N(conv x));  x <- f(around x + N(conv f(N(conv x)))) in each block;  mean(x) w + b.

    N is batch norm, of the batch in training and of `running` else; f = relu; the mean is over
    height and width.  A block that widens halves the image.  He et al. 2016, option B.
    """
    after, states = [], iter(running)

    def normed(norm, x):
        y, state = _batch_norm(norm, next(states), x, training)
        after.append(state)
        return y

    x = relu(normed(params.norm, conv2d(params.stem, x, padding=1)))
    for block in params.blocks:
        stride = 1 if block.around is None else 2
        a = relu(normed(block.seen, conv2d(block.first, x, stride=stride, padding=1)))
        a = normed(block.kept, conv2d(block.second, a, padding=1))
        x = relu(a + (x if block.around is None else conv2d(block.around, x, stride=2)))
    return dense(params.out, jnp.mean(x, axis=(1, 2))), tuple(after)


def _batch_norm(norm: Norm, running: Running, x: Images, training: bool):
    """Every place of every image is an example."""
    rows = x.reshape(-1, x.shape[-1])
    if training:
        y, running = batch_norm_train(norm, running, rows)
        return y.reshape(x.shape), running
    return batch_norm_eval(norm, running, rows).reshape(x.shape), running


def init_resnet(
    key: Key[Array, ""],
    depth: int,
    classes: int,
    channels: tuple[int, ...] = (16, 32),
    blocks: int = 1,
    weights: Initializer = he,
    dtype=jnp.float32,
) -> tuple[ResNet, tuple[Running, ...]]:
    """Weights, and the running state before the first batch; `blocks` for each of `channels`.

    depth is that of the images.  Raises ValueError for sizes below 1.
    """
    if blocks < 1 or not channels:
        raise ValueError(f"channels, blocks are {channels}, {blocks}; at least one of each")
    start, last, *rest = jax.random.split(key, 2 + blocks * len(channels))
    widths = [width for width in channels for _ in range(blocks)]
    made = tuple(
        _init_block(key, before, width, weights, dtype)
        for key, before, width in zip(rest, (channels[0], *widths), widths, strict=False)
    )
    stem = init_conv2d(start, depth, channels[0], 3, weights, dtype)
    out = init_dense(last, channels[-1], classes, dtype=dtype)
    running = (channels[0], *(width for width in widths for _ in range(2)))
    params = ResNet(stem, init_norm(channels[0], dtype), made, out)
    return params, tuple(init_running(size, dtype) for size in running)


def _init_block(key, before: int, width: int, weights: Initializer, dtype) -> Residual:
    first, second, around = jax.random.split(key, 3)
    way = None if before == width else init_conv2d(around, before, width, 1, weights, dtype)
    return Residual(
        first=init_conv2d(first, before, width, 3, weights, dtype),
        seen=init_norm(width, dtype),
        second=init_conv2d(second, width, width, 3, weights, dtype),
        kept=init_norm(width, dtype),
        around=way,
    )
