"""What arrives from above is changed: lost, averaged, shifted, rounded, of the wrong sign."""

import jax.numpy as jnp

from .rule import DROPPED, ELSE, FACTOR, REDUCTION, SIGN, Rule, anywhere, many, rows

# of a scalar, what arrives is one number: what is made of it is a factor
OF_ONE = ("factor", "sign", *ELSE)


def negated(piece, d):
    """A minus too many or too few at one arrow: `y - t` written as `t - y` two lines further up."""
    return piece.pull(-d)


def doubled(piece, d):
    """One path counted twice: a hook registered twice, a gradient accumulated twice."""
    return piece.pull(2 * d)


def halved(piece, d):
    """A half that belongs to the loss is put into a layer: the 2 of the square lost on the way."""
    return piece.pull(d / 2)


def over_rows(piece, d):
    """The mean over the batch taken at a layer, where the loss has taken it already."""
    return piece.pull(d / len(d))


def times_rows(piece, d):
    """A layer that undoes a mean which nobody took: scaled by the batch size in the middle."""
    return piece.pull(d * len(d))


def over_outputs(piece, d):
    """Divided by the number of outputs: a mean over all entries where one over rows was meant."""
    return piece.pull(d / d.shape[-1])


def dropped(piece, d):
    """A detach, a stop_gradient or a `.data` left in: nothing goes back through this arrow."""
    return piece.pull(jnp.zeros_like(d))


def ignored(piece, d):
    """The upstream gradient is taken to be one: right as long as the layer is the last one."""
    return piece.pull(jnp.ones_like(d))


def averaged(piece, d):
    """The upstream gradient reduced to its mean: custom kernels that read one scalar of it."""
    return piece.pull(jnp.full_like(d, jnp.mean(d)))


def sign_only(piece, d):
    """Only the sign of what arrives is handed on: sign descent's trick left in a layer."""
    return piece.pull(jnp.sign(d))


def absolute(piece, d):
    """The sign of what arrives is lost: a norm or an unsigned buffer in between."""
    return piece.pull(jnp.abs(d))


def squared(piece, d):
    """The upstream gradient multiplied in twice: by the layer and by its caller."""
    return piece.pull(d * d)


def first_example(piece, d):
    """Every example gets the first one's upstream gradient: a stride of 0 in a kernel."""
    return piece.pull(jnp.broadcast_to(d[:1], d.shape))


def last_example_lost(piece, d):
    """The last example gets nothing: a loop that ends one early, a ragged last block."""
    return piece.pull(d.at[-1].set(0))


def first_example_lost(piece, d):
    """The first example gets nothing: a loop that starts at 1."""
    return piece.pull(d.at[0].set(0))


def last_column_lost(piece, d):
    """The last column gets nothing: the width rounded down to a multiple of the block."""
    return piece.pull(d.at[..., -1].set(0))


def rolled(piece, d):
    """The last axis is off by one: an index that starts at 1, the neighbour's gradient."""
    return piece.pull(jnp.roll(d, 1, -1))


def rolled_rows(piece, d):
    """Every example gets the gradient of the one before: the pairing of a shuffled batch lost."""
    return piece.pull(jnp.roll(d, 1, 0))


def reversed_rows(piece, d):
    """Time or the batch runs backwards: a reversed scan whose outputs were not turned back."""
    return piece.pull(jnp.flip(d, 0))


def column_order(piece, d):
    """Read in column order: a buffer from Fortran, MATLAB or Julia, a view without a copy."""
    return piece.pull(d.T.reshape(d.shape))


def through_bfloat16(piece, d):
    """Rounded to 8 bits in the middle: autocast left on around one operation."""
    return piece.pull(d.astype(jnp.bfloat16).astype(d.dtype))


def through_float16(piece, d):
    """Rounded to 11 bits in the middle: half precision storage of a saved activation."""
    return piece.pull(d.astype(jnp.float16).astype(d.dtype))


def through_float32(piece, d):
    """Rounded to 24 bits in the middle: a float32 constant or buffer in a float64 program."""
    return piece.pull(d.astype(jnp.float32).astype(d.dtype))


def clipped(piece, d):
    """Gradient clipping in the middle of the chain rule: each entry held within 1/4."""
    return piece.pull(jnp.clip(d, -0.25, 0.25))


def not_a_number(piece, d):
    """Zero times infinity at one entry: a mask multiplied onto what is not finite."""
    return piece.pull(d.at[(0,) * d.ndim].set(jnp.nan))


square_or_wider = lambda site: anywhere(site) and len(site.out) == 2 and min(site.out) > 1
RULES = {
    "arrow negated": Rule("sign", anywhere, negated, SIGN),
    "arrow doubled": Rule("factor", anywhere, doubled, FACTOR),
    "arrow halved": Rule("factor", anywhere, halved, FACTOR),
    "arrow over rows": Rule("factor", rows, over_rows, FACTOR),
    "arrow times rows": Rule("factor", rows, times_rows, FACTOR),
    "arrow over outputs": Rule("wrong reduction", many, over_outputs, FACTOR),
    "arrow dropped": Rule("missing term", anywhere, dropped, DROPPED),
    "upstream taken as one": Rule("upstream ignored", anywhere, ignored, OF_ONE),
    "upstream's mean": Rule("upstream ignored", many, averaged, OF_ONE),
    "upstream's sign": Rule("upstream ignored", anywhere, sign_only, OF_ONE),
    "upstream's size": Rule("sign", many, absolute, OF_ONE),
    "upstream twice": Rule("factor", anywhere, squared, OF_ONE),
    "upstream of the first example": Rule(
        "wrong index, axis or stride", rows, first_example, ("one example", *ELSE)
    ),
    "last example lost": Rule("off by one", rows, last_example_lost, REDUCTION),
    "first example lost": Rule("off by one", rows, first_example_lost, REDUCTION),
    "last column lost": Rule("off by one", many, last_column_lost, REDUCTION),
    "upstream's neighbour": Rule("off by one", many, rolled, ("shifted", *ELSE)),
    "upstream of the example before": Rule("off by one", rows, rolled_rows, ("shifted", *ELSE)),
    "upstream backwards": Rule(
        "wrong index, axis or stride", rows, reversed_rows, ("flipped", "shifted", *ELSE)
    ),
    "upstream in column order": Rule(
        "transpose", square_or_wider, column_order, ("reordered", *ELSE)
    ),
    "arrow through bfloat16": Rule(
        "low precision in the middle", anywhere, through_bfloat16, ("cast", *ELSE)
    ),
    "arrow through float16": Rule(
        "low precision in the middle", anywhere, through_float16, ("cast", *ELSE)
    ),
    "arrow through float32": Rule(
        "low precision in the middle", anywhere, through_float32, ("cast", *ELSE)
    ),
    "upstream clipped": Rule("wrong formula", anywhere, clipped, OF_ONE),
    "upstream not a number": Rule("NaN at a special point", many, not_a_number, ("layer", *ELSE)),
}
