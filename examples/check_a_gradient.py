"""Check a gradient written by hand in NumPy: logistic regression, right and with two mistakes."""

import jax.numpy as jnp
import numpy as np

import refnet as rn
import verification as vf


def loss(w, b, x, y):
    """The function that was differentiated; traceable by JAX, so that it can be judged."""
    z = x @ w + jnp.broadcast_to(b, y.shape)
    return rn.binary_cross_entropy_with_logits(z, y)


def gradient(w, b, x, y):
    """(p - y) x and p - y, means over the examples."""
    p = 1 / (1 + np.exp(-(x @ w + b)))
    return x.T @ (p - y) / len(y), (p - y).mean()


def summed(w, b, x, y):
    """Mistake: the bias gradient is a sum where the loss is a mean."""
    dw, db = gradient(w, b, x, y)
    return dw, db * len(y)


def slope_of_mse(w, b, x, y):
    """Mistake: the slope of the sigmoid is still there; with this loss it cancels."""
    p = 1 / (1 + np.exp(-(x @ w + b)))
    dz = (p - y) * p * (1 - p)
    return x.T @ dz / len(y), dz.mean()


def sample(rng):
    """A point to look at: sizes that differ, nothing equal to 0 or 1."""
    x = rng.normal(size=(12, 5))
    return rng.normal(size=5), rng.normal(), x, rng.uniform(0.1, 0.9, size=12)


for candidate in (gradient, summed, slope_of_mse):
    finding = vf.validate(candidate, of=loss, args=sample, argnums=(0, 1))
    print(f"{candidate.__name__}: {finding.verdict}: {finding.reason}")
