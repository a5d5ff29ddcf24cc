"""Proof over a whole region: subdivide a box until balls decide the sign on every piece."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

from .trial import Trial

Side = tuple[Any, Any]  # the two ends, as rationals
DEEPEST = 60  # halvings of a side: a piece thinner than that is a point where the sign is open


def positive(function: Callable[..., arb], *region: Side) -> Trial:
    """Prove function > 0 at every point of a box.

    Each argument of `function` is a ball that holds one side of a piece of the box.  The trial
    fails on the first piece where the function is not positive, or cannot be told to be.
    """
    pieces, todo = 0, [(tuple((Fraction(a), Fraction(b)) for a, b in region), 0)]
    while todo:
        piece, depth = todo.pop()
        value = function(*(ball(*side) for side in piece))
        if value > 0:
            pieces += 1
        elif value <= 0 or depth == DEEPEST * len(region):
            return Trial(False, f"on {spoken(piece)} the value is in {interval(value)}")
        else:
            todo += [(half, depth + 1) for half in halves(piece)]
    count = f"{pieces} pieces" if pieces > 1 else "1 piece"
    return Trial(True, f"positive on {spoken(region)}, in {count}")


def ball(low: Fraction, high: Fraction) -> arb:
    """The smallest ball that holds [low, high]."""
    return exact(low).union(exact(high))


def exact(number: Any) -> arb:
    """A rational as a ball: no wider than the working precision makes it."""
    number = Fraction(number)
    return arb(fmpq(number.numerator, number.denominator))


def interval(value: arb) -> str:
    """The two ends of a ball."""
    if not value.is_finite():
        return "no bounded interval"
    return f"[{float(value.lower()):.6g}, {float(value.upper()):.6g}]"


def halves(piece: Sequence[Side]) -> list[tuple[Side, ...]]:
    """The piece cut in two across its longest side."""
    widths = [high - low for low, high in piece]
    k = widths.index(max(widths))
    low, high = piece[k]
    middle = (low + high) / 2
    swap = lambda side: tuple(side if i == k else s for i, s in enumerate(piece))
    return [swap((low, middle)), swap((middle, high))]


def spoken(piece: Sequence[Side]) -> str:
    return " x ".join(f"[{float(low):.6g}, {float(high):.6g}]" for low, high in piece)
