"""Convolution as networks say it: a correlation, batch first and channels last."""

from functools import reduce
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..initializers import Initializer, he

Images = Float[Array, "batch height width channels"]
Outputs = Float[Array, "batch rows columns outputs"]


class Conv(NamedTuple):
    """Kernel and bias of a convolution.  Its gradient is a Conv too."""

    w: Float[Array, "taps_down taps_across inputs outputs"]
    b: Float[Array, " outputs"]


def conv2d(layer: Conv, x: Images, stride: int = 1, padding: int = 0) -> Outputs:
    """y[i, j] = sum over u, v of x[s i + u - p, s j + v - p] w[u, v] + b;  0 outside of x.

    s is the stride and p the padding.  Output sizes are (size + 2 p - taps) // s + 1.
    Raises ValueError where the kernel does not fit.  Dumoulin & Visin 2016.
    """
    down, across = layer.w.shape[:2]
    _fits(x.shape[1:3], (down, across), stride, padding)
    sides = (padding, padding)
    x = jnp.pad(x, ((0, 0), sides, sides, (0, 0)))
    taps = [(u, v) for u in range(down) for v in range(across)]
    read = [window(x, (down, across), stride, u, v) @ layer.w[u, v] for u, v in taps]
    y = reduce(jnp.add, read)
    return y + jnp.broadcast_to(layer.b, y.shape)


def window(
    x: Images, taps: tuple[int, int], stride: int, u: int, v: int
) -> Float[Array, "batch rows columns channels"]:
    """What tap (u, v) reads: x[s i + u, s j + v], one entry for each output."""
    high, wide = (places(x.shape[k + 1], taps[k], stride) for k in range(2))
    last = lambda start, count: start + stride * (count - 1) + 1
    return x[:, u : last(u, high) : stride, v : last(v, wide) : stride]


def places(size: int, taps: int, stride: int) -> int:
    """How many outputs there are along one axis."""
    return (size - taps) // stride + 1


def init_conv2d(
    key: Key[Array, ""],
    inputs: int,
    outputs: int,
    taps: int | tuple[int, int] = 3,
    weights: Initializer = he,
    dtype=jnp.float32,
) -> Conv:
    """Kernels drawn by `weights`, with taps times inputs numbers coming in; biases 0."""
    down, across = (taps, taps) if isinstance(taps, int) else taps
    if min(down, across, inputs, outputs) < 1:
        raise ValueError(
            f"taps, inputs, outputs are {(down, across)}, {inputs}, {outputs}; "
            "a convolution wants at least 1 of each"
        )
    w = weights(key, (down * across * inputs, outputs), dtype)
    return Conv(w=w.reshape(down, across, inputs, outputs), b=jnp.zeros(outputs, dtype))


def _fits(sizes: tuple[int, ...], taps: tuple[int, ...], stride: int, padding: int) -> None:
    if stride < 1 or padding < 0:
        raise ValueError(f"stride, padding are {stride}, {padding}; at least 1 and 0 are wanted")
    if any(size + 2 * padding < tap for size, tap in zip(sizes, taps, strict=True)):
        raise ValueError(f"a kernel of {taps} does not fit into {sizes}, padded by {padding}")
