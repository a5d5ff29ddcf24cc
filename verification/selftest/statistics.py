"""Rows from verdicts: false alarms, and how errors lie in their budgets.

Errors are counted by the decimal logarithm of error over budget, entry by entry.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..inputs.networks import Configuration

EDGES = np.linspace(-6.0, 1.0, 29)  # of the histogram: log10 of error over budget
FINE = 25  # finer bins in each of them, for the quantiles
BINS = FINE * (len(EDGES) - 1)
QUANTILES = (0.5, 0.9, 0.999)
CONTROL = 8.0  # budgets this many times smaller must raise alarms


class Judged(NamedTuple):
    """One verdict: one implementation, one configuration, one dtype, all leaves.

    Of the corpus: one function and, for a configuration, who spelt it and where it was asked.
    """

    implementation: str
    dtype: str
    configuration: Configuration | str
    alarms: int  # entries outside their budget
    undecided: int  # entries without one
    entries: int
    worst: float  # the largest error in budgets
    counts: np.ndarray  # of entries with a budget: below the histogram, in fine bins, above it
    allowed: float  # the median budget over its leaf's root mean square
    seen: float  # the error, over the same, that is certain to be seen at any entry


def counted(ratios: Iterable[np.ndarray]) -> np.ndarray:
    """How many errors in budgets are below the histogram, in each fine bin, above it."""
    counts = np.zeros(BINS + 2, np.int64)
    for ratio in ratios:
        with np.errstate(divide="ignore"):
            place = (np.log10(ratio) - EDGES[0]) * BINS / (EDGES[-1] - EDGES[0])
        bins = np.clip(np.floor(place) + 1, 0, BINS + 1).astype(int)
        counts += np.bincount(bins.ravel(), minlength=BINS + 2)
    return counts


def rows(verdicts: list[Judged]) -> list[dict[str, Any]]:
    """One row per implementation and dtype.

    `histogram` counts entries between EDGES; its first bin has also what is below (no error at
    all, mostly), its last what is above.  `control` counts the verdicts that would be alarms had
    every budget been CONTROL times smaller.
    """
    groups: dict[tuple[str, str], list[Judged]] = {}
    for v in verdicts:
        groups.setdefault((v.implementation, v.dtype), []).append(v)
    return [_row(*key, mine) for key, mine in groups.items()]


def _row(implementation: str, dtype: str, mine: list[Judged]) -> dict[str, Any]:
    counts = np.sum([v.counts for v in mine], axis=0)
    inner = counts[1:-1].reshape(-1, FINE).sum(axis=1)
    inner[0] += counts[0]
    inner[-1] += counts[-1]
    return {
        "implementation": implementation,
        "dtype": dtype,
        "verdicts": len(mine),
        "false_alarms": sum(v.alarms > 0 for v in mine),
        "undecided": sum(v.undecided > 0 and not v.alarms for v in mine),
        "entries": sum(v.entries for v in mine),
        "undecided_entries": sum(v.undecided for v in mine),
        "worst": max(v.worst for v in mine),
        "quantiles": {str(q): _quantile(counts, q) for q in QUANTILES},
        "histogram": inner.tolist(),
        "control": sum(v.worst * CONTROL > 1.0 for v in mine),
    }


def _quantile(counts: np.ndarray, q: float) -> float:
    """The upper edge of the fine bin that holds the quantile; NaN of nothing."""
    total = counts.sum()
    if not total:
        return np.nan
    at = int(np.searchsorted(np.cumsum(counts), q * total))
    step = (EDGES[-1] - EDGES[0]) / BINS
    return float(10.0 ** (EDGES[0] + step * at)) if at <= BINS else np.inf


def sensitivity(verdicts: list[Judged]) -> list[dict[str, Any]]:
    """One row per dtype and class of width (the widest layer, by powers of four).

    `allowed`: the median over configurations of the median budget; `seen`: of the error certain
    to be seen at every entry of every leaf.  Both relative to the leaf's root mean square.
    """
    once = {(v.dtype, v.configuration): v for v in verdicts}
    found: dict[tuple[str, int], list[Judged]] = {}
    for (dtype, configuration), v in once.items():
        if isinstance(configuration, str):
            continue
        width = max(configuration.network.sizes)
        found.setdefault((dtype, int(np.log2(width) // 2)), []).append(v)
    return [
        {
            "dtype": dtype,
            "widths": [4**size, 4 ** (size + 1) - 1],
            "configurations": len(mine),
            "blind": sum(bool(np.isnan(v.seen)) for v in mine),
            "allowed": _median([v.allowed for v in mine]),
            "seen": _median([v.seen for v in mine]),
        }
        for (dtype, size), mine in sorted(found.items(), key=lambda item: item[0][1])
    ]


def _median(values: list[float]) -> float:
    known = [v for v in values if not np.isnan(v)]
    return float(np.median(known)) if known else np.nan
