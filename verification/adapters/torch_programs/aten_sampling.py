"""ATen's grid_sampler: an image at places between its pixels, without an integer on the way.

A place x takes from pixel i the share max(0, 1 - |x - i|), so that x decides no index; the nearest
pixel is the one that x is rounded to.
"""

import jax.numpy as jnp
import numpy as np

from .memory import NotTraced

BILINEAR, NEAREST = 0, 1
ZEROS, BORDER = 0, 1


def unnormalized(x, size, align_corners):
    """-1 and 1 are the centers of the pixels at the ends, or the ends themselves."""
    return (x + 1) / 2 * (size - 1) if align_corners else ((x + 1) * size - 1) / 2


def padded(x, size, padding, align_corners):
    """The place that is looked at: as it is, at the border, or reflected there."""
    if padding == ZEROS:
        return x
    if padding != BORDER:
        low, high = (0.0, size - 1.0) if align_corners else (-0.5, size - 0.5)
        span = high - low
        away = jnp.mod(jnp.abs(x - low), 2 * span) if span else jnp.zeros_like(x)
        x = jnp.where(away > span, 2 * span - away, away) + low
    return jnp.clip(x, 0.0, size - 1.0)


def shares(x, size, mode):
    """(..., size): how much of each pixel."""
    if mode not in (BILINEAR, NEAREST):
        raise NotTraced("it samples an image by cubic pieces, for which no line is known")
    pixels = np.arange(size, dtype=float)
    if mode == NEAREST:
        return (jnp.round(x)[..., None] == pixels).astype(x.dtype)
    return jnp.maximum(1.0 - jnp.abs(x[..., None] - pixels), 0.0)


def grid_sampler(x, grid, mode, padding, align_corners):
    """x (batch, channels, *sizes), grid (batch, *places, axes), its axes from the last on."""
    sizes, count = x.shape[2:], grid.ndim - 2
    weights = jnp.ones((*grid.shape[:-1], *[1] * len(sizes)), x.dtype)
    for axis, size in enumerate(sizes):
        place = unnormalized(grid[..., len(sizes) - 1 - axis], size, align_corners)
        share = shares(padded(place, size, padding, align_corners), size, mode)
        spread = [size if k == axis else 1 for k in range(len(sizes))]
        weights = weights * share.reshape(*share.shape[:-1], *spread)
    pixels = x.reshape(*x.shape[:2], *[1] * count, *sizes)
    return jnp.sum(pixels * weights[:, None], tuple(range(2 + count, 2 + count + len(sizes))))


SAMPLING = {
    "grid_sampler_2d": grid_sampler,
    "grid_sampler_3d": grid_sampler,
}
