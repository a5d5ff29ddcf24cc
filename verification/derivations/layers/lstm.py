"""LSTM: the cell's gradient goes on through the forget gate, the state's through all four gates.

    h_0 = c_0 = 0;  z = x_t u + h_{t-1} w + b, cut into i, f, g, o
    (1)  c_t = s(f) c_{t-1} + s(i) tanh(g)
    (2)  h_t = s(o) tanh(c_t)

    (2)      do = dh tanh(c) s'(o)     dc += dh s(o) (1 - tanh(c)^2)
    (1)      df = dc c_{t-1} s'(f)     di = dc tanh(g) s'(i)     dg = dc s(i) (1 - tanh(g)^2)
             dc_{t-1} = dc s(f)
    then     du += x_t' dz     dw += h_{t-1}' dz     db += sum of dz     dh_{t-1} = dz w'

Shapes     x: (steps, batch, in)    h, c: (steps, batch, n)    u: (in, 4n)    w: (n, 4n)    b: (4n,)
Domain     every finite u, w, b, x whose z are finite
Rounding   as rnn.
Reference  Hochreiter & Schmidhuber (1997); Gers, Schmidhuber & Cummins (2000) for the forget gate.
"""

import jax.numpy as jnp

from refnet import Recurrent, sigmoid, tanh
from refnet import lstm as function
from refnet.layers import recurrence
from refnet.layers.recurrence import lstm_cell as cell
from refnet.layers.recurrence import preactivation, start

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..sigmoid import slope
from ..tanh import gradient as tanh_gradient


def gates(z):
    return recurrence.gates(z, 4)


def gradient(params, x, dout):
    states, cells, zs = run(params, x)
    total = Recurrent(*map(jnp.zeros_like, params))
    dh = dc = jnp.zeros_like(states[0])
    rows = []
    for t in reversed(range(len(x))):
        dz, dc = pull_cell(zs[t], cells[t], dout[t] + dh, dc)
        u, w, b = total
        total = Recurrent(u + x[t].T @ dz, w + states[t].T @ dz, b + jnp.sum(dz, axis=0))
        dh = dz @ params.w.T
        rows.append(dz @ params.u.T)
    return total, jnp.stack(rows[::-1])


def run(params, x):
    """h and c from before the first step on, and every z."""
    states, cells, zs = [start(params, x)], [start(params, x)], []
    for row in x:
        zs.append(preactivation(params, row, states[-1]))
        h, c = cell(zs[-1], cells[-1])
        states.append(h)
        cells.append(c)
    return states, cells, zs


def pull_cell(z, c, dh, dc):
    """The cotangents of z and of the cell before, from those of h and of the cell."""
    i, f, g, o = gates(z)
    after = sigmoid(f) * c + sigmoid(i) * tanh(g)
    do = dh * tanh(after) * slope(o)  # (2)
    dc = dc + tanh_gradient(after, dh * sigmoid(o))[0]
    di, df = dc * tanh(g) * slope(i), dc * c * slope(f)  # (1)
    (dg,) = tanh_gradient(g, dc * sigmoid(i))
    return jnp.concatenate([di, df, dg, do], axis=-1), dc * sigmoid(f)


def draw(rng):
    small = lambda *shape: draws.reals(rng, *shape, high=1.5)
    return Recurrent(small(3, 8), small(2, 8), small(8)), small(3, 4, 3)


def edge_cases(dtype):
    """Almost linear and saturated cells."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**2))


LATEX = (
    r"\bar{c}_{t-1} = \bar{c}_t \, \sigma(f), \quad"
    r" \bar{c}_t \mathrel{+}= \bar{h}_t \, \sigma(o) (1 - \tanh^2 c_t), \quad"
    r" \bar{f} = \bar{c}_t \, c_{t-1} \, \sigma'(f), \;\ldots"
)
ARROWS = (
    Arrow(
        "(1)(2) h, c of one step",
        LATEX,
        cell,
        lambda z, c, above: pull_cell(z, c, *above),
        lambda rng: (draws.reals(rng, 4, 8, high=2.0), draws.probabilities(rng, 4, 2)),
        argnums=(0, 1),
    ),
)
LSTM = Derivation(
    name="lstm",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite u, w, b, x whose z are finite",
    reference="Hochreiter & Schmidhuber (1997); Gers et al. (2000)",
)
