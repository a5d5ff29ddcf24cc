"""Formulas of operators entry by entry that take more than a line."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import special


def is_integer(x) -> bool:
    """Integers and booleans."""
    dtype = jnp.asarray(x).dtype
    return not jnp.issubdtype(dtype, jnp.floating) and dtype.kind != "c"


def as_float(x):
    """Integers as floats of the width that is on."""
    x = jnp.asarray(x)
    return x.astype(jnp.result_type(float)) if is_integer(x) else x


def whole(f, x, y):
    return f(jnp.asarray(x), y)


def divided(x, y, rounding_mode=None):
    """x / y, rounded down ("floor") or towards 0 ("trunc")."""
    if rounding_mode is None:
        return as_float(x) / y
    if is_integer(x) and is_integer(y):
        if rounding_mode == "floor":
            return jnp.floor_divide(x, y)
        return jnp.sign(x) * jnp.sign(y) * (jnp.abs(x) // jnp.abs(y))
    return jnp.floor(x / y) if rounding_mode == "floor" else jnp.trunc(x / y)


def copied_sign(x, y):
    """|x| with the sign of y; no number where y is 0, because real numbers know no -0."""
    return jnp.where(y == 0, jnp.nan, jnp.where(y < 0, -jnp.abs(x), jnp.abs(x)))


def mantissa_and_exponent(x):
    """m in [1/2, 1) and a whole e with x = m 2^e; 0 has the exponent 0."""
    size = jnp.abs(jax.lax.stop_gradient(x))
    e = jnp.floor(jnp.log(jnp.where(size == 0, 0.5, size)) / np.log(2.0)) + 1
    return x * jnp.exp2(-e), e.astype(int)


def power(x, y):
    """x ** y; a whole number y is an integer, so that negative x have a power."""
    if isinstance(y, float) and y.is_integer() and abs(y) < 64:
        y = int(y)
    if isinstance(y, int) and not is_integer(x):
        return jax.lax.integer_pow(x, y)
    if isinstance(y, float) and y == 0.5:
        return jnp.sqrt(as_float(x))
    if is_integer(x) and is_integer(y):
        return jnp.power(jnp.asarray(x), y)
    return jnp.power(as_float(x), as_float(y))


def gelu(x, approximate="none"):
    """x Phi(x), or x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2."""
    if approximate == "tanh":
        return 0.5 * x * (1 + jnp.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * special.erfc(-x * np.sqrt(0.5))


def gelu_backward(d, x, approximate="none"):
    return jax.vjp(lambda z: gelu(z, approximate), x)[1](d)[0]


def softplus(x, beta=1, threshold=20):
    """log(1 + e^(beta x)) / beta; x itself where beta x is above the threshold."""
    z = beta * x
    return jnp.where(z > threshold, x, jnp.logaddexp(jnp.minimum(z, threshold), 0.0) / beta)


def softplus_backward(d, x, beta, threshold):
    z = beta * x
    return jnp.where(z > threshold, d, d * jax.nn.sigmoid(z))
