"""Alignments: labels from a longer sequence of frames, wherever in it they lie."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int, Shaped

from ..softmax import log_softmax
from .shapes import Scalar

Places = Shaped[Array, " places"]
Met = Bool[Array, " places"]
Labels = Int[Array, " most"]


def ctc_loss(
    logits: Float[Array, "*batch steps classes"],
    labels: Int[Array, "*s most"],
    frames: Int[Array, "*t"] | None = None,
    lengths: Int[Array, "*u"] | None = None,
    blank: int = 0,
) -> Scalar:
    """-mean over examples of log sum_k prod_t softmax(z_t)_k_t, k all alignments of the labels.

    An alignment has one class for each frame; its runs of one class count once, and blanks not at
    all.  With the labels and the blanks around them as places l_s:
    a_t(s) = log(e^a_{t-1}(s) + e^a_{t-1}(s-1) + e^a_{t-1}(s-2)) + log softmax(z_t)_l_s,
    the last term where l_s is a label, and not that of s - 2.
    Slope in z_t: (softmax(z_t) - g_t) / n, g_t the shares of the classes at t in all alignments.

    Steps from frames on, and labels from lengths on, are padding, and have no slope; unsaid, there
    is none.  Labels are 0 <= label < classes, and not the blank.  Where no alignment fits the loss
    is infinite, and its slope 0.  Raises ValueError for shapes that do not fit, and a blank that is
    no class.  Graves, Fernandez, Gomez & Schmidhuber 2006.
    """
    frames, lengths = _checked(logits, labels, frames, lengths, blank)
    each = partial(_log_likelihood, blank=blank)
    for _ in frames.shape:
        each = jax.vmap(each)
    return -jnp.mean(each(log_softmax(logits), labels, frames, lengths))


@partial(jax.custom_jvp, nondiff_argnums=(4,))
def _log_likelihood(log_p, labels, frames, lengths, blank: int) -> Scalar:
    """log of the sum over alignments of one example; -inf where there is none.

    Slope in log_p: the shares of the classes at each step, 0 where there is no alignment.
    """
    (log_a, met), _, ends = _forward(log_p, labels, frames, lengths, blank)
    return jnp.where((met & ends).any(), log_sum(log_a, met & ends), -jnp.inf)


@_log_likelihood.defjvp
def _log_likelihood_jvp(blank: int, primals, tangents):
    log_p, labels, frames, lengths = primals
    shares = _shares(log_p, labels, frames, lengths, blank)
    return _log_likelihood(log_p, labels, frames, lengths, blank), jnp.sum(shares * tangents[0])


def _forward(log_p, labels, frames, lengths, blank: int):
    """a and what is met at the end, the same after each step, and where an alignment ends."""
    places, skips = places_of(labels, lengths, blank)
    s = jnp.arange(len(places), dtype=lengths.dtype)

    def step(state, row):
        t, log_p = row
        state = _where(t < frames, advance(*state, skips, log_p), state)
        return state, state

    start = jnp.zeros(places.shape, log_p.dtype), s == 0
    last, each = lax.scan(step, start, (_numbers(log_p, frames), log_p[:, places]))
    return last, each, (s == 2 * lengths) | (s == 2 * lengths - 1)


def _shares(log_p, labels, frames, lengths, blank: int) -> Float[Array, "steps classes"]:
    """e^(a_t(s) + b_t(s) - log P), b_t as a_t from the end, added up for each class."""
    (log_a, met), (before, here), ends = _forward(log_p, labels, frames, lengths, blank)
    places, skips = places_of(labels, lengths, blank)
    onward = jnp.append(skips[2:], jnp.zeros(2, bool))[::-1]  # from s to s + 2

    def back(state, row):
        (log_b, left), (t, log_p) = state, row
        through = jnp.where(left, log_p + log_b, 0.0)[::-1]
        log_b, left = advance(through, left[::-1], onward, jnp.zeros_like(log_p))
        return _where(t < frames, (log_b[::-1], left[::-1]), state), state

    rows = _numbers(log_p, frames), log_p[:, places]
    _, (after, left) = lax.scan(back, (jnp.zeros_like(log_a), ends), rows, reverse=True)
    ways = here & left & (rows[0] < frames)[:, None]
    shares = jnp.where(ways, before + after - log_sum(log_a, met & ends), 0.0)
    one_hot = jnp.eye(log_p.shape[-1], dtype=log_p.dtype)[places]
    return jnp.where(ways, jnp.exp(shares), 0.0) @ one_hot


def _numbers(log_p, frames):
    return jnp.arange(len(log_p), dtype=frames.dtype)


def _where(live, new, old):
    return jax.tree.map(lambda a, b: jnp.where(live, a, b), new, old)


def advance(before: Places, met: Met, skips: Met, log_p: Places) -> tuple[Places, Met]:
    """a_t of a_{t-1}, and which places are met by then; a is 0 where one is not."""
    came = jnp.stack([moved(before, k) for k in range(3)])
    ways = jnp.stack([met, moved(met, 1), moved(met, 2) & skips])
    met = ways.any(0)
    return jnp.where(met, log_sum(came, ways) + log_p, 0.0), met


def log_sum(z: Float[Array, "..."], mask: Bool[Array, "..."]) -> Float[Array, "..."]:
    """log of the sum of e^z over the first axis where the mask is true; 0 where it is nowhere."""
    top = lax.stop_gradient(jnp.max(jnp.where(mask, z, jnp.min(z)), axis=0, keepdims=True))
    shares = jnp.where(mask, jnp.exp(jnp.where(mask, z - top, 0.0)), 0.0)
    some = mask.any(0)
    return jnp.where(some, top[0] + jnp.log(jnp.where(some, jnp.sum(shares, axis=0), 1.0)), 0.0)


def moved(x: Shaped[Array, " places"], k: int) -> Shaped[Array, " places"]:
    """Every entry k places on; what comes in at the first places is 0, or false."""
    return x if k == 0 else jnp.concatenate([jnp.zeros_like(x[:k]), x[:-k]])


def places_of(labels: Labels, lengths: Int[Array, ""], blank: int) -> tuple[Places, Met]:
    """A blank, then a label and a blank, ...: the classes, and where two steps may be one."""
    s = jnp.arange(2 * len(labels) + 1, dtype=lengths.dtype)
    own = jnp.append(jnp.repeat(labels, 2), jnp.asarray(blank, labels.dtype))
    places = jnp.where((s % 2 == 1) & (s < 2 * lengths), own, blank)
    return places, (s % 2 == 1) & (places != moved(places, 2))


def _checked(logits, labels, frames, lengths, blank: int):
    *batch, steps, classes = logits.shape
    if not 0 <= blank < classes:
        raise ValueError(f"blank is {blank!r}; it must be one of the {classes} classes, from 0 on")
    whole = lambda of, most: jnp.full(tuple(batch), most) if of is None else of
    frames, lengths = whole(frames, steps), whole(lengths, labels.shape[-1])
    told = {"labels": labels.shape[:-1], "frames": frames.shape, "lengths": lengths.shape}
    for name, of in told.items():
        if of != tuple(batch):
            raise ValueError(
                f"ctc_loss: {name} are for {of} examples and logits for {tuple(batch)}; "
                "logits are (examples, steps, classes), labels (examples, most)"
            )
    return frames, lengths
