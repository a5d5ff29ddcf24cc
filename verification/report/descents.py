"""The figures about descent, drawn from the numbers on which claim B7 was judged."""

from collections.abc import Iterable, Mapping
from typing import Any

from .document import ClaimRow, Figure, Panel, Series

CLAIM = "B7"


def figures(claims: Iterable[ClaimRow]) -> tuple[Figure, ...]:
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
        f"learning rate: the median over seeds, with the middle 80 % of them (claim {CLAIM}). An "
        "example costs the same arithmetic in every batch; a smaller batch takes more steps "
        "with it.",
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
