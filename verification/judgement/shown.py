"""What is shown of one case: its worst entries, the first as it was named, and where they lie."""

from itertools import islice

import numpy as np

from ..measurement.sample import Sample
from ..vocabulary import Worst
from ..vocabulary.heat import cells
from .evidence import entry_at, ratios

MOST = 4  # entries of a finding that are shown
PICTURES = 6  # leaves of which there is one


def heat(sample: Sample | None) -> dict[str, tuple[tuple[float, ...], ...]]:
    """The errors of each leaf that is wrong somewhere, in budgets, as few cells."""
    if sample is None or not sample.got:
        return {}
    errors = ((path, ratios(sample, k)) for k, path in enumerate(sample.paths))
    wrong = ((path, cells(ratio)) for path, ratio in errors if (ratio > 1.0).any())
    return dict(islice(wrong, PICTURES))


def entries(sample: Sample | None, first: Worst | None, dtype: str) -> tuple[Worst, ...]:
    """The entries with the largest errors in budgets, `first` before them."""
    if sample is None or first is None or not sample.got:
        return (first,) if first is not None else ()
    found = []
    for k in range(len(sample.paths)):
        ratio = ratios(sample, k).ravel()
        wrong = np.flatnonzero(ratio > 1.0)
        for at in wrong[np.argsort(-ratio[wrong], kind="stable")[:MOST]]:
            found.append(entry_at(sample, k, np.unravel_index(at, sample.got[k].shape), dtype))
    found.sort(key=lambda one: -one.budgets)
    is_first = lambda one: (one.leaf, one.index) == (first.leaf, first.index)
    return (first, *(one for one in found if not is_first(one)))[:MOST]
