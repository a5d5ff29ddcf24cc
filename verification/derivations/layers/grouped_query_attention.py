"""Grouped-query attention: heads of a group share k and v, whose gradients are summed over them.

    x --(1)--> q = x wq in heads;  k = x wk, v = x wv in groups --(2)--> k, v, once for each head
    q, k, v --(3)--> o_h = attention of head h --(4)--> y = the heads side by side, times wo

    (4)        do = dy wo' cut into heads     dwo = o' dy
    (3)        as attention, head by head
    (2)        dk, dv of a group = the sum over its heads
    (1)        dwq = x' dq, ...     dx = dq wq' + dk wk' + dv wv'

Shapes     x, y: (t, width)    wq: (width, heads d)    wk, wv: (width, groups d)    mask: (t, t)
Domain     every finite x and weights whose scores are finite
Rounding   as attention.
Reference  Ainslie et al., GQA: training generalized multi-query transformer models (2023).
"""

import jax.numpy as jnp
import numpy as np

from refnet import Heads, grouped_query_attention
from refnet.layers.attention import cut, join

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from . import attention

HEADS, GROUPS = 4, 2


def function(params, x, mask):
    return grouped_query_attention(params, x, HEADS, GROUPS, mask)


def shared(k):
    """(groups, t, d) -> (heads, t, d): each group, once for each of its heads."""
    return jnp.repeat(k, HEADS // GROUPS, axis=0)


def summed(dk):
    """The pullback of `shared`."""
    return jnp.sum(dk.reshape(GROUPS, HEADS // GROUPS, *dk.shape[1:]), axis=1)


def gradient(params, x, mask, dy):
    q, k, v = cut(x @ params.q, HEADS), *(shared(cut(x @ w, GROUPS)) for w in params[1:3])
    o = join(attention.function(q, k, v, mask[None]))
    do = cut(dy @ params.o.T, HEADS)  # (4)
    dq, dk, dv = attention.gradient(q, k, v, mask[None], do)  # (3)
    dq, dk, dv = map(join, (dq, summed(dk), summed(dv)))  # (2)
    dx = dq @ params.q.T + dk @ params.k.T + dv @ params.v.T  # (1)
    return Heads(x.T @ dq, x.T @ dk, x.T @ dv, o.T @ dy), dx


def draw(rng):
    small = lambda *shape: draws.reals(rng, *shape, high=1.5)
    mask = np.tril(np.ones((3, 3), bool))
    return Heads(small(3, 8), small(3, 4), small(3, 4), small(8, 3)), small(3, 3), mask


def edge_cases(dtype):
    """Small weights: even attention."""
    del dtype
    return edges.scaled(draw, (2.0**-6,))


LATEX = (
    r"\bar{k}_g = \sum_{h \in g} \bar{k}_h, \quad \bar{v}_g = \sum_{h \in g} \bar{v}_h, \quad"
    r" \bar{x} = \bar{q} w_q^{\top} + \bar{k} w_k^{\top} + \bar{v} w_v^{\top}"
)
ARROWS = (
    Arrow(
        "(2) k of a group for each of its heads",
        r"\bar{k}_g = \sum_{h \in g} \bar{k}_h",
        shared,
        lambda k, dk: (summed(dk),),
        lambda rng: (draws.reals(rng, 2, 3, 2),),
    ),
)
GROUPED_QUERY_ATTENTION = Derivation(
    name="grouped_query_attention",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite x and weights whose scores are finite",
    reference="Ainslie et al. (2023), section 2.2",
)
