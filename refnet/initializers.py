"""Initialisers: (key, shape, dtype) -> weights.  What they set is the variance.

A shape is (in, out), or (taps, ..., in, out) of a convolution: each output then reads taps times in
numbers, and each input is read by taps times out.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

Weights = Float[Array, "*taps inputs outputs"]
Shape = tuple[int, ...]
CUT = 0.87962566103423978  # the deviation of a normal cut at 2 of its own
Initializer = Callable[..., Weights]


def zeros(key: Key[Array, ""], shape: Shape, dtype=jnp.float32) -> Weights:
    """0 everywhere.  Hidden units then stay equal for ever: for biases and counterexamples."""
    del key
    return jnp.zeros(shape, dtype)


def glorot(key: Key[Array, ""], shape: Shape, dtype=jnp.float32) -> Weights:
    """Uniform, variance 2 / (in + out).  For tanh and sigmoid.  Glorot & Bengio 2010, eq. 16."""
    return _uniform(key, shape, dtype, variance=2.0 / sum(fans(shape)))


def he(key: Key[Array, ""], shape: Shape, dtype=jnp.float32) -> Weights:
    """Normal, variance 2 / in.  For ReLU and its kin.  He et al. 2015, eq. 10."""
    return _normal(key, shape, dtype, variance=2.0 / fans(shape)[0])


def lecun(key: Key[Array, ""], shape: Shape, dtype=jnp.float32) -> Weights:
    """Normal, variance 1 / in.  LeCun et al. 1998, Efficient BackProp, eq. 16."""
    return _normal(key, shape, dtype, variance=1.0 / fans(shape)[0])


def truncated_normal(key: Key[Array, ""], shape: Shape, dtype=jnp.float32) -> Weights:
    """Normal, cut at two of its deviations; variance 1 / in after the cut.  Szegedy et al. 2015."""
    return _cut(key, shape, dtype, variance=1.0 / fans(shape)[0])


def orthogonal(key: Key[Array, ""], shape: Shape, dtype=jnp.float32) -> Weights:
    """w' w = 1, or w w' = 1 where there are more columns than rows; evenly over all such w.

    Q of a normal matrix, its columns signed so that R has a positive diagonal.  The taps of a
    convolution count as inputs.  Saxe, McClelland & Ganguli 2014.
    """
    rows, columns = fans(shape)[0], shape[-1]
    working = jnp.float64 if dtype == jnp.float64 else jnp.float32
    size = (max(rows, columns), min(rows, columns))
    q, r = jnp.linalg.qr(jax.random.normal(key, size, working))
    q = q * jnp.sign(jnp.diagonal(r))[None, :]
    return (q if rows >= columns else q.T).reshape(shape).astype(dtype)


def variance_scaling(
    scale: float = 1.0, mode: str = "in", distribution: str = "normal"
) -> Initializer:
    """The initialiser of variance scale / n:  n is what comes in, goes out, or the mean of both.

    mode is "in", "out" or "mean"; distribution "normal", "truncated" or "uniform".
    he is (2, in, normal), glorot (1, mean, uniform).  Raises ValueError for other words.
    """
    draws = {"normal": _normal, "truncated": _cut, "uniform": _uniform}
    count = {"in": lambda i, o: i, "out": lambda i, o: o, "mean": lambda i, o: (i + o) / 2.0}
    if mode not in count or distribution not in draws or not 0.0 < scale < math.inf:
        raise ValueError(
            f"scale, mode, distribution are {scale!r}, {mode!r}, {distribution!r}; wanted are a "
            f"number above 0, one of {', '.join(count)}, and one of {', '.join(draws)}"
        )

    def initializer(key: Key[Array, ""], shape: Shape, dtype=jnp.float32) -> Weights:
        return draws[distribution](key, shape, dtype, variance=scale / count[mode](*fans(shape)))

    return initializer


def fans(shape: Shape) -> tuple[int, int]:
    """What comes in, and what goes out: (taps in, taps out).  Raises ValueError for a vector."""
    if len(shape) < 2:
        raise ValueError(f"shape is {tuple(shape)}; weights have inputs and outputs")
    taps = math.prod(shape[:-2])
    return taps * shape[-2], taps * shape[-1]


def _uniform(key, shape, dtype, variance: float) -> Weights:
    limit = (3.0 * variance) ** 0.5
    return jax.random.uniform(key, shape, dtype, -limit, limit)


def _normal(key, shape, dtype, variance: float) -> Weights:
    return jax.random.normal(key, shape, dtype) * variance**0.5


def _cut(key, shape, dtype, variance: float) -> Weights:
    return jax.random.truncated_normal(key, -2.0, 2.0, shape, dtype) * (variance**0.5 / CUT)


INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "glorot": glorot,
    "he": he,
    "lecun": lecun,
    "truncated_normal": truncated_normal,
    "orthogonal": orthogonal,
}
