"""Slopes that are made of stored outputs, held against the bound of a pullback."""

import jax
import jax.numpy as jnp
import numpy as np

from verification.measurement.budget import running_bound

Z = np.array([-7.5, -2.0, -0.5, 0.25, 1.5, 4.0, 7.5], np.float32)
ONE = np.ones_like(Z)


def pullback(f):
    return lambda z, d: jax.vjp(f, z)[1](d)[0]


def outside(got, f, of, at=Z):
    """Entries further from the slope of f than the bound of the pullback of `of`."""
    with jax.enable_x64(True):
        truth = np.asarray(pullback(f)(jnp.asarray(at, float), jnp.ones(len(at), float)))
    (allowed,) = running_bound(pullback(of), (at, np.ones_like(at)), "float32")
    return np.abs(got - truth) > allowed
