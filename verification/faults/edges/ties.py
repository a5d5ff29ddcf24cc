"""A tie counted twice: every entry that is as large as the largest gets all of what arrives."""

import jax
import jax.numpy as jnp
import numpy as np

from ...vocabulary import Verdict
from .edge_fault import EdgeFault, normal


def fault(name, of, right, wrong, sample=None, argnums: int | tuple[int, ...] = 0) -> EdgeFault:
    return EdgeFault(name, of, right, wrong, sample or normal(5), Verdict.WRONG, argnums)


def first(mask, axis=-1):
    """Of several in a row the first alone."""
    return mask & (np.cumsum(mask, axis=axis) == 1)


def pair(rng):
    return rng.normal(size=5), rng.normal(size=5)


def windows(x):
    return x.reshape(-1, 2)


def pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (2,), (2,), "VALID")


def running(x, g, put):
    """Of running maxima: each goes to where the maximum so far is, by put(mask)."""
    out = np.zeros_like(x)
    for i in range(x.size):
        head = x[: i + 1]
        out[: i + 1] += g[i] * put(head == head.max())
    return out


def reduced(best, axis):
    """The gradient of a maximum or minimum along an axis; `every` tied entry, or the first."""

    def gradient(every):
        def answer(x, g):
            mask = x == best(x, axis=axis, keepdims=True)
            return np.expand_dims(g, axis) * (mask if every else first(mask, axis))

        return answer

    return gradient(False), gradient(True)


def spread(x, put):
    return (put(x == x.max()) * 1.0 - put(x == x.min()) * 1.0).astype(x.dtype)


def both(is_first, is_second):
    """Of the larger or the smaller of two: what each of them gets."""
    return lambda a, b, g: (g * is_first(a, b), g * is_second(a, b))


def largest(x, put):
    return np.sign(x) * put(np.abs(x) == np.abs(x).max())


whole = lambda put: lambda x: put(x == x.max()).astype(x.dtype)
least = lambda put: lambda x: put(x == x.min()).astype(x.dtype)
all_of_it = lambda mask: mask


FAULTS = (
    fault("the largest of all", jnp.max, whole(first), whole(all_of_it)),
    fault("the smallest of all", jnp.min, least(first), least(all_of_it)),
    fault(
        "the largest of a row",
        lambda x: jnp.max(x, axis=1),
        *reduced(np.max, 1),
        normal(3, 4),
    ),
    fault(
        "the largest of a column",
        lambda x: jnp.max(x, axis=0),
        *reduced(np.max, 0),
        normal(3, 4),
    ),
    fault(
        "the smallest of a row",
        lambda x: jnp.min(x, axis=1),
        *reduced(np.min, 1),
        normal(3, 4),
    ),
    fault(
        "the larger of two arrays",
        jnp.maximum,
        both(lambda a, b: a > b, lambda a, b: b >= a),
        both(lambda a, b: a >= b, lambda a, b: b >= a),
        pair,
        (0, 1),
    ),
    fault(
        "the smaller of two arrays",
        jnp.minimum,
        both(lambda a, b: a < b, lambda a, b: b <= a),
        both(lambda a, b: a <= b, lambda a, b: b <= a),
        pair,
        (0, 1),
    ),
    fault(
        "neither of two arrays",
        jnp.maximum,
        both(lambda a, b: a >= b, lambda a, b: b > a),
        both(lambda a, b: a > b, lambda a, b: b > a),
        pair,
        (0, 1),
    ),
    fault(
        "pooling",
        pool,
        lambda x, g: (first(windows(x) == windows(x).max(1, keepdims=True)) * g[:, None]).ravel(),
        lambda x, g: ((windows(x) == windows(x).max(1, keepdims=True)) * g[:, None]).ravel(),
        normal(6),
    ),
    fault(
        "running maxima",
        jax.lax.cummax,
        lambda x, g: running(x, g, first),
        lambda x, g: running(x, g, all_of_it),
    ),
    fault(
        "largest less smallest",
        lambda x: jnp.max(x) - jnp.min(x),
        lambda x: spread(x, first),
        lambda x: spread(x, all_of_it),
    ),
    fault(
        "the largest in size",
        lambda x: jnp.max(jnp.abs(x)),
        lambda x: largest(x, first),
        lambda x: largest(x, all_of_it),
    ),
)
