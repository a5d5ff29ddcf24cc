"""SwiGLU: dh = dy w', du = f(g) dh, dg = f'(g) u dh, and x gets both.

    x --(1)--> g = x wg, u = x wu --(2)--> h = f(g) u, f the silu --(3)--> y = h w

    (3)      dw = h' dy     dh = dy w'
    (2)      dg = f'(g) u dh     du = f(g) dh
    (1)      dwg = x' dg     dwu = x' du     dx = dg wg' + du wu'

Shapes     x, y: (batch, width)    wg, wu: (width, hidden)    w: (hidden, width)
Domain     every finite x, w whose products are finite
Rounding   sums of products; the slope of silu as it is derived alone.
Reference  Shazeer, GLU variants improve transformer (2020).
"""

from refnet import Gated, silu
from refnet import gated_feed_forward as function

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation
from ..silu import gradient as silu_gradient


def gradient(params, x, dy):
    g, u = x @ params.gate, x @ params.up
    h, dh = silu(g) * u, dy @ params.down.T  # (3)
    dg, du = pull_gate(g, u, dh)  # (2)
    weights = Gated(gate=x.T @ dg, up=x.T @ du, down=h.T @ dy)
    return weights, dg @ params.gate.T + du @ params.up.T  # (1)


def gate(g, u):
    return silu(g) * u


def pull_gate(g, u, dh):
    return silu_gradient(g, u * dh)[0], silu(g) * dh


def draw(rng):
    small = lambda *shape: draws.reals(rng, *shape, high=1.5)
    return Gated(small(3, 4), small(3, 4), small(4, 3)), small(2, 3)


def edge_cases(dtype):
    """Small and large weights."""
    del dtype
    return edges.scaled(draw, (2.0**-8, 2.0**2))


LATEX = (
    r"\bar{g} = f'(g) \, u \, \bar{h}, \quad \bar{u} = f(g) \, \bar{h}, \quad"
    r" \bar{x} = \bar{g} w_g^{\top} + \bar{u} w_u^{\top}"
)
ARROWS = (
    Arrow(
        "(2) h = f(g) u",
        r"\bar{g} = f'(g) \, u \, \bar{h}, \quad \bar{u} = f(g) \, \bar{h}",
        gate,
        pull_gate,
        lambda rng: (draws.reals(rng, 3, 4), draws.reals(rng, 3, 4)),
        argnums=(0, 1),
    ),
)
GATED_FEED_FORWARD = Derivation(
    name="gated_feed_forward",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    domain="every finite x, w whose products are finite",
    reference="Shazeer (2020)",
)
