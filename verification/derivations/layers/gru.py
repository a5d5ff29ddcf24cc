"""GRU: the state's gradient goes on four ways: kept, and through each of the three gates.

    h_0 = 0;  x_t, h_{t-1} --(1)--> r, z = s(x u + h w + b),  n = tanh(x u_n + (r h) w_n + b_n)
    (2)  h_t = z h_{t-1} + (1 - z) n

    (2)      dz = dh (h_{t-1} - n)     dn = dh (1 - z)     dh_{t-1} = dh z
    (1)      da_n = dn (1 - n^2)     d(r h) = da_n w_n'     dr = d(r h) h_{t-1}
             da_r = dr s'(a_r)     da_z = dz s'(a_z)
             dh_{t-1} += d(r h) r + da_r w_r' + da_z w_z'
    then     du += x_t' da     dw_r, dw_z += h_{t-1}' da     dw_n += (r h_{t-1})' da_n     db += da

Shapes     x: (steps, batch, in)    h: (steps, batch, n)    u: (in, 3n)    w: (n, 3n)    b: (3n,)
Domain     every finite u, w, b, x whose sums are finite
Rounding   as rnn; h - n cancels where the new state is the old one.
Reference  Cho et al., Learning phrase representations using RNN encoder-decoder (2014), eq. 5 to 8.
"""

import jax.numpy as jnp

from refnet import Recurrent, sigmoid, tanh
from refnet import gru as function
from refnet.layers import recurrence
from refnet.layers.recurrence import gru_cell as cell
from refnet.layers.recurrence import start

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..sigmoid import slope
from ..tanh import gradient as tanh_gradient


def gates(z):
    return recurrence.gates(z, 3)


def sums(params, row, h):
    """The sums of r, z and n."""
    a = row @ params.u + params.b[None]
    n = h.shape[-1]
    gated = a[:, : 2 * n] + h @ params.w[:, : 2 * n]
    r = sigmoid(gated[:, :n])
    return gated[:, :n], gated[:, n:], a[:, 2 * n :] + (r * h) @ params.w[:, 2 * n :]


def gradient(params, x, dout):
    states = jnp.concatenate([start(params, x)[None], function(params, x)])
    total, dh, rows = Recurrent(*map(jnp.zeros_like, params)), jnp.zeros_like(states[0]), []
    for t in reversed(range(len(x))):
        step, row, dh = pull_cell(params, x[t], states[t], dout[t] + dh)
        total = Recurrent(*(a + b for a, b in zip(total, step, strict=True)))
        rows.append(row)
    return total, jnp.stack(rows[::-1])


def pull_cell(params, row, h, dh):
    """The cotangents of the weights, of the input and of the state before, from that of h."""
    ar, az, an = sums(params, row, h)
    r, z, n = sigmoid(ar), sigmoid(az), tanh(an)
    wr, wz, wn = gates(params.w)
    dan = tanh_gradient(an, dh * (1.0 - z))[0]  # (2)(1)
    dreset = dan @ wn.T
    dar, daz = dreset * h * slope(ar), dh * (h - n) * slope(az)
    da = jnp.concatenate([dar, daz, dan], axis=-1)
    dw = jnp.concatenate([h.T @ dar, h.T @ daz, (r * h).T @ dan], axis=-1)
    before = dh * z + dreset * r + dar @ wr.T + daz @ wz.T
    return Recurrent(row.T @ da, dw, jnp.sum(da, axis=0)), da @ params.u.T, before


def draw(rng):
    small = lambda *shape: draws.reals(rng, *shape, high=1.5)
    return Recurrent(small(2, 6), small(2, 6), small(6)), small(2, 2, 2)


def edge_cases(dtype):
    """Almost linear and saturated cells."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**2))


def draw_step(rng):
    params, x = draw(rng)
    return params, x[0], draws.probabilities(rng, 2, 2)


LATEX = (
    r"\bar{h}_{t-1} = z \bar{h}_t + r \, (\bar{a}_n w_n^{\top}) + \bar{a}_r w_r^{\top}"
    r" + \bar{a}_z w_z^{\top}, \quad \bar{a}_z = \bar{h}_t (h_{t-1} - n) \, \sigma'(a_z), \;\ldots"
)
ARROWS = (Arrow("(1)(2) h of one step", LATEX, cell, pull_cell, draw_step, argnums=(0, 1, 2)),)
GRU = Derivation(
    name="gru",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite u, w, b, x whose sums are finite",
    reference="Cho et al. (2014), eq. 5 to 8",
)
