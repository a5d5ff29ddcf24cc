"""Self-attention of several heads: every head as attention, and x has the gradient of three uses.

    x --(1)--> q = x wq, k = x wk, v = x wv, each cut into heads --(2)--> o_h = attention of head h
    o --(3)--> y = the heads side by side, times wo

    (3)        do = dy wo' cut into heads     dwo = o' dy
    (2)        as attention, head by head
    (1)        dwq = x' dq, ...     dx = dq wq' + dk wk' + dv wv'

Shapes     x, y: (t, width)    wq, wk, wv: (width, heads d)    wo: (heads d, width)    mask: (t, t)
Domain     every finite x and weights whose scores are finite
Rounding   as attention.
Reference  Vaswani et al., Attention is all you need (2017), section 3.2.2.
"""

import numpy as np

from refnet import Heads, multi_head_attention
from refnet.layers.attention import cut as cut_into
from refnet.layers.attention import join

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from . import attention

HEADS = 2


def function(params, x, mask):
    return multi_head_attention(params, x, HEADS, mask)


def cut(x):
    """(t, heads d) -> (heads, t, d)."""
    return cut_into(x, HEADS)


def gradient(params, x, mask, dy):
    q, k, v = (cut(x @ w) for w in params[:3])
    o = join(attention.function(q, k, v, mask[None]))
    do = cut(dy @ params.o.T)  # (3)
    pulled = attention.gradient(q, k, v, mask[None], do)  # (2)
    dq, dk, dv = map(join, pulled)
    dx = dq @ params.q.T + dk @ params.k.T + dv @ params.v.T  # (1)
    return Heads(x.T @ dq, x.T @ dk, x.T @ dv, o.T @ dy), dx


def draw(rng):
    small = lambda *shape: draws.reals(rng, *shape, high=1.5)
    mask = np.tril(np.ones((4, 4), bool))
    return Heads(small(5, 6), small(5, 6), small(5, 6), small(6, 5)), small(4, 5), mask


def edge_cases(dtype):
    """Small weights: even attention."""
    del dtype
    return edges.scaled(draw, (2.0**-6,))


LATEX = (
    r"\bar{x} = \bar{q} w_q^{\top} + \bar{k} w_k^{\top} + \bar{v} w_v^{\top}, \quad"
    r" \bar{w}_q = x^{\top} \bar{q}, \;\ldots, \quad \bar{w}_o = o^{\top} \bar{y}"
)
ARROWS = (
    Arrow(
        "(1) q = x w, in heads",
        r"\bar{x} = \bar{q} w^{\top}, \quad \bar{w} = x^{\top} \bar{q}",
        lambda x, w: cut(x @ w),
        lambda x, w, dq: (join(dq) @ w.T, x.T @ join(dq)),
        lambda rng: (draws.reals(rng, 4, 5), draws.reals(rng, 5, 6)),
        argnums=(0, 1),
    ),
)
MULTI_HEAD_ATTENTION = Derivation(
    name="multi_head_attention",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite x and weights whose scores are finite",
    reference="Vaswani et al. (2017), section 3.2.2",
)
