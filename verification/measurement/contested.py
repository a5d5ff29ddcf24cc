"""The entries that are in question, of a large answer whose entries are independent of each other.

Where an answer is h(x_k) at each entry k of one argument, h is computed at those entries alone that
are outside their budgets, and at some of the others, which tell that it is the same function.
"""

from dataclasses import replace

import numpy as np
from jax.extend.core import ClosedJaxpr

from ..arithmetic.entry_programs import ENTRY, entry_program
from ..vocabulary import Ball, NoRule
from .sample import Sample, outside

MANY = 2**14  # entries, of which all are computed where they are fewer
OTHERS = 2**10  # entries that are inside


def contested(
    program: ClosedJaxpr, leaves: list[np.ndarray], sample: Sample
) -> tuple[ClosedJaxpr, list[np.ndarray], Sample]:
    """The program, its arguments and the sample, at these entries; as they are, elsewhere."""
    as_given = program, leaves, sample
    sizes = [x.size for x in leaves]
    leaf = int(np.argmax(sizes)) if sizes else 0
    if len(sample.truth) != 1 or len(sample.got) != 1 or sample.truth[0].sides is not None:
        return as_given
    if sample.got[0].size < MANY or sample.got[0].size != sizes[leaf]:
        return as_given
    out = outside(sample, 0).ravel()
    rest = np.flatnonzero(~out)
    chosen = np.concatenate([np.flatnonzero(out), rest[:: len(rest) // OTHERS + 1]])
    try:
        mine = entry_program(program, leaf, len(chosen), ENTRY)
    except NoRule:
        return as_given
    entries = leaves[leaf].ravel()[chosen]
    numbers = [x.reshape(()) for k, x in enumerate(leaves) if k != leaf]
    return mine, [entries, *numbers], _at(sample, chosen)


def _at(sample: Sample, chosen: np.ndarray) -> Sample:
    truth, pick = sample.truth[0], lambda x: x.ravel()[chosen]
    ball = Ball(pick(truth.mid), pick(truth.tail), pick(truth.rad), truth.proven)
    allowed, got = [pick(sample.allowed[0])], [pick(sample.got[0])]
    return replace(sample, truth=[ball], allowed=allowed, got=got)
