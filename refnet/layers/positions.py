"""Positions: waves that are added to what stands there, or angles by which it is turned."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def sinusoidal_positions(
    length: int, width: int, base: float = 10000.0, dtype=jnp.float32
) -> Float[Array, "length width"]:
    """p[t, 2 k] = sin(t base^(-2 k / width)),  p[t, 2 k + 1] = cos of the same.

    Raises ValueError for an odd width.  Vaswani et al. 2017, section 3.5.
    """
    angle = angles(length, width, base, dtype)
    return jnp.stack([jnp.sin(angle), jnp.cos(angle)], axis=-1).reshape(length, width)


def rotary(x: Float[Array, "*batch t d"], base: float = 10000.0) -> Float[Array, "*batch t d"]:
    """(y1, y2) = (x1 cos a - x2 sin a, x1 sin a + x2 cos a), a = t base^(-2 k / d), for each k.

    x1, x2 are columns k and k + d / 2: the halves are paired, as in GPT-NeoX and LLaMA.  Of
    queries and keys so turned, the product knows their distance alone.
    Pullback: dy turned back.  Raises ValueError for an odd d.  Su et al. 2021, section 3.2.
    """
    angle = angles(x.shape[-2], x.shape[-1], base, x.dtype)
    return turned(x, jnp.cos(angle), jnp.sin(angle))


def turned(
    x: Float[Array, "*batch t d"], cos: Float[Array, "t half"], sin: Float[Array, "t half"]
) -> Float[Array, "*batch t d"]:
    """The two halves of the columns as the coordinates of points, turned."""
    a, b = jnp.split(x, 2, axis=-1)
    cos, sin = (jnp.broadcast_to(w, a.shape) for w in (cos, sin))
    return jnp.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)


def angles(length: int, width: int, base: float, dtype) -> Float[Array, "length half"]:
    """t base^(-2 k / width)."""
    if width < 2 or width % 2:
        raise ValueError(f"width is {width}; positions want pairs of columns, an even number")
    rates = base ** (-jnp.arange(0, width, 2, dtype=dtype) / width)
    return jnp.arange(length, dtype=dtype)[:, None] * rates[None, :]
