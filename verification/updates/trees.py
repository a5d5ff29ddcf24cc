"""Runs as trees of arrays, as whoever answers them has them."""

import numpy as np

from ..adapters.run_layouts import Run
from .vectors import Layout, Sequence, flat


def question(sequence: Sequence, where: Layout) -> Run:
    """The run, its vectors as trees."""
    params, *gradients = map(where.tree_of, (sequence.params, *sequence.gradients))
    return Run(dict(sequence.hyperparameters), params, tuple(gradients), sequence.rates)


def sequence_of(run: Run) -> Sequence:
    """The run, its trees as vectors."""
    gradients = np.stack([flat(tree) for tree in run.gradients])
    return Sequence(dict(run.hyperparameters), flat(run.params), gradients, tuple(run.rates))
