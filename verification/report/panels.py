"""Figures as data: errors in their budgets, digits that each form loses, the three descents."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..selftest import digit_loss
from ..selftest.digit_loss import Lost
from .document import ClaimRow, Figure, Panel, Series
from .peers import DTYPES

CALIBRATION = "calibration-errors"
COUNT, QUICK_COUNT, POINTS = 8, 4, 8  # configurations, and how many of them to a network
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


def calibration_figures(rows: Iterable[Mapping[str, Any]]) -> tuple[Figure, ...]:
    """How many entries are how far into their budgets; none without rows."""
    rows = list(rows)
    if not rows:
        return ()
    panels = (
        calibration_panel("By dtype", rows, "dtype"),
        calibration_panel("By implementation", rows, "implementation"),
    )
    return (
        Figure(
            CALIBRATION,
            "How errors lie in their budgets",
            "Correct gradients: the share of all entries whose error is larger than the value on "
            "the axis, in budgets. Beyond 1 there must be no entry. If no error comes near to 1, "
            "the budget could be smaller.",
            panels,
        ),
    )


def calibration_panel(title: str, rows: list[Mapping[str, Any]], key: str) -> Panel:
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


LEAST = 1.0  # ulp: an error below that is no digit

DIGITS = "digits-lost"


def lossy_names() -> list[str]:
    return [form.name for form in digit_loss.forms()]


def lossy_form(name: str) -> tuple[list[dict[str, Any]], Panel]:
    """One row per dtype of a lossy form, and its panel."""
    (found,) = (f for f in digit_loss.forms() if f.name == name)
    measured = {dtype: digit_loss.ulps_lost(found, dtype) for dtype in DTYPES}
    rows = [
        {
            "form": found.name,
            "latex": found.latex,
            "dtype": dtype,
            "most": float(np.max(one.ulps)),
            "most_right": float(np.max(one.ulps_right)),
            "regions": [region._asdict() for region in one.regions],
        }
        for dtype, one in measured.items()
    ]
    return rows, digits_panel(found.name, found.variable, measured)


def digits_panel(name: str, variable: str, measured: dict[str, Lost]) -> Panel:
    """Ulps over the input; powers of ten as numbers where it has one sign and goes to the end of
    the format, where no axis can follow.
    """
    positive = all((one.x > 0).all() for one in measured.values())
    series = tuple(curve(dtype, one, positive) for dtype, one in measured.items())
    if positive:
        return Panel(name, f"log10 of {variable}", "ulps lost", series, "linear")
    return Panel(name, variable, "ulps lost", series, "symlog")


def curve(dtype: str, one: Lost, powers: bool) -> Series:
    """Ulps over the input; NaN, which is drawn as a cross, where the answer is not finite."""
    ulps = np.where(np.isfinite(one.ulps), np.maximum(one.ulps, LEAST), np.nan)
    x = np.log10(one.x) if powers else one.x
    return Series(dtype, tuple(x.tolist()), tuple(ulps.tolist()))


def digits_figures(panels: tuple[Panel, ...]) -> tuple[Figure, ...]:
    """All panels as one figure; none without panels."""
    figure = Figure(
        DIGITS,
        "Digits lost",
        "The error of each form, as it is written, in each dtype: in ulps of the proven slope, and "
        "drawn as 1 where it is smaller. A cross marks an input at which the answer is NaN or "
        "infinity.",
        panels,
    )
    return (figure,) if panels else ()


CLAIM = "B7"


def descent_figures(claims: Iterable[ClaimRow]) -> tuple[Figure, ...]:
    """Loss curves and gradient variance; none where the claim was not judged, or unproven."""
    found = [row.judged.numbers for row in claims if row.id == CLAIM and row.judged]
    return tuple(figure for numbers in found for figure in (curves(numbers), variance(numbers)))


def curves(numbers: Mapping[str, Any]) -> Figure:
    """The loss over examples seen, of the three descents, with bands over seeds."""
    series = tuple(band(label, curve) for label, curve in numbers["curves"].items())
    panel = Panel(
        "Diabetes", "examples seen", "loss on the training data", series, y_scale="linear"
    )
    return Figure(
        "three-descents",
        "Three descents",
        "The loss on all the training data over the examples seen, each descent at its best "
        f"learning rate: the median over seeds, with the middle 80 % of them (claim {CLAIM}). Each "
        "example costs the same arithmetic whatever the batch size; smaller batches take more "
        "steps for the same number of examples.",
        (panel,),
    )


def band(label: str, curve: Mapping[str, Any]) -> Series:
    """One descent from its first step on: a logarithm has no place for the start."""
    names = ("examples", "median", "low", "high")
    seen, median, low, high = (tuple(map(float, curve[name][1:])) for name in names)
    return Series(label, seen, median, low, high)


def variance(numbers: Mapping[str, Any]) -> Figure:
    """The spread of a batch's gradient, measured, beside the exact finite-population curve."""
    found = {name: tuple(map(float, values)) for name, values in numbers["variance"].items()}
    sizes = found["batch"]
    replaced = tuple(found["exact"][0] * sizes[0] / size for size in sizes)
    series = (
        Series("measured", sizes, found["measured"], found["low"], found["high"], "points"),
        Series(r"exact, $\frac{\sigma^2}{b} \cdot \frac{N - b}{N - 1}$", sizes, found["exact"]),
        Series(r"with replacement, $\sigma^2 / b$", sizes, replaced, kind="bound"),
    )
    panel = Panel("Diabetes", "batch size b", "variance of the gradient", series)
    return Figure(
        "batch-variance",
        "The gradient of a batch is an estimate",
        "Mean square distance of a batch's gradient from the full gradient, drawn without "
        f"replacement, with its interval (claim {CLAIM}). It falls faster than $1/b$, and is 0 "
        "for the whole data.",
        (panel,),
    )
