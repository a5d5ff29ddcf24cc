"""ATen's normalizations: (x - mean) / sqrt(variance + eps), scaled and shifted.

The statistics beside the output have no slope, in PyTorch too: nothing comes back through them.
"""

import jax.numpy as jnp
from jax import lax


def moments(x, axes, eps):
    """The mean, and 1 / sqrt(var + eps), with axes of size 1."""
    mean = jnp.mean(x, axes, keepdims=True)
    return mean, lax.rsqrt(jnp.mean(jnp.square(x - mean), axes, keepdims=True) + eps)


def scaled(x, weight, bias):
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def layer_norm(x, shape, weight, bias, eps):
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    mean, scale = moments(x, axes, eps)
    return scaled((x - mean) * scale, weight, bias), *map(lax.stop_gradient, (mean, scale))


def by_channel(v, x):
    """A vector of channels beside x, whose axis 1 they are."""
    return v if v is None else jnp.reshape(v, (1, -1, *[1] * (x.ndim - 2)))


def batch_norm(x, weight, bias, mean, var, training, momentum, eps):
    """The output, the mean and 1 / sqrt(var + eps) that were used; see running."""
    axes = (0, *range(2, x.ndim))
    affine = by_channel(weight, x), by_channel(bias, x)
    if training:
        middle, scale = moments(x, axes, eps)
        return scaled((x - middle) * scale, *affine), *map(
            lax.stop_gradient, (middle.ravel(), scale.ravel())
        )
    middle, scale = by_channel(mean, x), lax.rsqrt(by_channel(var, x) + eps)
    return scaled((x - middle) * scale, *affine), jnp.zeros((0,)), jnp.zeros((0,))


def running(x, mean, var, momentum):
    """The running mean and variance after a batch; of the variance the unbiased one counts."""
    axes = (0, *range(2, x.ndim))
    n = x.size // x.shape[1]
    batch = jnp.mean(x, axes)
    spread = jnp.sum(jnp.square(x - jnp.mean(x, axes, keepdims=True)), axes) / max(n - 1, 1)
    mix = lambda old, new: (1 - momentum) * old + momentum * new
    return mix(mean, batch), mix(var, spread)


def group_norm(x, weight, bias, n, channels, size, groups, eps):
    split = x.reshape(n, groups, -1)
    mean, scale = moments(split, (2,), eps)
    out = ((split - mean) * scale).reshape(x.shape)
    statistics = lax.stop_gradient(mean[..., 0]), lax.stop_gradient(scale[..., 0])
    return scaled(out, by_channel(weight, x), by_channel(bias, x)), *statistics


NORMS = {
    "native_layer_norm": layer_norm,
    "native_group_norm": group_norm,
    "native_batch_norm": batch_norm,
    "cudnn_batch_norm": batch_norm,
}
