"""Scaled dot-product attention with a mask: ds = p (dp - sum p dp), dq = ds k / sqrt d.

    q, k --(1)--> s = q k' / sqrt d --(2)--> p = softmax of s where the mask is true, else 0
    p, v --(3)--> o = p v

    (3)        dp = do v'     dv = p' do
    (2)        ds = p (dp - sum p dp);   0 where the mask is false, because p is
    (1)        dq = ds k / sqrt d     dk = ds' q / sqrt d

Shapes     q: (t, d)    k: (s, d)    v: (s, e)    mask: (t, s), a true entry in every row
Domain     every finite q, k, v whose s are finite
Rounding   see softmax.
Reference  Vaswani et al., Attention is all you need (2017), section 3.2.1.
"""

import jax.numpy as jnp
import numpy as np

from refnet.layers import attention as function
from refnet.layers.attention import scores
from refnet.softmax import softmax

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from .softmax import less_mean


def masked_softmax(s, mask):
    return softmax(s, mask=mask)


def gradient(q, k, v, mask, do):
    p = masked_softmax(scores(q, k), mask)
    ds = p * less_mean(p, do @ jnp.swapaxes(v, -1, -2))  # (3)(2)
    dq, dk = pull_scores(q, k, ds)  # (1)
    return dq, dk, jnp.swapaxes(p, -1, -2) @ do


def pull_scores(q, k, ds):
    ds = ds / q.shape[-1] ** 0.5
    return ds @ k, jnp.swapaxes(ds, -1, -2) @ q


def draw(rng):
    small = lambda *shape: draws.reals(rng, *shape, high=2.0)
    mask = np.arange(4)[None, :] <= np.arange(3)[:, None] + 1  # what lies ahead is not seen
    return small(3, 5), small(4, 5), small(4, 2), mask


def edge_cases(dtype):
    """Even and sure attention."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**2))


LATEX = (
    r"\bar{s} = p \odot \left( \bar{p} - \textstyle\sum p \bar{p} \right), \quad"
    r" \bar{p} = \bar{o} v^{\top}, \quad \bar{v} = p^{\top} \bar{o}, \quad"
    r" \bar{q} = \bar{s} k / \sqrt{d}, \quad \bar{k} = \bar{s}^{\top} q / \sqrt{d}"
)
ARROWS = (
    Arrow(
        "(1) s = q k' / sqrt d",
        r"\bar{q} = \bar{s} k / \sqrt{d}, \quad \bar{k} = \bar{s}^{\top} q / \sqrt{d}",
        scores,
        pull_scores,
        lambda rng: draw(rng)[:2],
        argnums=(0, 1),
    ),
    Arrow(
        "(3) o = p v",
        r"\bar{p} = \bar{o} v^{\top}, \quad \bar{v} = p^{\top} \bar{o}",
        jnp.matmul,
        lambda p, v, do: (do @ v.T, p.T @ do),
        lambda rng: (draws.probabilities(rng, 3, 4), draws.reals(rng, 4, 2)),
        argnums=(0, 1),
    ),
)
ATTENTION = Derivation(
    name="attention",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1, 2),
    domain="every finite q, k, v whose s are finite",
    reference="Vaswani et al. (2017), section 3.2.1",
)
