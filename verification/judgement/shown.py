"""What is shown of one case: its worst entries, the one that was named first, then the next."""

import numpy as np

from ..measurement.sample import Sample
from ..vocabulary import Worst
from .evidence import entry_at, ratios

MOST = 4  # entries of a finding that are shown


def entries(sample: Sample | None, first: Worst | None, dtype: str) -> tuple[Worst, ...]:
    """The entries with the largest errors in budgets, `first` before them."""
    if sample is None or first is None or not sample.got:
        return (first,) if first is not None else ()
    found = []
    for k in range(len(sample.paths)):
        ratio = ratios(sample, k).ravel()
        for at in np.argsort(-ratio, kind="stable")[:MOST]:
            if ratio[at] > 1.0:
                found.append(entry_at(sample, k, np.unravel_index(at, sample.got[k].shape), dtype))
    found.sort(key=lambda one: -one.budgets)
    is_first = lambda one: (one.leaf, one.index) == (first.leaf, first.index)
    return (first, *(one for one in found if not is_first(one)))[:MOST]
