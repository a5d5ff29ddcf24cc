"""A network on a graph, and a graph to learn from: composition only."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from .activations import relu
from .datasets import MaybeKey, key_of
from .layers import Dense, graph_convolution


class Graph(NamedTuple):
    """Who is linked to whom, what each node is like, its community, and which of these are told."""

    adjacency: Float[Array, "nodes nodes"]
    x: Float[Array, "nodes features"]
    y: Int[Array, " nodes"]
    told: Bool[Array, " nodes"]


def graph_network(
    params: Sequence[Dense],
    shares: Float[Array, "nodes nodes"],
    x: Float[Array, "nodes features"],
    activation: Callable = relu,
) -> Float[Array, "nodes outputs"]:
    """x <- f(S x w + b) in every layer, the last without f;  S of `graph_shares`.

    Kipf & Welling 2017, equation 9.
    """
    *hidden, last = params
    for layer in hidden:
        x = activation(graph_convolution(layer, shares, x))
    return graph_convolution(last, shares, x)


def communities(
    key: MaybeKey = None,
    nodes: int = 60,
    groups: int = 3,
    within: float = 0.3,
    between: float = 0.02,
    dtype=jnp.float32,
) -> Graph:
    """Nodes of `groups` in turn, linked with chance `within` their own and `between` others.

    x says who a node is and nothing else (the identity), and one node of each group is told.
    Raises ValueError for fewer nodes than groups.  Holland, Laskey & Leinhardt 1983.
    """
    if not 1 <= groups <= nodes:
        raise ValueError(f"nodes, groups are {nodes}, {groups}; every group wants a node")
    y = jnp.arange(nodes, dtype=jnp.int32) % groups
    chance = jnp.where(y[:, None] == y[None, :], within, between)
    drawn = jnp.triu(jax.random.uniform(key_of(key), (nodes, nodes)) < chance, 1)
    return Graph(
        adjacency=(drawn | drawn.T).astype(dtype),
        x=jnp.eye(nodes, dtype=dtype),
        y=y,
        told=jnp.arange(nodes) < groups,
    )
