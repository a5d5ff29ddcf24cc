"""Scales of an axis: from numbers to the share of its length, and where its ticks stand."""

import math
from collections.abc import Iterable
from typing import NamedTuple

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MOST_TICKS = 6
DECADES = 2.0  # a logarithmic axis is at least so long: a curve within one decade is to look flat


class Axis(NamedTuple):
    """A kind of scale and the two ends of it, in the coordinate in which it is even."""

    scale: str
    low: float
    high: float

    def share(self, value: float) -> float:
        """0 at the low end, 1 at the high end; nan for what the scale does not have."""
        return (even(self.scale, value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """(share, label) of each, from the low end on."""
        values = TICKS[self.scale](self)
        return [(self.share(value), label(self.scale, value)) for value in values]


def even(scale: str, value: float) -> float:
    """The coordinate in which the scale is even: log10, sign(x) log10(1 + |x|), or the value."""
    if not math.isfinite(value):
        return math.nan
    if scale == "log":
        return math.log10(value) if value > 0.0 else math.nan
    return math.copysign(math.log10(1.0 + abs(value)), value) if scale == "symlog" else value


def over(scale: str, values: Iterable[float], least: float = 0.0) -> Axis:
    """The axis that has all the values that it can have; `least` is its least length."""
    known = [x for x in (even(scale, value) for value in values) if math.isfinite(x)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    high = max(high, low + least)
    room = 0.03 * (high - low) or 0.5
    return Axis(scale, low - room, high + room)


def decades(axis: Axis) -> list[float]:
    """Whole powers of ten, evenly many apart."""
    first, last = math.ceil(axis.low), math.floor(axis.high)
    step = max(1, -(-(last - first + 1) // MOST_TICKS))
    return [10.0**k for k in range(first, last + 1) if k % step == 0]


def both_sides(axis: Axis) -> list[float]:
    """0 and a few powers of ten on each side of it, as far as the axis goes."""
    far = math.floor(max(-axis.low, axis.high))
    step = max(1, round(far / 3))
    powers = [10.0**k for k in range(step, far + 1, step)]
    inside = lambda x: axis.low <= even("symlog", x) <= axis.high
    return [x for x in (*(-p for p in reversed(powers)), 0.0, *powers) if inside(x)]


def round_steps(axis: Axis) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    rough = (axis.high - axis.low) / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough)
    first, last = math.ceil(axis.low / step), math.floor(axis.high / step)
    return [k * step for k in range(first, last + 1)]


TICKS = {"log": decades, "symlog": both_sides, "linear": round_steps}


def label(scale: str, value: float) -> str:
    """10⁻³ where powers are shown, and 0.25 otherwise."""
    if scale == "linear" or value == 0.0:
        return f"{value:.6g}".replace("-", "−")
    sign = "−" if value < 0.0 else ""
    power = round(math.log10(abs(value)))
    return sign + ("1" if power == 0 else "10" + str(power).translate(SUPERSCRIPTS))
