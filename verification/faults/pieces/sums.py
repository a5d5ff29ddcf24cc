"""Broadcasts, and the sums that pull them back; sums, and the broadcasts that pull those back."""

from collections.abc import Callable

import jax.numpy as jnp
from jax import lax

from .piece import Site
from .rule import DROPPED, FACTOR, REDUCTION, Rule, named

# --- broadcasts: their pullback is a sum -----------------------------------------------------


def spread_axes(site: Site) -> tuple[int, ...]:
    """The axes of the result that hold one entry many times."""
    kept = dict(zip(site.eqn.params["broadcast_dimensions"], site.shapes[0], strict=True))
    return tuple(k for k, size in enumerate(site.out) if size > 1 and kept.get(k, 1) == 1)


def spreads(site: Site) -> bool:
    return site.name == "broadcast_in_dim" and bool(spread_axes(site))


def _reduced(piece, d, reduce) -> list:
    axes = spread_axes(piece.site)
    return [reduce(d, axes).reshape(jnp.shape(piece.inputs[0]))] + [None] * (len(piece.inputs) - 1)


def _picked(piece, d, index: int) -> list:
    pick = lambda x, axes: jnp.take(
        jnp.moveaxis(x, axes, range(len(axes))).reshape(-1, *_rest(x, axes)), index, 0
    )
    return _reduced(piece, d, pick)


def _rest(x, axes):
    return [n for k, n in enumerate(x.shape) if k not in axes]


def averaged(piece, d):
    """The bias gradient as a mean over the batch, the weights' as a sum."""
    return _reduced(piece, d, lambda x, axes: jnp.mean(x, axes))


def first_only(piece, d):
    """A broadcast not summed back: the first example's share stands for all."""
    return _picked(piece, d, 0)


def last_only(piece, d):
    """The loop over examples overwrites: the bias has the last example's gradient."""
    return _picked(piece, d, -1)


def one_short(piece, d):
    """The sum over the batch ends one example early."""
    first = jnp.reshape(_picked(piece, d, -1)[0], jnp.shape(piece.inputs[0]))
    whole = piece.pull(d)
    return [whole[0] - first, *whole[1:]]


def largest_only(piece, d):
    """A maximum over the batch where the sum was meant."""
    return _reduced(piece, d, lambda x, axes: jnp.max(x, axes))


def sizes_summed(piece, d):
    """The sizes are summed, and not the numbers: an L1 norm in the way."""
    return _reduced(piece, d, lambda x, axes: jnp.sum(jnp.abs(x), axes))


def spread_dropped(piece, d):
    """What was broadcast gets no gradient: a bias, a scale or a statistic taken as constant."""
    return [None] * len(piece.inputs)


# --- sums: their pullback is a broadcast -----------------------------------------------------


def _count(piece) -> int:
    return max(piece.inputs[0].size // max(piece.value.size, 1), 1)


def mean_for_sum(piece, d):
    """A sum differentiated as a mean: 1/n in the backward pass alone."""
    return piece.pull(d / _count(piece))


def first_term_only(piece, d):
    """Only the first term of a sum gets a gradient."""
    return [_masked(piece, piece.pull(d)[0], 0)]


def last_term_lost(piece, d):
    """The last term of a sum gets no gradient."""
    whole = piece.pull(d)[0]
    return [whole - _masked(piece, whole, -1)]


def _masked(piece, whole, index: int):
    axis = piece.params["axes"][-1]
    at = jnp.arange(whole.shape[axis]) == index % whole.shape[axis]
    shape = [1] * whole.ndim
    shape[axis] = -1
    return whole * at.reshape(shape).astype(whole.dtype)


def shared_out(piece, d):
    """The gradient of a maximum shared out evenly over all entries."""
    return [_spread(piece, d / _count(piece))]


def to_every_entry(piece, d):
    """The gradient of a maximum given whole to every entry."""
    return [_spread(piece, d)]


def to_the_first(piece, d):
    """The gradient of a maximum given to the first entry, whichever was largest."""
    return [_masked(piece, _spread(piece, d), 0)]


def _spread(piece, d):
    x, axes = piece.inputs[0], piece.params["axes"]
    kept = [k for k in range(x.ndim) if k not in axes]
    return lax.broadcast_in_dim(d, x.shape, kept)


def not_reversed(piece, d):
    """A running sum pulled back forwards: its pullback sums from the other end."""
    how = {k: piece.params[k] for k in ("axis", "reverse")}
    return [lax.cumsum(d, **how)]


def reduces(name: str) -> Callable[[Site], bool]:
    """A reduction over more than one entry."""

    def holds(site: Site) -> bool:
        axes = site.eqn.params.get("axes", ()) if site.name == name else ()
        return any(site.shapes[0][axis] > 1 for axis in axes)

    return holds


summed, largest = reduces("reduce_sum"), reduces("reduce_max")
RULES = {
    "broadcast averaged": Rule("wrong reduction", spreads, averaged, FACTOR),
    "broadcast's first only": Rule("broadcast not summed back", spreads, first_only, REDUCTION),
    "broadcast's last only": Rule(
        "overwritten instead of accumulated", spreads, last_only, REDUCTION
    ),
    "broadcast one short": Rule("off by one", spreads, one_short, REDUCTION),
    "broadcast's largest": Rule("wrong reduction", spreads, largest_only, REDUCTION),
    "broadcast's sizes": Rule("sign", spreads, sizes_summed, REDUCTION),
    "broadcast dropped": Rule("missing term", spreads, spread_dropped, DROPPED),
    "mean for a sum": Rule("wrong reduction", summed, mean_for_sum, FACTOR),
    "first term only": Rule("wrong reduction", summed, first_term_only, REDUCTION),
    "last term lost": Rule("off by one", summed, last_term_lost, REDUCTION),
    "maximum shared out": Rule("kink, branch or saturation", largest, shared_out, REDUCTION),
    "maximum to every entry": Rule(
        "kink, branch or saturation", largest, to_every_entry, REDUCTION
    ),
    "maximum to the first": Rule("wrong index, axis or stride", largest, to_the_first, REDUCTION),
    "running sum not reversed": Rule(
        "order of operations", named("cumsum"), not_reversed, REDUCTION
    ),
}
