"""Calibration in the report: correct networks judged, and how their errors lie in their budgets."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .document import Figure, Panel, Series

FIGURE = "calibration-errors"
COUNT, QUICK_COUNT, POINTS = 16, 4, 8  # configurations, and how many of them to a network
WIDEST, MOST = 64, 32  # units of a layer, examples: the full one goes further
# One of each family, because most of the time goes into compiling; the full one has them all.
IMPLEMENTATIONS = ("refnet by hand, jit", "NumPy", "NumPy, term by term", "PyTorch")


def calibrated(seed: int, quick: bool) -> list[dict[str, Any]]:
    """A small calibration: rows of selftest.calibration."""
    from ..inputs.networks import configurations
    from ..selftest.calibration import ALL, calibrate

    chosen = {name: ALL[name] for name in IMPLEMENTATIONS if name in ALL}
    drawn = configurations(QUICK_COUNT if quick else COUNT, seed, WIDEST, MOST, POINTS)
    return calibrate(drawn, implementations=chosen)


def figures(rows: Iterable[Mapping[str, Any]]) -> tuple[Figure, ...]:
    """How many entries are how far into their budgets; none without rows."""
    rows = list(rows)
    if not rows:
        return ()
    panels = (panel("By dtype", rows, "dtype"), panel("By implementation", rows, "implementation"))
    return (
        Figure(
            FIGURE,
            "How errors lie in their budgets",
            "The share of all entries of correct gradients whose error is larger than so many "
            "budgets. Beyond 1 there must be nothing; a budget that is never nearly used up "
            "could be smaller.",
            panels,
        ),
    )


def panel(title: str, rows: list[Mapping[str, Any]], key: str) -> Panel:
    """One curve for each value of the key, all its rows together."""
    groups: dict[str, list] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row["histogram"])
    curves = [beyond(name, np.sum(counts, axis=0)) for name, counts in groups.items()]
    least = min((y for curve in curves for y in curve.y), default=1.0)
    limit = Series("the budget", (1.0, 1.0), (least, 1.0), kind="bound")
    return Panel(title, "error in budgets", "share of entries beyond", (*curves, limit))


def beyond(name: str, counts: np.ndarray) -> Series:
    """The share of entries at or beyond each inner edge of the histogram, while there are any."""
    from ..selftest.statistics import EDGES

    share = (counts[::-1].cumsum()[::-1] / max(counts.sum(), 1))[1:]
    known = share > 0.0
    edges = 10.0 ** EDGES[1:-1]
    return Series(name, tuple(edges[known].tolist()), tuple(share[known].tolist()))
