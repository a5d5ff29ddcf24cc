"""Where right formulas lose their digits: a panel for each form, and the regions in words."""

from typing import Any

import numpy as np

from ..selftest import digit_loss
from ..selftest.digit_loss import Lost
from .document import Figure, Panel, Series
from .peers import DTYPES

LEAST = 1.0  # ulp: an error below that is no digit

FIGURE = "digits-lost"


def names() -> list[str]:
    return [form.name for form in digit_loss.forms()]


def form(name: str) -> tuple[list[dict[str, Any]], Panel]:
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
    return rows, panel(found.name, found.variable, measured)


def panel(name: str, variable: str, measured: dict[str, Lost]) -> Panel:
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


def figures(panels: tuple[Panel, ...]) -> tuple[Figure, ...]:
    """All panels as one figure; none without panels."""
    figure = Figure(
        FIGURE,
        "Digits lost",
        "Error in ulps of the proven slope over the input, at least 1, each form as written and "
        "in each dtype. A cross marks an input at which the answer is NaN or infinity.",
        panels,
    )
    return (figure,) if panels else ()
