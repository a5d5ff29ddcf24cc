"""Naive backward passes, the stable ones beside them, and the wrong ones that look like them.

Each is written once for NumPy, JAX and numbers of any kind: integers are the only constants in
it, so that every operation stays in the dtype it is given.  (x, d) -> dx, d the cotangent; x is
an array of numbers, or of rows.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.special import logsumexp


def namespace(x) -> Any:
    """The library that x belongs to: numpy or jax.numpy."""
    return x.__array_namespace__()


def naive_sigmoid(z):
    return 1 / (1 + namespace(z).exp(-z))


def stable_sigmoid(z):
    """1 / (1 + e^-z) for z > 0, else e^z / (1 + e^z): e^-|z| never overflows."""
    xp = namespace(z)
    e = xp.exp(-xp.abs(z))
    return xp.where(z > 0, 1 / (1 + e), e / (1 + e))


# --- one number in, one out -------------------------------------------------------------------


def log_of_probability(z, d, sign=-1):
    """-log a: dL/da = -1/a, times da/dz = a (1 - a).  Wrong: the minus of -log is lost."""
    a = naive_sigmoid(z)
    return sign * (1 / a) * (a * (1 - a)) * d


def log_of_other_probability(z, d, sign=1):
    """-log(1 - a): dL/da = 1 / (1 - a), times a (1 - a).  Wrong: only one minus of two."""
    a = naive_sigmoid(z)
    return sign * (1 / (1 - a)) * (a * (1 - a)) * d


def one_minus_a(z, d):
    a = stable_sigmoid(z)
    return a * (1 - a) * d


def one_minus_a_twice(z, d):
    """The wrong variable: 1 - a where a belongs."""
    a = stable_sigmoid(z)
    return (1 - a) * (1 - a) * d


def naive_logistic(z, d):
    """What autodiff makes of 1 / (1 + e^-z)."""
    e = namespace(z).exp(-z)
    return e / ((1 + e) * (1 + e)) * d


def not_squared(z, d):
    """1 / u differentiated as log u."""
    e = namespace(z).exp(-z)
    return e / (1 + e) * d


def one_minus_square(z, d):
    a = namespace(z).tanh(z)
    return (1 - a * a) * d


def one_minus_tanh(z, d):
    """The square is forgotten."""
    return (1 - namespace(z).tanh(z)) * d


def stable_tanh_slope(z, d):
    xp = namespace(z)
    e = xp.exp(-2 * xp.abs(z))
    return 4 * e / ((1 + e) * (1 + e)) * d


def naive_softplus(z, d):
    """log u: 1 / u, times du/dz = e^z."""
    e = namespace(z).exp(z)
    return e / (1 + e) * d


# --- rows in, one number out ------------------------------------------------------------------


def label_first(z):
    """-log softmax(z)_0 = log(1 + e^u), u the log of the sum of the others' e^z, less z_0."""
    return jax.nn.softplus(logsumexp(z[..., 1:], axis=-1) - z[..., 0])


def softmax(z, shift):
    xp = namespace(z)
    e = xp.exp(z - shift)
    return e / xp.sum(e, axis=-1, keepdims=True)


def largest(z):
    return namespace(z).max(z, axis=-1, keepdims=True)


def first_and_rest(first, rest):
    return namespace(rest).concatenate([first, rest], axis=-1)


def through_probabilities(z, d):
    """-log p_0: dL/dp = (-1 / p_0, 0, ...), then dz = p (dp - sum p dp)."""
    p, xp = softmax(z, largest(z)), namespace(z)
    dp = first_and_rest(-1 / p[..., :1], xp.zeros_like(p[..., 1:]))
    return p * (dp - xp.sum(p * dp, axis=-1, keepdims=True)) * d[..., None]


def diagonal_only(z, d):
    """The softmax's Jacobian without what is off its diagonal: dz = p (1 - p) dp."""
    p, xp = softmax(z, largest(z)), namespace(z)
    dp = first_and_rest(-1 / p[..., :1], xp.zeros_like(p[..., 1:]))
    return p * (1 - p) * dp * d[..., None]


def softmax_less_label(z, d):
    """p - (1, 0, ...), where p_0 - 1 is minus the sum of the others."""
    others = softmax(z, largest(z))[..., 1:]
    first = -namespace(z).sum(others, axis=-1, keepdims=True)
    return first_and_rest(first, others) * d[..., None]


def unshifted(z, d):
    return softmax(z, namespace(z).zeros_like(z)) * d[..., None]


def unshifted_mean(z, d):
    """The mean of e^z differentiated as their sum is, or the other way round."""
    return unshifted(z, d) / z.shape[-1]


def shifted(z, d):
    return softmax(z, largest(z)) * d[..., None]


def deviation(x):
    """The standard deviation of each row, in two passes."""
    centred = x - jnp.mean(x, axis=-1, keepdims=True)
    return jnp.sqrt(jnp.mean(centred * centred, axis=-1))


def mean(x):
    return namespace(x).sum(x, axis=-1, keepdims=True) / x.shape[-1]


def of_squares(x, d):
    """s = sqrt(E[x^2] - E[x]^2):  (x - E[x]) / (n s)."""
    s = namespace(x).sqrt(mean(x * x) - mean(x) * mean(x))
    return (x - mean(x)) / (x.shape[-1] * s) * d[..., None]


def of_squares_summed(x, d):
    """The 1/n is missing."""
    return of_squares(x, d) * x.shape[-1]


def in_two_passes(x, d):
    """The mean is taken out twice: the first time it is rounded as a large number is."""
    centred = x - mean(x)
    centred = centred - mean(centred)
    s = namespace(x).sqrt(mean(centred * centred))
    return centred / (x.shape[-1] * s) * d[..., None]


def length(x):
    """m |x / m|, m the largest entry: no square overflows, and one does not vanish."""
    m = lax.stop_gradient(jnp.max(jnp.abs(x), axis=-1, keepdims=True))
    return m[..., 0] * jnp.sqrt(jnp.sum((x / m) ** 2, axis=-1))


def over_root_of_squares(x, d):
    xp = namespace(x)
    return x / xp.sqrt(xp.sum(x * x, axis=-1, keepdims=True)) * d[..., None]


def half_of_it(x, d):
    """The root is differentiated, the squares are not."""
    return over_root_of_squares(x, d) / 2


def scaled_length(x, d):
    return over_root_of_squares(x / largest(namespace(x).abs(x)), d)
