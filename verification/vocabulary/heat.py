"""Where a leaf is wrong, at a glance: its errors in budgets, as a picture of few cells.

A cell is the largest error of the entries that it stands for: at most ROWS by COLUMNS of them, so
that one row, one column and everything look different in an array of any size.
"""

import math
from collections.abc import Sequence
from html import escape

import numpy as np

ROWS, COLUMNS = 16, 32
CELL = 14  # pixels
LEVELS = ((1.0, "inside"), (1e3, "low"), (1e9, "middle"), (math.inf, "high"))

Heat = Sequence[Sequence[float]]


def cells(errors: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """The largest error of each cell; the last axis is across, all others are down."""
    flat = errors.reshape(-1, errors.shape[-1]) if errors.ndim > 1 else errors.reshape(1, -1)
    if not flat.size:
        return ()
    down = np.array_split(np.arange(flat.shape[0]), min(flat.shape[0], ROWS))
    across = np.array_split(np.arange(flat.shape[1]), min(flat.shape[1], COLUMNS))
    return tuple(tuple(float(flat[np.ix_(r, c)].max()) for c in across) for r in down)


def level(error: float) -> str:
    """How far outside, in a word; unknown is -1, and what is no number is the furthest."""
    if error < 0.0:
        return "unknown"
    return next((name for most, name in LEVELS if error <= most), "high")


def picture(name: str, heat: Heat) -> str:
    """The cells as SVG; each says its error, and the caption says it all without colour."""
    height, width = len(heat), max(map(len, heat), default=0)
    if not width:
        return ""
    said = caption(heat)
    rects = [
        f'<rect x="{CELL * k}" y="{CELL * j}" width="{CELL - 1}" height="{CELL - 1}" '
        f'class="{level(error)}"><title>{error:.3g} budgets</title></rect>'
        for j, row in enumerate(heat)
        for k, error in enumerate(row)
    ]
    size = f'width="{CELL * width}" height="{CELL * height}"'
    return (
        f'<figure><figcaption><code>{escape(name)}</code> {said}</figcaption><div class="scroll">'
        f'<svg role="img" aria-label="{escape(name)}: {said}" {size}>{"".join(rects)}</svg>'
        "</div></figure>"
    )


def caption(heat: Heat) -> str:
    """ "outside in one row", "outside everywhere", "3 of 12 cells outside"."""
    bad = np.array([[error > 1.0 or math.isnan(error) for error in row] for row in heat])
    rows, columns = bad.any(axis=1).sum(), bad.any(axis=0).sum()
    if not bad.any():
        return "inside everywhere"
    if bad.all():
        return "outside everywhere"
    if rows == 1 and bad.shape[0] > 1:
        return f"outside in row {int(bad.any(axis=1).argmax())} alone"
    if columns == 1 and bad.shape[1] > 1:
        return f"outside in column {int(bad.any(axis=0).argmax())} alone"
    return f"outside in {int(bad.sum())} of {bad.size} cells"
