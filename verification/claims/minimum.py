"""A zero of a gradient field in the plane, proved to exist and enclosed (Krawczyk 1969).

K(X) = m - Y f(m) + (I - Y J(X)) (X - m) with m the middle of the box X and Y about J(m)^-1: where
K(X) lies inside X, exactly one zero of f lies in X, and it lies in K(X).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from flint import arb, arb_mat

from .trial import Trial

NEWTON = 40  # steps before we stop looking for a zero to enclose
WIDE = 2.0**-20  # half the side of the first box
Field = Callable[[Sequence[arb]], Sequence[arb]]
Jacobian = Callable[[Sequence[arb]], Sequence[Sequence[arb]]]


class Enclosed(NamedTuple):
    """What the search says, and the box, where there is one."""

    trial: Trial
    box: tuple[arb, ...]


def zero(field: Field, jacobian: Jacobian, start: Sequence[float]) -> Enclosed:
    """Look for a zero by Newton's method in floats, then prove that it is one."""
    point = approached(field, jacobian, np.asarray(start, float))
    if not np.isfinite(point).all():
        return Enclosed(Trial(False, "Newton's method runs away: no zero was found."), ())
    box = tuple(arb(m, WIDE) for m in point)
    image = krawczyk(field, jacobian, box)
    if not all(x.contains_interior(k) for x, k in zip(box, image, strict=True)):
        return Enclosed(Trial(False, "Krawczyk's test does not prove a zero."), ())
    image = krawczyk(field, jacobian, image)  # once more: the radius squares
    shown = " x ".join(f"[{k.str(12)}]" for k in image)
    return Enclosed(Trial(True, f"exactly one zero of the gradient in {shown}"), image)


def approached(field: Field, jacobian: Jacobian, point: np.ndarray) -> np.ndarray:
    """Newton's iterates; not a number where they leave every bound."""
    for _ in range(NEWTON):
        at = [arb(p) for p in point]
        slope = np.array([[float(x.mid()) for x in row] for row in jacobian(at)])
        step = np.linalg.lstsq(slope, [float(x.mid()) for x in field(at)], rcond=None)[0]
        point = point - step
        if np.abs(step).max() < WIDE**2:
            return point
        if not np.abs(point).max() < 1 / WIDE:
            break
    return point * np.nan


def krawczyk(field: Field, jacobian: Jacobian, box: Sequence[arb]) -> tuple[arb, ...]:
    """K(X) for the box X."""
    middle = [x.mid() for x in box]
    inverse = arb_mat([[x.mid() for x in row] for row in jacobian(middle)]).inv().mid()
    column = lambda xs: arb_mat(len(xs), 1, list(xs))
    unit = arb_mat([[int(i == j) for j in range(len(box))] for i in range(len(box))])
    spread = column([x - m for x, m in zip(box, middle, strict=True)])
    image = column(middle) - inverse * column(field(middle))
    image += (unit - inverse * arb_mat([list(row) for row in jacobian(box)])) * spread
    return tuple(image.entries())
