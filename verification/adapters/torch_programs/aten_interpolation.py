"""ATen's interpolations by PyTorch's own weights: linear in x, one axis after another.

How much of each pixel is taken hangs on the rounding of places, so that the weights along an axis
are what the operator makes of the rows of an identity.  A place is rounded in units of the size.
"""

import sys

import jax.numpy as jnp
from jax import lax


def weights(name, size, out, align_corners, scale):
    """(size, out): how much of each pixel.

    Beside a second axis of two: where one axis has one place, PyTorch takes channels for another.
    """
    torch = sys.modules["torch"]
    operator = getattr(torch.ops.aten, name).default
    with torch._C._DisableTorchDispatch():
        rows = torch.zeros(1, size, size, 2, dtype=torch.float64)
        rows[0, :, :, 0] = torch.eye(size)
        return operator(rows, [out, 2], align_corners, scale, None)[0, :, :, 0].numpy()


def at_places(weight, size, x):
    """The weights, rounded as numbers of the size of x are: (w + size) - size."""
    size = size + 0.0 * lax.stop_gradient(jnp.ravel(x)[0])
    return (weight + size) - size


def resized(name):
    """x is (batch, channels, height, width)."""

    def line(x, sizes, align_corners, scale_h=None, scale_w=None):
        asked = zip(x.shape[2:], sizes, (scale_h, scale_w), strict=True)
        down, across = (
            at_places(weights(name, size, out, align_corners, scale), size, x)
            for size, out, scale in asked
        )
        return jnp.einsum("nchw,hp,wq->ncpq", x, down, across)

    def by_factors(x, sizes, align_corners, factors=None):
        factors = factors or (None, None)
        scaled = [int(size * f) for size, f in zip(x.shape[2:], factors, strict=True) if f]
        return line(x, sizes or scaled, align_corners, *factors)

    return {name: line, f"{name}.vec": by_factors}


RESIZED = ("upsample_bicubic2d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa")
INTERPOLATION = {key: line for name in RESIZED for key, line in resized(name).items()}
