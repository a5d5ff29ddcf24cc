"""An index that comes twice: its contributions are overwritten where they should be added."""

import jax.numpy as jnp
import numpy as np

from ...vocabulary import Verdict
from .edge_fault import EdgeFault


def added(like, index, values):
    out = np.zeros_like(like)
    np.add.at(out, index, values)
    return out


def written(like, index, values):
    out = np.zeros_like(like)
    out[index] = values
    return out


def first(like, index, values):
    """Only what comes first of each."""
    out = np.zeros_like(like)
    unique, at = np.unique(index, return_index=True)
    out[unique] = values[at]
    return out


def buffered(like, index, values):
    """In place, through a buffer: the last one wins."""
    out = np.zeros_like(like)
    out[index] += values
    return out


def table(rng):
    return rng.normal(size=(7, 3)), rng.permutation(7)[:4]


def weighted(rng):
    return rng.normal(size=(7, 3)), rng.permutation(7)[:4], rng.normal(size=4)


def vector(rng):
    return rng.normal(size=8), rng.permutation(8)[:5]


def matrix(rng):
    return rng.normal(size=(3, 6)), rng.permutation(6)[:4]


def projected(rng):
    return rng.normal(size=(7, 3)), rng.permutation(7)[:4], rng.normal(size=(3, 2))


def sparse(rng):
    """A sparse matrix by its entries, and a vector."""
    return (
        rng.normal(size=6),
        np.sort(rng.permutation(9)[:4]),
        rng.permutation(6)[:4],
        rng.normal(size=4),
    )


def graph(rng):
    return rng.normal(size=(6, 2)), rng.permutation(6)[:4], rng.integers(6, size=4)


def along(rng):
    return rng.normal(size=(3, 5)), np.stack([rng.permutation(5)[:3] for _ in range(3)])


def two(rng):
    return rng.normal(size=(6, 2)), rng.permutation(6)[:4], rng.permutation(6)[:4]


def multiplied(x, rows, columns, values):
    return jnp.zeros(9, x.dtype).at[rows].add(values * x[columns])


def along_axis(put):
    def gradient(x, index, g):
        at = np.arange(len(x))[:, None] + np.zeros_like(index), index
        return put(x, at, g)

    return gradient


def fault(name, of, sample, gradient, put=written) -> EdgeFault:
    """gradient(put) -> a gradient that puts its values so."""
    return EdgeFault(name, of, gradient(added), gradient(put), sample, Verdict.WRONG)


take = lambda x, rows: x[rows]
taken = lambda put: lambda x, rows, g: put(x, rows, g)
bag = lambda put: lambda x, rows, g: put(x, rows, np.broadcast_to(g, (len(rows), len(g))))
mean = lambda put: (
    lambda x, rows, g: put(x, rows, np.broadcast_to(g / len(rows), (len(rows), len(g))))
)
columns = lambda put: lambda x, index, g: put(x.T, index, g.T).T


FAULTS = (
    fault("rows of a table", take, table, taken),
    fault("rows of a table: the first", take, table, taken, first),
    fault("rows of a table: += of an index", take, table, taken, buffered),
    fault("entries of a vector", take, vector, taken),
    fault("columns of a matrix", lambda x, index: x[:, index], matrix, columns),
    fault("a bag of words, summed", lambda x, rows: x[rows].sum(0), table, bag),
    fault("a bag of words, averaged", lambda x, rows: x[rows].mean(0), table, mean),
    fault(
        "weighted rows",
        lambda x, rows, w: (w[:, None] * x[rows]).sum(0),
        weighted,
        lambda put: lambda x, rows, w, g: put(x, rows, w[:, None] * g),
    ),
    fault(
        "the square of what was taken",
        lambda x, rows: jnp.sum(x[rows] ** 2),
        table,
        lambda put: lambda x, rows: put(x, rows, 2 * x[rows]),
    ),
    fault(
        "rows, then a product",
        lambda x, rows, w: x[rows] @ w,
        projected,
        lambda put: lambda x, rows, w, g: put(x, rows, g @ w.T),
    ),
    fault(
        "a sparse matrix times a vector",
        multiplied,
        sparse,
        lambda put: lambda x, rows, cols, values, g: put(x, cols, values * g[rows]),
    ),
    fault(
        "differences along the edges of a graph",
        lambda x, source, target: x[source] - x[target],
        graph,
        lambda put: lambda x, source, target, g: put(x, source, g) - added(x, target, g),
    ),
    fault(
        "an index in each row",
        lambda x, index: jnp.take_along_axis(x, index, 1),
        along,
        along_axis,
    ),
    fault(
        "a table used twice",
        lambda x, a, b: x[a] * x[b],
        two,
        lambda put: lambda x, a, b, g: put(x, a, g * x[b]) + put(x, b, g * x[a]),
    ),
)
