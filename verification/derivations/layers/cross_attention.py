"""Cross-attention: queries of one sequence, keys and values of another, each with its own gradient.

    x --(1)--> q = x wq;  memory --(1)--> k = memory wk, v = memory wv, in heads
    q, k, v --(2)--> o_h = attention of head h --(3)--> y = the heads side by side, times wo

    (3)        do = dy wo' cut into heads     dwo = o' dy
    (2)        as attention, head by head
    (1)        dwq = x' dq     dwk = memory' dk     dwv = memory' dv
               dx = dq wq'     dmemory = dk wk' + dv wv'

Shapes     x, y: (t, width)    memory: (s, width)    wq, wk, wv: (width, heads d)    mask: (t, s)
Domain     every finite x, memory and weights whose scores are finite
Rounding   as attention.
Reference  Vaswani et al., Attention is all you need (2017), section 3.2.3.
"""

import numpy as np

from refnet import Heads, cross_attention
from refnet.layers.attention import join

from ...inputs import draws, edges
from ...vocabulary import Derivation
from . import attention
from .multi_head_attention import ARROWS, HEADS, cut


def function(params, x, memory, mask):
    return cross_attention(params, x, memory, HEADS, mask)


def gradient(params, x, memory, mask, dy):
    q, k, v = cut(x @ params.q), cut(memory @ params.k), cut(memory @ params.v)
    o = join(attention.function(q, k, v, mask[None]))
    do = cut(dy @ params.o.T)  # (3)
    dq, dk, dv = map(join, attention.gradient(q, k, v, mask[None], do))  # (2)
    dx, dmemory = dq @ params.q.T, dk @ params.k.T + dv @ params.v.T  # (1)
    return Heads(x.T @ dq, memory.T @ dk, memory.T @ dv, o.T @ dy), dx, dmemory


def draw(rng):
    small = lambda *shape: draws.reals(rng, *shape, high=1.5)
    mask = np.arange(4)[None, :] <= np.arange(3)[:, None] + 1
    return Heads(small(5, 6), small(5, 6), small(5, 6), small(6, 5)), small(3, 5), small(4, 5), mask


def edge_cases(dtype):
    """Small weights: even attention."""
    del dtype
    return edges.scaled(draw, (2.0**-6,))


LATEX = (
    r"\bar{x} = \bar{q} w_q^{\top}, \quad"
    r" \bar{m} = \bar{k} w_k^{\top} + \bar{v} w_v^{\top}, \quad \bar{w}_q = x^{\top} \bar{q}, \quad"
    r" \bar{w}_k = m^{\top} \bar{k}, \quad \bar{w}_v = m^{\top} \bar{v}, \quad"
    r" \bar{w}_o = o^{\top} \bar{y}"
)
CROSS_ATTENTION = Derivation(
    name="cross_attention",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    domain="every finite x, memory and weights whose scores are finite",
    reference="Vaswani et al. (2017), section 3.2.3",
)
