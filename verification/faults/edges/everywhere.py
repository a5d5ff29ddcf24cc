"""0/0 where all entries are 0 or equal: a norm, a spread or an inverse is divided out again."""

import jax
import jax.numpy as jnp
import numpy as np

from ...vocabulary import Verdict
from .edge_fault import EdgeFault, normal


def fault(name, of, right, wrong, sample=None, argnums: int | tuple[int, ...] = 0) -> EdgeFault:
    return EdgeFault(name, of, right, wrong, sample or normal(5), Verdict.INACCURATE, argnums)


def norm(x, axis=None):
    return np.sqrt((x * x).sum(axis, keepdims=axis is not None))


def centred(x, axis=None):
    return x - x.mean(axis, keepdims=axis is not None)


def minors(a):
    """The gradient of a determinant of order 3: no division."""
    rows = [np.cross(a[1], a[2]), np.cross(a[2], a[0]), np.cross(a[0], a[1])]
    return np.stack(rows)


def minors_of_two(a):
    return np.array([[a[1, 1], -a[1, 0]], [-a[0, 1], a[0, 0]]])


def total(x):
    """A sum over its root, as from a chain of square roots."""
    return 2 * x * norm(x) / norm(x)


def pair(rng):
    return rng.normal(size=5), rng.normal(size=5)


def conditioned(rng):
    return (rng.normal(size=(2, 2)) + 3 * np.eye(2),)


def vectors(rng):
    return rng.normal(size=3), rng.normal(size=3)


FAULTS = (
    fault(
        "determinant by an inverse",
        jnp.linalg.det,
        minors,
        lambda a: np.linalg.det(a) * np.linalg.inv(a).T,
        normal(3, 3),
    ),
    fault(
        "determinant of order two by an inverse",
        lambda a: a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0],
        minors_of_two,
        lambda a: np.linalg.det(a) * np.linalg.inv(a).T,
        conditioned,
    ),
    fault(
        "square of a determinant by an inverse",
        lambda a: jnp.linalg.det(a) ** 2,
        lambda a: 2 * np.linalg.det(a) * minors(a),
        lambda a: 2 * np.linalg.det(a) ** 2 * np.linalg.inv(a).T,
        normal(3, 3),
    ),
    fault(
        "squares through their norm",
        lambda x: jnp.sum(x * x),
        lambda x: 2 * x,
        total,
    ),
    fault(
        "squares of rows through their norms",
        lambda x: jnp.sum(x * x, axis=1),
        lambda x, g: 2 * x * g[:, None],
        lambda x, g: 2 * norm(x, 1) * (x / norm(x, 1)) * g[:, None],
        normal(3, 4),
    ),
    fault(
        "fourth power of a norm",
        lambda x: jnp.sum(x * x) ** 2,
        lambda x: 4 * (x * x).sum() * x,
        lambda x: 4 * norm(x) ** 3 * (x / norm(x)),
    ),
    fault(
        "variance through the deviation",
        jnp.var,
        lambda x: 2 * centred(x) / x.size,
        lambda x: 2 * norm(centred(x)) * (centred(x) / norm(centred(x))) / x.size,
    ),
    fault(
        "variances of rows through their deviations",
        lambda x: jnp.var(x, axis=1),
        lambda x, g: 2 * centred(x, 1) * g[:, None] / x.shape[1],
        lambda x, g: (
            (2 * norm(centred(x, 1), 1) * (centred(x, 1) / norm(centred(x, 1), 1)) * g[:, None])
            / x.shape[1]
        ),
        normal(3, 4),
    ),
    fault(
        "the square of a sum over the sum",
        lambda x: jnp.sum(x) ** 2,
        lambda x: np.full_like(x, 2 * x.sum()),
        lambda x: np.full_like(x, 2 * x.sum() ** 2 / x.sum()),
    ),
    fault(
        "the square of an inner product over it",
        lambda a, b: jnp.dot(a, b) ** 2,
        lambda a, b: 2 * (a @ b) * b,
        lambda a, b: 2 * (a @ b) ** 2 / (a @ b) * b,
        pair,
    ),
    fault(
        "a distance, squared, over the distance",
        lambda a, b: jnp.sum((a - b) ** 2),
        lambda a, b: 2 * (a - b),
        lambda a, b: 2 * norm(a) ** 2 * (a - b) / norm(a) ** 2,
        vectors,
    ),
    fault(
        "weights that are normalised twice",
        lambda x: jnp.sum(x) * jnp.sum(jax.nn.softmax(x)),
        lambda x: np.ones_like(x),
        lambda x: (x / norm(x)) * 0 + 1,
    ),
    fault(
        "a mean over its own size",
        lambda x: jnp.mean(x) ** 3,
        lambda x: np.full_like(x, 3 * x.mean() ** 2 / x.size),
        lambda x: np.full_like(x, 3 * x.mean() ** 3 / x.mean() / x.size),
    ),
)
