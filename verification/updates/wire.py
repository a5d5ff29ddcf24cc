"""A run as it goes to who is not in this process, and what comes back of it."""

import numpy as np

from ..adapters.run_layouts import Run
from .leaves import Layout, flat
from .vectors import Sequence


def question(sequence: Sequence, where: Layout) -> Run:
    """The run, its vectors as trees."""
    gradients = tuple(where.tree_of(row) for row in sequence.gradients)
    params = where.tree_of(sequence.params)
    return Run(dict(sequence.hyperparameters), params, gradients, sequence.rates)


def sequence_of(run: Run) -> Sequence:
    """The run, its trees as vectors."""
    gradients = np.stack([flat(tree) for tree in run.gradients])
    return Sequence(dict(run.hyperparameters), flat(run.params), gradients, tuple(run.rates))
