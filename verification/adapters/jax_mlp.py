"""JAX's gradients of refnet's multilayer perceptron: by reverse autodiff, and derived by hand.

Real data are brought to the dtype of the weights.  Nothing is compiled here.
"""

from collections.abc import Callable
from functools import lru_cache

import jax
import jax.numpy as jnp

from refnet import ACTIVATIONS, LOSSES, mlp

from ..derivations import ALL as DERIVATIONS
from ..derivations.mlp import backward, forward


@lru_cache(maxsize=64)
def objective(activation: str, loss: str) -> Callable:
    """value(params, x, y) = loss(mlp(params, x), y): one function for one pair of names."""
    f, of = ACTIVATIONS[activation], LOSSES[loss]

    def value(params, x, y):
        return of(mlp(params, like(params, x), activation=f), like(params, y))

    return value


@lru_cache(maxsize=64)
def autodiff(activation: str, loss: str) -> Callable:
    """gradient(params, x, y) -> d loss / d params by reverse autodiff."""
    return jax.grad(objective(activation, loss))


@lru_cache(maxsize=64)
def autodiff_in(dtype: str, activation: str, loss: str) -> Callable:
    """The same, computed in `dtype` and rounded to that of the weights at the end."""
    value = objective(activation, loss)

    def gradient(params, x, y):
        wide = lambda params: jax.tree.map(lambda w: w.astype(dtype), params)
        return jax.grad(lambda params: value(wide(params), x, y))(params)

    return gradient


@lru_cache(maxsize=64)
def by_hand(activation: str, loss: str) -> Callable:
    """gradient(params, x, y) -> d loss / d params by the derivations."""
    f, pull, residual = (
        ACTIVATIONS[activation],
        DERIVATIONS[activation].gradient,
        DERIVATIONS[loss].gradient,
    )

    def gradient(params, x, y):
        x, y = like(params, x), like(params, y)
        zs, _ = forward(params, x, f)
        return backward(params, x, residual(zs[-1], y)[0], f, pull)[0]

    return gradient


def like(params, data):
    """Real data in the dtype of the weights; class labels as they are."""
    real = jnp.issubdtype(data.dtype, jnp.floating)
    return jnp.asarray(data, params[0].w.dtype) if real else data
