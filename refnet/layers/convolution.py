"""Convolution as networks say it: a correlation, batch first and channels last."""

from functools import reduce
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Key

from ..initializers import Initializer, he

Images = Float[Array, "batch height width channels"]
Outputs = Float[Array, "batch rows columns outputs"]
Signals = Float[Array, "batch length channels"]


class Conv(NamedTuple):
    """Kernel and bias of a convolution.  Its gradient is a Conv too."""

    w: Float[Array, "*taps inputs outputs"]  # taps down and across, or along
    b: Float[Array, " outputs"]


def conv2d(layer: Conv, x: Images, stride: int = 1, padding: int = 0, groups: int = 1) -> Outputs:
    """y[i, j] = sum over u, v of x[s i + u - p, s j + v - p] w[u, v] + b;  0 outside of x.

    s is the stride and p the padding.  Output sizes are (size + 2 p - taps) // s + 1.  With
    groups, each part of the channels makes its part of the outputs, and w has channels / groups
    inputs.  Raises ValueError where the kernel does not fit.  Dumoulin & Visin 2016.
    """
    *taps, inputs, outputs = layer.w.shape
    _fits(x.shape[1:3], layer.w.shape[:2], stride, padding)
    _check_groups(x.shape[-1], (inputs, outputs), groups)
    sides = (padding, padding)
    read = windows(jnp.pad(x, ((0, 0), sides, sides, (0, 0))), (taps[0], taps[1]), stride)
    read = read.reshape(*read.shape[:4], groups, inputs)
    w = layer.w.reshape(taps[0] * taps[1], inputs, groups, outputs // groups)
    y = jnp.einsum("brctgi,tigo->brcgo", read, w)
    return biased(y.reshape(*y.shape[:3], outputs), layer.b)


def conv1d(
    layer: Conv, x: Signals, stride: int = 1, padding: int = 0
) -> Float[Array, "batch places outputs"]:
    """y[i] = sum over u of x[s i + u - p] w[u] + b;  0 outside of x.  As `conv2d`, of a signal.

    Raises ValueError where the kernel does not fit.  Dumoulin & Visin 2016.
    """
    taps = len(layer.w)
    _fits(x.shape[1:2], (taps,), stride, padding)
    x = jnp.pad(x, ((0, 0), (padding, padding), (0, 0)))
    last = stride * (places(x.shape[1], taps, stride) - 1) + 1
    read = jnp.concatenate([x[:, u : u + last : stride] for u in range(taps)], axis=-1)
    return biased(read @ layer.w.reshape(-1, layer.w.shape[-1]), layer.b)


def conv2d_transpose(layer: Conv, x: Images, stride: int = 1, padding: int = 0) -> Outputs:
    """y[s i + u - p, s j + v - p] += x[i, j] w[u, v], then + b: the pullback of a `conv2d`.

    That `conv2d` has the kernel w[u, v]'.  Output sizes are s (size - 1) + taps - 2 p.
    Raises ValueError where nothing is left.  Dumoulin & Visin 2016, chapter 4.
    """
    down, across = layer.w.shape[:2]
    _check_steps(stride, padding)
    rows, columns = (stride * (n - 1) for n in x.shape[1:3])
    sizes = rows + down - 2 * padding, columns + across - 2 * padding
    if min(sizes) < 1:
        raise ValueError(f"the result would be {sizes}; padding is {padding}, a smaller is wanted")
    inside = stride - 1
    spread = lambda u, v: lax.pad(
        x @ layer.w[u, v],
        jnp.zeros((), x.dtype),
        (
            (0, 0, 0),
            (u - padding, down - 1 - u - padding, inside),
            (v - padding, across - 1 - v - padding, inside),
            (0, 0, 0),
        ),
    )
    y = reduce(jnp.add, [spread(u, v) for u in range(down) for v in range(across)])
    return biased(y, layer.b)


def biased(y: Float[Array, "*places outputs"], b: Float[Array, " outputs"]) -> Float[Array, "..."]:
    """y + b at every place."""
    return y + jnp.broadcast_to(b, y.shape)


def windows(
    x: Images, taps: tuple[int, int], stride: int
) -> Float[Array, "batch rows columns taps channels"]:
    """x[s i + u, s j + v]: what every output reads, so that a sum over taps is one product."""
    high, wide = (places(x.shape[k + 1], taps[k], stride) for k in range(2))
    last = lambda start, count: start + stride * (count - 1) + 1
    read = [
        x[:, u : last(u, high) : stride, v : last(v, wide) : stride]
        for u in range(taps[0])
        for v in range(taps[1])
    ]
    return jnp.stack(read, axis=3)


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
    """Kernels drawn by `weights`, for taps times inputs numbers coming in; biases 0."""
    down, across = (taps, taps) if isinstance(taps, int) else taps
    if min(down, across, inputs, outputs) < 1:
        raise ValueError(
            f"taps, inputs, outputs are {(down, across)}, {inputs}, {outputs}; "
            "a convolution wants at least 1 of each"
        )
    w = weights(key, (down, across, inputs, outputs), dtype)
    return Conv(w=w, b=jnp.zeros(outputs, dtype))


def init_conv1d(
    key: Key[Array, ""],
    inputs: int,
    outputs: int,
    taps: int = 3,
    weights: Initializer = he,
    dtype=jnp.float32,
) -> Conv:
    """As `init_conv2d`, with taps along one axis."""
    w, b = init_conv2d(key, inputs, outputs, (taps, 1), weights, dtype)
    return Conv(w=w[:, 0], b=b)


def _check_groups(channels: int, sizes: tuple[int, ...], groups: int) -> None:
    inputs, outputs = sizes
    if groups < 1 or channels % groups or outputs % groups or inputs * groups != channels:
        raise ValueError(
            f"channels, inputs, outputs, groups are {channels}, {inputs}, {outputs}, {groups}; "
            "channels must be groups times inputs, and groups divide the outputs"
        )


def _check_steps(stride: int, padding: int) -> None:
    if stride < 1 or padding < 0:
        raise ValueError(f"stride, padding are {stride}, {padding}; at least 1 and 0 are wanted")


def _fits(sizes: tuple[int, ...], taps: tuple[int, ...], stride: int, padding: int) -> None:
    _check_steps(stride, padding)
    if any(size + 2 * padding < tap for size, tap in zip(sizes, taps, strict=True)):
        raise ValueError(f"a kernel of {taps} does not fit into {sizes}, padded by {padding}")
