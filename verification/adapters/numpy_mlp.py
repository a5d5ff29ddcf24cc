"""NumPy's backpropagation of a multilayer perceptron, written by hand, in any dtype of NumPy.

Every operation is rounded to the dtype of its operands.  Sums are of two kinds:

wide        products and sums in float32, rounded to the format once; float64 and longdouble in
            themselves, by whatever order the library has
in order    each product and each partial sum rounded to the format, one term after the other:
            what a naive kernel does, and slow here

Formulas are those that keep their digits where units saturate.
"""

from collections.abc import Callable, Sequence

import numpy as np
from flint import arb, ctx
from scipy import special

from refnet import Dense

ROOT_2 = 2.0**0.5  # as refnet has it: its double is part of the function, its square is not 2
TWO = np.longdouble(ROOT_2) ** 2
ROOT_2_PI = np.sqrt(4 * np.arctan(np.longdouble(1))) * ROOT_2


def gradient(activation: str, loss: str, in_order: bool = False) -> Callable:
    """gradient(params, x, y) -> d loss / d params of an mlp, as Dense of NumPy arrays.

    Raises KeyError for an activation or a loss that is not in the tables.
    """
    (f, slope), residual = ACTIVATIONS[activation], LOSSES[loss]
    dot, total = IN_ORDER if in_order else WIDE

    def backpropagation(params: Sequence[Dense], x, y) -> tuple[Dense, ...]:
        with np.errstate(all="ignore"):  # overflow is judged, not warned of
            zs, inputs = [], [like(params, x)]
            for w, b in params:
                zs.append(dot(inputs[-1], w) + b)
                inputs.append(f(zs[-1]))
            delta, layers = residual(zs[-1], like(params, y), total), []
            for l in reversed(range(len(params))):
                layers.append(Dense(dot(inputs[l].T, delta), total(delta, 0)))
                if l > 0:
                    delta = slope(zs[l - 1]) * dot(delta, np.asarray(params[l].w).T)
        return tuple(layers[::-1])

    return backpropagation


def like(params: Sequence[Dense], data) -> np.ndarray:
    """Real data in the dtype of the weights; class labels as they are."""
    data = np.asarray(data)
    return data if data.dtype.kind in "iu" else data.astype(np.asarray(params[0].w).dtype)


# --- sums ------------------------------------------------------------------------------------


def wide(x):
    return x.astype(np.float32) if x.dtype.itemsize < 4 else x


def wide_dot(a, b):
    return (wide(a) @ wide(b)).astype(a.dtype)


def wide_total(x, axis: int):
    return wide(x).sum(axis).astype(x.dtype)


def dot_in_order(a, b):
    terms = (a[:, k, None] * b[None, k] for k in range(a.shape[1]))
    return added(terms)


def total_in_order(x, axis: int):
    return added(np.moveaxis(x, axis, 0))


def added(terms):
    """((t_1 + t_2) + t_3) + ..., each sum rounded."""
    terms = iter(terms)
    value = next(terms)
    for term in terms:
        value = value + term
    return value


WIDE, IN_ORDER = (wide_dot, wide_total), (dot_in_order, total_in_order)


# --- activations: the function, and its slope ------------------------------------------------


def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z > 0, z.dtype.type(1), e) / (1 + e)


def sigmoid_slope(z):
    e = np.exp(-np.abs(z))
    return e / ((1 + e) * (1 + e))


def tanh_slope(z):
    secant = 1 / np.cosh(z)
    return secant * secant


def softplus(z):
    return np.maximum(z, z.dtype.type(0)) + np.log1p(np.exp(-np.abs(z)))


def normal(z):
    """P(z) = erfc(-z / sqrt 2) / 2."""
    return z.dtype.type(0.5) * erfc(-z / z.dtype.type(ROOT_2))


def gelu_slope(z):
    two, root = z.dtype.type(TWO), z.dtype.type(ROOT_2_PI)
    return normal(z) + z * (np.exp(-(z * z) / two) / root)


def erfc(x):
    """SciPy's, rounded once to formats below float32; beyond float64 by balls of 128 bits."""
    if x.dtype == np.longdouble and np.finfo(np.longdouble).eps < np.finfo(np.float64).eps:
        with ctx.workprec(128):
            return np.frompyfunc(_ball_erfc, 1, 1)(x).astype(np.longdouble)
    return special.erfc(wide(x)).astype(x.dtype)


def _ball_erfc(x) -> np.longdouble:
    high = float(x)
    value = (arb(high) + arb(float(x - high))).erfc().mid()
    high = float(value)
    return np.longdouble(high) + np.longdouble(float(value - high))


ACTIVATIONS: dict[str, tuple[Callable, Callable]] = {
    "tanh": (np.tanh, tanh_slope),
    "relu": (lambda z: np.maximum(z, z.dtype.type(0)), lambda z: (z > 0).astype(z.dtype)),
    "sigmoid": (sigmoid, sigmoid_slope),
    "softplus": (softplus, sigmoid),
    "gelu": (lambda z: z * normal(z), gelu_slope),
}


# --- losses: the slope in the output of the network ------------------------------------------


def mse(z, y, total):
    error = z - y
    return error * z.dtype.type(2.0 / z.size)


def binary_cross_entropy_with_logits(z, y, total):
    return ((1 - y) * sigmoid(z) - y * sigmoid(-z)) / z.dtype.type(z.size)


def softmax_cross_entropy_with_integer_labels(z, y, total):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    p = e / total(e, -1)[:, None]
    hit = np.arange(z.shape[-1]) == np.asarray(y)[:, None]
    return (p - hit.astype(z.dtype)) / z.dtype.type(len(z))


LOSSES: dict[str, Callable] = {
    "mse": mse,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "softmax_cross_entropy_with_integer_labels": softmax_cross_entropy_with_integer_labels,
}
