"""Products of matrices, and moves of entries: from which rows, in what order, to which places."""

import jax.numpy as jnp

from .piece import Site
from .rule import ELSE, REDUCTION, Rule, binary, named

MATRIX = ("edge", "factor", "one example", "reduction", "fault", "shifted", "transposed")


# --- products of matrices --------------------------------------------------------------------


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


def matrices(site: Site) -> bool:
    return site.name == "dot_general" and binary(site) and len(site.out) >= 2


def rows_of(site: Site) -> bool:
    """The rows of the result are those of the first factor."""
    first = site.shapes[0]
    return matrices(site) and len(site.out) == len(first) and site.out[0] == first[0] > 1


def square(site: Site) -> bool:
    """The second factor is a square matrix."""
    second = site.shapes[1] if len(site.shapes) > 1 else ()
    return matrices(site) and len(second) >= 2 and second[-1] == second[-2] > 1


def alike_parts(site: Site) -> bool:
    """The first two parts are of one shape, and both are differentiated by."""
    two = site.name == "concatenate" and len(site.active) > 1
    return two and all(site.active[:2]) and site.shapes[0] == site.shapes[1]


def lookup(site: Site) -> bool:
    """Rows of a table by their numbers."""
    return site.name == "gather" and len(site.shapes[0]) == 2 and site.shapes[0][0] > 1


def turned(site: Site) -> bool:
    """A transpose that no shape tells of."""
    same = site.name == "transpose" and site.shapes[0] == site.out
    return same and len(site.out) > 1 and max(site.out) > 1


def folded(site: Site) -> bool:
    """A reshape of, or into, more than one axis."""
    wide = lambda shape: sum(n > 1 for n in shape) > 1
    both_have = bool(site.out) and bool(site.shapes[0])
    return site.name == "reshape" and both_have and (wide(site.out) or wide(site.shapes[0]))


RULES = {
    "weights averaged": Rule("wrong reduction", rows_of, weights_averaged, MATRIX),
    "inputs averaged": Rule("factor", matrices, inputs_averaged, MATRIX),
    "rows paired wrongly": Rule("stale or contaminated state", rows_of, paired_wrongly, MATRIX),
    "weights from one row": Rule("overwritten instead of accumulated", rows_of, one_row, MATRIX),
    "weights without the last row": Rule("off by one", rows_of, row_lost, MATRIX),
    "matrix not transposed": Rule("transpose", square, transposed, MATRIX),
    "ones for the inputs": Rule("wrong variable", rows_of, ones_for_inputs, MATRIX),
    "weights' signs lost": Rule("sign", matrices, weights_not_used, MATRIX),
    "reshaped in column order": Rule(
        "transpose",
        folded,
        reshaped_in_column_order,
        ("reordered", "permuted", "transposed", *ELSE),
    ),
    "not transposed back": Rule(
        "transpose", turned, not_transposed_back, ("transposed", "permuted", *ELSE)
    ),
    "repeated rows averaged": Rule("wrong reduction", lookup, repeated_averaged, REDUCTION),
    "row below": Rule("off by one", lookup, row_below, ("shifted", *ELSE)),
    "window shifted": Rule(
        "off by one", named("slice", "dynamic_slice"), window_shifted, ("shifted", *ELSE)
    ),
    "parts swapped": Rule("wrong variable", alike_parts, parts_swapped, ("swapped", *ELSE)),
}
