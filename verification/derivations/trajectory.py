"""A rule of refnet run for T steps on given gradients: what the update derivations differentiate.

    theta_0, g_1 .. g_T --> theta_T = theta_0 - r (d_1 + ... + d_T)

The state is unrolled on paper: every d_k is written in g_1 .. g_k alone, so that the derivation
shares nothing with the recursion that the code runs.  Gradients come stacked, step first.
The tables of constants are fractions, so that each is rounded once.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from refnet import Dense

from ..inputs import draws
from ..vocabulary import Case

RATE = 0.037  # r: no power of two, so that a rate used twice or not at all is seen


def after(rule: optax.GradientTransformation, params: Any, gradients: Any) -> Any:
    """theta_T: every leaf of `gradients` is a leaf of `params` with T in front."""
    state = rule.init(params)
    for t in range(steps(gradients)):
        g = jax.tree.map(lambda leaf: leaf[t], gradients)  # noqa: B023
        updates, state = rule.update(g, state, params)
        params = optax.apply_updates(params, updates)
    return params


def pullback(slope: Callable, gradients: Any, dtheta: Any) -> tuple[Any, Any]:
    """The cotangents of theta_0 and of every g_t, from that of theta_T.

    slope(g)[k, t] = dd_k/dg_t, entry by entry.
    """
    pull = lambda g, c: -RATE * jnp.sum(slope(g), axis=0) * c[None]
    return dtheta, jax.tree.map(pull, gradients, dtheta)


def steps(gradients: Any) -> int:
    return len(jax.tree.leaves(gradients)[0])


def fixed(table, like):
    """A table of fractions in the dtype of `like`: the sum declares that each is rounded."""
    exact = np.asarray(table, object)
    near = np.asarray(np.frompyfunc(float, 1, 1)(exact), np.float64)
    rest = np.asarray(np.frompyfunc(_rest, 2, 1)(exact, near), np.float64)
    return jnp.asarray(near, like.dtype) + jnp.asarray(rest, like.dtype)


def same(count: int) -> np.ndarray:
    """The table that is 1 where k = t, else 0."""
    return np.eye(count, dtype=int)


def stretched(table, g):
    """A table over (k, t), for every entry of g: (T, ...)."""
    return fixed(table, g).reshape(*np.shape(table), *(1,) * (g.ndim - 1))


def _rest(exact, near: float) -> float:
    return float(Fraction(int(exact) if isinstance(exact, np.integer) else exact) - Fraction(near))


def lower(table_of: Callable[[int, int], Fraction], count: int) -> np.ndarray:
    """The table whose entry (k, t), 1 <= t <= k <= count, is table_of(k, t); 0 where t > k."""
    table = np.full((count, count), Fraction(0))
    for k in range(1, count + 1):
        for t in range(1, k + 1):
            table[k - 1, t - 1] = table_of(k, t)
    return table


def draw(rng: np.random.Generator) -> tuple:
    """A layer (3, 2) and its gradients at three steps, or five."""
    return _draw(rng, 3 if rng.integers(2) else 5)


def _draw(rng: np.random.Generator, count: int) -> tuple:
    params = Dense(w=draws.reals(rng, 3, 2), b=draws.reals(rng, 2))
    return params, Dense(w=draws.reals(rng, count, 3, 2), b=draws.reals(rng, count, 2))


def draw_gradients(rng: np.random.Generator) -> tuple:
    """Gradients of one leaf at four steps."""
    return (draws.reals(rng, 4, 3),)


def draw_step(rng: np.random.Generator) -> tuple:
    """Parameters, and a direction at each of four steps."""
    return draws.reals(rng, 3), draws.reals(rng, 4, 3)


def descend(theta, d):
    """theta_T = theta_0 - r (d_1 + ... + d_T)."""
    return theta - RATE * jnp.sum(d, axis=0)


def pull_descend(theta, d, dtheta):
    return dtheta, jnp.broadcast_to(-RATE * dtheta, d.shape)


def edge_cases(dtype) -> tuple[Case, ...]:
    """Gradients that stay zero, start or end at zero, never change, or are small or large."""
    del dtype
    params, gradients = _draw(np.random.default_rng(3), 3)

    def case(label: str, change: Callable) -> Case:
        return Case(label, (params, jax.tree.map(change, gradients)))

    return (
        case("every gradient 0", lambda g: 0.0 * g),
        case("first gradient 0", lambda g: g * _at(0, g)),
        case("last gradient 0", lambda g: g * _at(2, g)),
        case("one gradient again and again", lambda g: np.stack([g[0]] * 3)),
        case("turning gradients", lambda g: np.stack([g[0], -g[0], g[0]])),
        case("times 2^-30", lambda g: g * 2.0**-30),
        case("times 2^30", lambda g: g * 2.0**30),
    )


def _at(step: int, g: np.ndarray) -> np.ndarray:
    """0 at one step, 1 at the others."""
    return 1.0 - np.eye(len(g))[step].reshape(-1, *(1,) * (g.ndim - 1))
