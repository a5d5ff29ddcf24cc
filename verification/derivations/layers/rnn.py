"""Vanilla recurrent network: dz_t = (1 - h_t^2) (dh_t + dz_{t+1} w'), from the last step back.

    h_0 = 0;  x_t, h_{t-1} --(1)--> z_t = x_t u + h_{t-1} w + b --(2)--> h_t = tanh z_t

    (2)      dz_t = (1 - h_t^2) dh_t
    (1)      du += x_t' dz_t     dw += h_{t-1}' dz_t     db += sum of dz_t
             dx_t = dz_t u'     dh_{t-1} += dz_t w'
    every step adds to the same du, dw, db; dh_t has what comes from above and from step t + 1

Shapes     x: (steps, batch, in)    h: (steps, batch, n)    u: (in, n)    w: (n, n)    b: (n,)
Domain     every finite u, w, b, x whose z_t are finite
Rounding   sums of products; what step t rounds is multiplied by every w that follows.
Reference  Werbos, Backpropagation through time (1990).
"""

import jax.numpy as jnp

from refnet import Recurrent
from refnet import rnn as function
from refnet.layers.recurrence import preactivation, start

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..tanh import gradient as tanh_gradient


def gradient(params, x, dout):
    states = jnp.concatenate([start(params, x)[None], function(params, x)])
    u, w, b = jnp.zeros_like(params.u), jnp.zeros_like(params.w), jnp.zeros_like(params.b)
    carried, rows = jnp.zeros_like(states[0]), []
    for t in reversed(range(len(x))):
        z = preactivation(params, x[t], states[t])
        (dz,) = tanh_gradient(z, dout[t] + carried)  # (2)
        u, w, b = u + x[t].T @ dz, w + states[t].T @ dz, b + jnp.sum(dz, axis=0)  # (1)
        carried = dz @ params.w.T
        rows.append(dz @ params.u.T)
    return Recurrent(u, w, b), jnp.stack(rows[::-1])


def draw(rng):
    small = lambda *shape: draws.reals(rng, *shape, high=1.5)
    return Recurrent(small(2, 3), small(3, 3), small(3)), small(4, 5, 2)


def edge_cases(dtype):
    """Almost linear and saturated cells."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**2))


def pull_preactivation(params, x, h, dz):
    return (
        Recurrent(x.T @ dz, h.T @ dz, jnp.sum(dz, axis=0)),
        dz @ params.u.T,
        dz @ params.w.T,
    )


def draw_step(rng):
    params, x = draw(rng)
    return params, x[0], draws.probabilities(rng, 5, 3)


LATEX = (
    r"\bar{z}_t = (1 - h_t^2) \odot \left( \bar{h}_t + \bar{z}_{t+1} w^{\top} \right), \quad"
    r" \bar{u} = \sum_t x_t^{\top} \bar{z}_t, \quad \bar{w} = \sum_t h_{t-1}^{\top} \bar{z}_t"
)
ARROWS = (
    Arrow(
        "(1) z = x u + h w + b",
        r"\bar{u} = x^{\top} \bar{z}, \quad \bar{w} = h^{\top} \bar{z}, \quad"
        r" \bar{h} = \bar{z} w^{\top}",
        preactivation,
        pull_preactivation,
        draw_step,
        argnums=(0, 1, 2),
    ),
)
RNN = Derivation(
    name="rnn",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite u, w, b, x whose z_t are finite",
    reference="Werbos (1990)",
)
