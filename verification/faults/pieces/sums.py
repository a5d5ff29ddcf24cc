"""Sums, broadcasts, products of matrices and moves: what is reduced, over which axis, in what order."""

import jax.numpy as jnp
from jax import lax

from .rule import DROPPED, ELSE, FACTOR, REDUCTION, Rule, anywhere, binary, both, named

MATRIX = ("edge", "factor", "one example", "reduction", "fault", "shifted", "transposed")


# --- broadcasts: their pullback is a sum -----------------------------------------------------


def spread_axes(site) -> tuple[int, ...]:
    """The axes of the result that hold one entry many times."""
    kept = dict(zip(site.eqn.params["broadcast_dimensions"], site.shapes[0], strict=True))
    return tuple(k for k, size in enumerate(site.out) if size > 1 and kept.get(k, 1) == 1)


def spreads(site) -> bool:
    return site.name == "broadcast_in_dim" and bool(spread_axes(site))


def _reduced(piece, d, reduce):
    axes = spread_axes(piece.site)
    return [reduce(d, axes).reshape(jnp.shape(piece.inputs[0]))] + [None] * (len(piece.inputs) - 1)


def _picked(piece, d, index: int):
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


# --- products of matrices --------------------------------------------------------------------


def _split(piece):
    (contracted, _), (batch, _) = piece.params["dimension_numbers"]
    return contracted, batch


def weights_averaged(piece, d):
    """The gradient of the second factor as a mean over the rows: 1/n taken once more."""
    first, second = piece.pull(d)
    return [first, second / len(d)]


def inputs_averaged(piece, d):
    """The gradient of the first factor divided by the width of the layer above."""
    first, second = piece.pull(d)
    return [first / d.shape[-1], second]


def paired_wrongly(piece, d):
    """x' dy with the rows of x off by one: activations of the batch before, or unshuffled."""
    first, _ = piece.pull(d)
    return [first, piece.pull(d, [jnp.roll(piece.inputs[0], 1, 0), piece.inputs[1]])[1]]


def one_row(piece, d):
    """x' dy from the first row alone: a loop over the batch that overwrites."""
    alone = jnp.zeros_like(d).at[0].set(d[0])
    return [piece.pull(d)[0], piece.pull(alone)[1]]


def row_lost(piece, d):
    """x' dy without the last row: a loop over the batch that ends one early."""
    return [piece.pull(d)[0], piece.pull(d.at[-1].set(0))[1]]


def transposed(piece, d):
    """dy w for dy w': with square matrices no shape complains."""
    a, b = piece.inputs
    return [piece.pull(d, [a, jnp.swapaxes(b, -1, -2)])[0], piece.pull(d)[1]]


def ones_for_inputs(piece, d):
    """1' dy for x' dy: the bias gradient's formula used for the weights."""
    a, b = piece.inputs
    return [piece.pull(d)[0], piece.pull(d, [jnp.ones_like(a), b])[1]]


def weights_not_used(piece, d):
    """dy |w|' for dy w': the sign of the weights lost on the way down."""
    a, b = piece.inputs
    return [piece.pull(d, [a, jnp.abs(b)])[0], piece.pull(d)[1]]


# --- moves -----------------------------------------------------------------------------------


def reshaped_in_column_order(piece, d):
    """Pulled back through a reshape in the other order: a flatten of channels last for first."""
    return [jnp.reshape(d, jnp.shape(piece.inputs[0]), order="F")]


def not_transposed_back(piece, d):
    """The pullback of a transpose left out: with equal sizes no shape complains."""
    return [d]


def repeated_averaged(piece, d):
    """A row looked up n times gets the mean of n gradients: "scale by frequency" left on."""
    found = piece.pull(d)[0]
    used = piece.pull(jnp.ones_like(d))[0]
    return [found / jnp.maximum(used, 1), *([None] * (len(piece.inputs) - 1))]


def row_below(piece, d):
    """The gradient of a looked-up row lands one row further: indices counted from one."""
    return [jnp.roll(piece.pull(d)[0], 1, 0), *([None] * (len(piece.inputs) - 1))]


def window_shifted(piece, d):
    """The gradient of a slice lands one place further: the offset forgotten."""
    return [jnp.roll(piece.pull(d)[0], 1, -1), *([None] * (len(piece.inputs) - 1))]


def parts_swapped(piece, d):
    """The parts of a concatenation get each other's gradients: gates in the wrong order."""
    found = piece.pull(d)
    return [found[1], found[0], *found[2:]]


matrices = lambda s: s.name == "dot_general" and binary(s) and len(s.out) >= 2
rows_of = lambda s: matrices(s) and len(s.out) == len(s.shapes[0]) and s.out[0] == s.shapes[0][0] > 1
square = lambda s: matrices(s) and len(s.shapes[1]) >= 2 and s.shapes[1][-1] == s.shapes[1][-2] > 1
alike_first = (
    lambda s: s.name == "concatenate" and len(s.active) > 1 and s.shapes[0] == s.shapes[1]
    and s.active[0] and s.active[1]
)  # fmt: skip
lookup = lambda s: s.name == "gather" and len(s.shapes[0]) == 2 and s.shapes[0][0] > 1
turned = lambda s: s.name == "transpose" and s.shapes[0] == s.out and len(s.out) > 1 and max(s.out) > 1
folded = lambda s: s.name == "reshape" and min(len(s.out), len(s.shapes[0])) > 0 and max(
    len([n for n in s.out if n > 1]), len([n for n in s.shapes[0] if n > 1])
) > 1
axes_of = lambda s: s.eqn.params.get("axes") and s.shapes[0] and any(
    s.shapes[0][a] > 1 for a in s.eqn.params["axes"]
)
summed = both(named("reduce_sum"), lambda s: bool(axes_of(s)))
largest = both(named("reduce_max"), lambda s: bool(axes_of(s)))
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
    "maximum to every entry": Rule("kink, branch or saturation", largest, to_every_entry, REDUCTION),
    "maximum to the first": Rule("wrong index, axis or stride", largest, to_the_first, REDUCTION),
    "running sum not reversed": Rule(
        "order of operations", named("cumsum"), not_reversed, REDUCTION
    ),
    "weights averaged": Rule("wrong reduction", rows_of, weights_averaged, MATRIX),
    "inputs averaged": Rule("factor", matrices, inputs_averaged, MATRIX),
    "rows paired wrongly": Rule("stale or contaminated state", rows_of, paired_wrongly, MATRIX),
    "weights from one row": Rule("overwritten instead of accumulated", rows_of, one_row, MATRIX),
    "weights without the last row": Rule("off by one", rows_of, row_lost, MATRIX),
    "matrix not transposed": Rule("transpose", square, transposed, MATRIX),
    "ones for the inputs": Rule("wrong variable", rows_of, ones_for_inputs, MATRIX),
    "weights' signs lost": Rule("sign", matrices, weights_not_used, MATRIX),
    "reshaped in column order": Rule("transpose", folded, reshaped_in_column_order,
                                     ("reordered", "permuted", "transposed", *ELSE)),
    "not transposed back": Rule("transpose", turned, not_transposed_back,
                                ("transposed", "permuted", *ELSE)),
    "repeated rows averaged": Rule("wrong reduction", lookup, repeated_averaged, REDUCTION),
    "row below": Rule("off by one", lookup, row_below, ("shifted", *ELSE)),
    "window shifted": Rule("off by one", named("slice", "dynamic_slice"), window_shifted,
                           ("shifted", *ELSE)),
    "parts swapped": Rule("wrong variable", alike_first, parts_swapped, ("swapped", *ELSE)),
}  # fmt: skip
