"""Looks at the batches of a run: which come again, and in which order."""

from collections import Counter

import numpy as np

from ...vocabulary.names import listed
from .run import Run
from .suspicion import Seen, Silence, Suspicion

NONE = Silence("batches are not recorded")


def marks(run: Run) -> list[bytes]:
    """One for each step, the same where the batch is the same."""
    return [b"\0".join(_mark(leaf) for leaf in batch.values()) for batch in run.batches]


def _mark(leaf: np.ndarray) -> bytes:
    return f"{leaf.dtype}{leaf.shape}".encode() + np.ascontiguousarray(leaf).tobytes()


def repeats(run: Run) -> Seen:
    """The same batch in two steps that follow each other, where others are different."""
    if not run.batches:
        return NONE
    found = marks(run)
    if run.steps < 3:
        return Silence("there are fewer than three steps")
    if len(set(found)) == 1:
        return Silence("all steps have one batch: the whole data, or the first batch for ever")
    again = [k for k in range(1, run.steps) if found[k] == found[k - 1]]
    if not again:
        return []
    saw = f"{len(again)} of {run.steps} steps have the batch of the step before, first step "
    saw += str(again[0] + 1)
    unknown = "whether several steps are meant to be taken on one batch"
    return [Suspicion("batch repeats", again[0] + 1, (), saw, unknown)]


def never_changes(run: Run) -> Seen:
    """A part of the batch, such as a mask or a key, that stays, while the others change."""
    if not run.batches:
        return NONE
    names = list(run.batches[0])
    if run.steps < 3 or any(list(batch) != names for batch in run.batches):
        return Silence("there are fewer than three steps, or batches of several kinds")
    kinds = {name: {_mark(batch[name]) for batch in run.batches} for name in names}
    still = [name for name in names if len(kinds[name]) == 1 and _says(run.batches[0][name])]
    others = [name for name in names if len(kinds[name]) == run.steps]
    if not still or not others:
        return []
    saw = f"{listed(still)} of the batch is the same in all steps, though {listed(others)} changes"
    unknown = "whether it is a constant, or the first mask or key for ever"
    return [Suspicion("part of the batch never changes", 2, tuple(still), saw, unknown)]


def _says(leaf: np.ndarray) -> bool:
    """Whether it holds more than one number: a mask of ones alone masks nothing."""
    return leaf.size > 1 and bool((leaf != leaf.flat[0]).any())


def order_repeats(run: Run) -> Seen:
    """All batches come again in the order of the first time."""
    if not run.batches:
        return NONE
    found = marks(run)
    if len(set(found)) < 2:
        return Silence("all steps have one batch")
    period = next((k for k in range(2, run.steps) if found[k] == found[0]), 0)
    if not period or run.steps < 2 * period or max(Counter(found[:period]).values()) > 1:
        return []
    if any(found[k] != found[k - period] for k in range(period, run.steps)):
        return []
    saw = f"from step {period + 1} on every batch is that of {period} steps before"
    unknown = "whether the data are meant to come in one order, or are too few for another"
    return [Suspicion("order repeats", period + 1, (), saw, unknown)]
