"""Gradients that are off by a factor, or by the rounding of a narrower format.

A factor says what it is: the ratio of two numbers of micro-batches, a power of two that a loss was
scaled by, or a count.
"""

from collections.abc import Iterator
from dataclasses import replace

import jax
import numpy as np

from ..arithmetic.formats import format_of
from ..explanation.factors import spelled
from ..measurement.sample import Sample
from ..vocabulary import Explanation
from .local import sloped
from .single_steps import WrongStep, fitted, nearest

SCALES = range(7, 33)  # powers of two that losses are scaled by
NARROW = ("bfloat16", "float16")
SMALLEST, LARGEST = 1 / 16, 8.0  # of an error, in units of the format


def of_gradient(wrong: WrongStep) -> Iterator[tuple[str, str, Sample]]:
    """(name, what is said, loss and gradient) of every factor that the nearest one may be."""
    factor = _factor(wrong)
    if factor is None:
        return
    share = f"{spelled(factor)} times what it should be"
    for power in SCALES:
        if abs(factor - 2.0**power) < 1e-3 * factor:
            said = f"it is {share}, a power of two: that of a scaled loss, never unscaled"
            yield "loss scale left on", said, _scaled(wrong.base, 2.0**power)
    for name, ratio, said in _groups(wrong):
        if abs(factor - ratio) < 1e-3 * ratio:
            yield name, f"it is {share}: {said}", _scaled(wrong.base, ratio)
    said = f"it is {share}: divided by a wrong count of examples or micro-batches"
    yield "wrong accumulation count", said, _scaled(wrong.base, factor)


def _groups(wrong: WrongStep) -> Iterator[tuple[str, float, str]]:
    """Ratios of numbers of micro-batches, where this batch is smaller than the first."""
    mine, full = (
        np.shape(jax.tree.leaves(batch)[0])[:1]
        for batch in (wrong.batch, wrong.reference.batches[0])
    )
    if not mine or not full or not 0 < mine[0] < full[0]:
        return
    pairs = {(-(-mine[0] // size), -(-full[0] // size)) for size in range(1, full[0])}
    for few, many in sorted(pair for pair in pairs if pair[0] != pair[1]):
        said = f"a last accumulation of {few} micro-batches"
        yield "last accumulation under-scaled", few / many, f"{said} is divided by {many}"
        yield "last accumulation over-scaled", many / few, f"{said} is made up for twice"


def _factor(wrong: WrongStep) -> float | None:
    """c of the nearest c times the right gradient, where c is told from 1."""
    if wrong.step.gradient is None:
        return None
    got = [np.asarray(leaf, np.float64) for leaf in wrong.step.gradient]
    return nearest(got, [ball.mid for ball in wrong.base.truth[1:]]) or None


def _scaled(base: Sample, factor: float) -> Sample:
    """The gradient times a factor, whose own rounding and fit take one budget more."""
    wider = 2.0 * max(abs(factor), 1.0)
    scale = lambda ball: ball._replace(mid=factor * ball.mid, rad=wider * ball.rad)
    return replace(
        base,
        truth=[base.truth[0], *map(scale, base.truth[1:])],
        allowed=[base.allowed[0], *(wider * room for room in base.allowed[1:])],
    )


def of_narrow_format(wrong: WrongStep, term: str) -> Iterator[Explanation]:
    """An error of the size of a narrower format's rounding that is no factor."""
    gradient, truth = wrong.step.gradient, wrong.base.truth[1:]
    wide = format_of(wrong.reference.dtype).unit
    if gradient is None or not all(np.isfinite(g).all() for g in gradient):
        return
    flat = lambda leaves: np.concatenate([np.asarray(x, np.float64).ravel() for x in leaves])
    right, got = flat([ball.mid for ball in truth]), flat(gradient)
    size = np.linalg.norm(right)
    if not size:
        return
    rest = got - (got @ right) / size**2 * right  # what is left when a factor is taken out
    error = np.linalg.norm(rest)
    for name in NARROW:
        unit = format_of(name).unit
        if unit <= wide or not SMALLEST <= error / size / unit <= LARGEST:
            continue
        other = wrong.reference._replace(dtype=name)
        sample = sloped(other.slopes, other, wrong.before, wrong.batch)
        fits = fitted(list(zip(gradient, sample.truth[1:], sample.allowed[1:], strict=True)))
        said = (
            f"its error is of the size of {name}'s rounding, {error / size:.2g} of it, and is no "
        )
        said += "factor: autocast, or a default dtype, is left on"
        yield Explanation("fault", term, said, fault="autocast left on", **fits)
