"""CTC: dz_t = (softmax(z_t) - g_t) / n, g_t the share of each class at t in all alignments.

    z --(1)--> p_t = log softmax(z_t) --(2)--> a_t(s) = log sum_j e^a_{t-1}(s - j) + p_t(l_s)
    l = blank, label, blank, ...;  j = 0, 1, and 2 where l_s is a label, and not l_{s-2}
    a_T --(3)--> L = -mean log (e^a(2k) + e^a(2k-1)),  T frames and k labels of each example

    (3)      da_T(s) = -e^a(s) / (e^a(2k) + e^a(2k-1)) / n,  s = 2k, 2k - 1
    (2)      da_{t-1}(s) = sum_j da_t(s + j) e^a_{t-1}(s) / sum_i e^a_{t-1}(s + j - i)
             dp_t(c) = sum of da_t(s) over l_s = c
    so       da_t(s) = -e^(a_t(s) + b_t(s) - log P) / n,  b_t(s) the same sum from the end: what
             comes after t;  those shares of s are 1 in all, at each t
    (1)      dz_t = dp_t - softmax(z_t) sum dp_t = (softmax(z_t) - g_t) / n,  g_t = -n dp_t

Shapes     z: (n, steps, classes)    labels: (n, most)    frames, lengths: (n,)    L: ()
Domain     every finite z; labels that fit into the frames; none is the blank, which is 0
Rounding   softmax(z) - g as in softmax_cross_entropy; a, b and log P grow with the frames, and
           their sum keeps the digits of none that is larger.
Reference  Graves, Fernandez, Gomez & Schmidhuber, Connectionist temporal classification (2006).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from refnet import ctc_loss as function
from refnet import log_softmax, softmax
from refnet.losses.alignments import advance, log_sum, moved, places_of

from ...inputs import draws, edges
from ...vocabulary import Arrow, Derivation

BLANK = 0


def gradient(z, labels, frames, lengths):
    shares = jax.vmap(occupation)(z, labels, frames, lengths)
    return ((softmax(z) * jnp.sum(shares, axis=-1, keepdims=True) - shares) / len(z),)  # (1)


def ends(s, lengths):
    return (s == 2 * lengths) | (s == 2 * lengths - 1)


def occupation(z, labels, frames, lengths, places_of=places_of, ends=ends):
    """g_t: (steps, classes) of one example; 0 behind its frames."""
    places, skips = places_of(labels, lengths, BLANK)
    log_p, steps, s = log_softmax(z)[:, places], jnp.arange(len(z)), jnp.arange(len(places))
    none = jnp.zeros_like(log_p[0])

    def forward(before, row):
        (log_a, met), (t, log_p) = before, row
        now = kept(t < frames, advance(log_a, met, skips, log_p), before)
        return now, now

    def back(after, row):
        (log_b, ahead), (t, log_p) = after, row
        return kept(t < frames, retreat(log_b, ahead, skips, log_p), after), after

    (log_a, met), before = lax.scan(forward, (none, s == 0), (steps, log_p))
    end = ends(s, lengths)
    _, after = lax.scan(back, (none, end), (steps, log_p), reverse=True)
    total = log_sum(log_a, met & end)
    through = before[1] & after[1] & (steps < frames)[:, None]
    shares = jnp.where(through, jnp.exp(jnp.where(through, before[0] + after[0] - total, 0.0)), 0.0)
    return shares @ jnp.eye(z.shape[-1], dtype=z.dtype)[places]  # the places of each class


def retreat(log_b, ahead, skips, log_p):
    """b_{t-1} of b_t: what may come after each place, frame t with it."""
    through = jnp.where(ahead, log_p + log_b, 0.0)
    ways = jnp.stack([ahead, backward(ahead, 1), backward(ahead & skips, 2)])
    came = jnp.stack([backward(through, k) for k in range(3)])
    return log_sum(came, ways), ways.any(0)


def backward(x, k):
    return moved(x[::-1], k)[::-1]


def kept(live, new, old):
    return jax.tree.map(lambda a, b: jnp.where(live, a, b), new, old)


def draw(rng):
    """Two labels that differ; and the same one twice, where a blank must stand between them."""
    labels = 1 + draws.classes(rng, 2, 2, count=3)
    labels[0, 1], labels[1, 1] = 1 + labels[0, 0] % 3, labels[1, 0]
    return draws.reals(rng, 2, 4, 4), labels, np.array([3, 4]), np.array([1 + rng.integers(2), 2])


def edge_cases(dtype):
    """All alignments alike, and one for sure."""
    del dtype
    return edges.scaled(draw, (0.0, 2.0**-8, 2.0**3))


def step(before, log_p):
    """a_t of a_{t-1}, all places met, and each label another than the one before."""
    s = jnp.arange(len(before))
    return advance(before, s >= 0, s % 2 == 1, log_p)[0]


def pull_step(before, log_p, da):
    s = jnp.arange(len(before))
    total = step(before, jnp.zeros_like(log_p))
    shares = [jnp.exp(before - backward(total, k)) * backward(da, k) for k in range(3)]
    first, last = jnp.where(s < len(s) - 1, shares[1], 0.0), s < len(s) - 2
    return shares[0] + first + jnp.where(last & (s % 2 == 1), shares[2], 0.0), da


LATEX = (
    r"\bar{z}_t = \frac{1}{n} \left( \mathrm{softmax}(z_t) - g_t \right), \quad"
    r" g_t(c) = \sum_{s: \, l_s = c} e^{a_t(s) + b_t(s) - \log P}"
)
ARROWS = (
    Arrow(
        "(2) a of one step",
        r"\bar{a}_{t-1}(s) = \sum_j \frac{e^{a_{t-1}(s)}}{\sum_i e^{a_{t-1}(s + j - i)}}"
        r" \, \bar{a}_t(s + j), \quad \bar{p}_t = \bar{a}_t",
        step,
        pull_step,
        lambda rng: (draws.reals(rng, 5), draws.reals(rng, 5)),
        argnums=(0, 1),
    ),
)
CTC_LOSS = Derivation(
    name="ctc_loss",
    function=function,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    scalar=True,
    domain="every finite z; labels that fit into the frames, none of them the blank 0",
    reference="Graves, Fernandez, Gomez & Schmidhuber (2006)",
)
