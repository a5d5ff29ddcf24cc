"""A layer without end: the state that it no longer changes, and the gradient of that state."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Key

from ..activations import tanh
from ..initializers import Initializer, glorot, orthogonal
from .recurrence import Recurrent

STEPS = 64
Rows = Float[Array, "batch units"]


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _equilibrium(params: Recurrent, x: Float[Array, "batch inputs"], steps: int) -> Rows:
    drive = x @ params.u + jnp.broadcast_to(params.b, (len(x), len(params.b)))
    start = jnp.zeros_like(drive)
    return lax.scan(lambda z, _: (tanh(drive + z @ params.w), None), start, length=steps)[0]


def _kept(params, x, steps):
    z = _equilibrium(params, x, steps)
    return z, (params, x, z)


def _pulled(steps, kept, dz):
    params, x, z = kept
    da = _implicit(params, x, z, dz, steps)
    return Recurrent(x.T @ da, z.T @ da, jnp.sum(da, axis=0)), da @ params.u.T


_equilibrium.defvjp(_kept, _pulled)


def _implicit(params: Recurrent, x: Float[Array, "batch inputs"], z: Rows, dz: Rows, steps: int):
    """da = s v, where v = dz + (s v) w', s the slope of tanh at the state: the same steps again."""
    a = x @ params.u + jnp.broadcast_to(params.b, z.shape) + z @ params.w
    _, s = jax.jvp(tanh, (a,), (jnp.ones_like(a),))
    v, _ = lax.scan(lambda v, _: (dz + (s * v) @ params.w.T, None), dz, length=steps)
    return s * v


def deep_equilibrium(
    params: Recurrent, x: Float[Array, "batch inputs"], steps: int = STEPS
) -> Float[Array, "batch units"]:
    """z = tanh(x u + z w + b): the state that a step leaves as it is, after `steps` of them.

    Pullback of dz: v = dz + (s v) w', da = s v, then as a dense layer; s = 1 - z^2.  Nothing of the
    way to z is kept.  Wants |w| < 1, and |w|^steps below what rounds.  Bai, Kolter & Koltun 2019.
    """
    if steps < 1:
        raise ValueError(f"steps is {steps}; an equilibrium wants at least 1")
    return _equilibrium(params, x, steps)


def init_equilibrium(
    key: Key[Array, ""],
    inputs: int,
    units: int,
    weights: Initializer = glorot,
    dtype=jnp.float32,
) -> Recurrent:
    """u drawn by `weights`, b 0, w half of a rotation: 64 steps leave 2^-64 of the start."""
    if min(inputs, units) < 1:
        raise ValueError(f"inputs, units are {inputs}, {units}; at least 1 of each is wanted")
    seen, kept = jax.random.split(key)
    turn = 0.5 * orthogonal(kept, (units, units), dtype)
    return Recurrent(weights(seen, (inputs, units), dtype), turn, jnp.zeros(units, dtype))
