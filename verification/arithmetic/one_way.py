"""Functions of one number that only rise, or only fall: their values tell the argument."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr

from .bounded import Bounded
from .bounds import bounds
from .formats import format_of
from .inner_programs import constants
from .interpreter import run

GRID = np.concatenate([np.linspace(-4.0, 4.0, 28) + 1 / 128, [-24.0, -12.0, 12.0, 24.0]])
MOST = 256  # programs that are kept
_KNOWN: dict[tuple, tuple] = {}
FAR = np.array([24.0, 96.0, 384.0])  # e^FAR and its square are numbers


class Column(NamedTuple):
    """One output at all points, and what its roundings in float64 may have come to."""

    value: np.ndarray
    error: np.ndarray


def slopes(chain: Callable, kept: list[Callable], shape: tuple[int, ...]) -> ClosedJaxpr:
    """The slope of the chain and its slope, and the value and slope of all that is kept."""

    def program(x):
        one = jnp.ones_like(x)
        slope = lambda f: lambda v: jax.jvp(f, (v,), (one,))[1]
        first = jax.jvp(slope(chain), (x,), (one,))
        return *first, *(part for f in kept for part in jax.jvp(f, (x,), (one,)))

    return jax.make_jaxpr(program)(jax.ShapeDtypeStruct(shape, np.float64))


def keeps(program: ClosedJaxpr, shape: tuple[int, ...]) -> list[bool]:
    """Whether each is strictly monotone where it is a number, and the chain bends at all."""
    x, _, bend, *rest = _run_on_the_grid(program, shape)
    bends = bool((np.nan_to_num(bend.value) != 0.0).any())
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return [bends and _monotone(x, a.value, da.value) for a, da in pairs]


def both_ends(program: ClosedJaxpr, shape: tuple[int, ...]) -> list[tuple[float, float] | None]:
    """Of each map its limits, where it levels out on both sides; else None."""
    sides = [_run_at(side * FAR, program, shape) for side in (-1.0, 1.0)]
    parts = [list(zip(rest[::2], rest[1::2], strict=True)) for _, _, _, *rest in sides]
    far = [x for x, *_ in sides]
    return [_ends(far, pair) for pair in zip(*parts, strict=True)]


def _ends(far: list, sides: tuple) -> tuple[float, float] | None:
    lowest, highest = (_last(x, a.value, da.value) for x, (a, da) in zip(far, sides, strict=True))
    if lowest is None or highest is None:
        return None
    (low, below), (high, above) = lowest, highest
    rounding = abs(high - low) * np.finfo(float).eps
    return (float(low), float(high)) if max(below, above) <= rounding else None


def _last(x, a, da) -> tuple[float, float] | None:
    """The value where it is known furthest out, and how far its slope there would take it."""
    known = np.flatnonzero(np.isfinite(a) & np.isfinite(da))
    if not len(known):
        return None
    k = known[np.argmax(abs(x[known]))]
    return a[k], abs(da[k] * x[k])


def are_alike(f: Callable, g: Callable, shape: tuple[int, ...]) -> bool:
    """Whether one is a multiple of the other, and a constant."""
    rate = lambda h: lambda x: jax.jvp(h, (x,), (jnp.ones_like(x),))[1]
    _, one, other = on_the_grid(lambda x: (rate(f)(x), rate(g)(x)), shape)
    return in_proportion(one, other)


def in_proportion(one: Column, other: Column) -> bool:
    """Whether one is c times the other, within the errors of both."""
    size = abs(other.value)
    k = int(np.argmax(np.where(np.isfinite(size), size, 0.0)))
    if not size[k] > 0.0 or not np.isfinite(one.value).all():
        return False
    c = one.value[k] / other.value[k]
    error = lambda i: one.error[i] + abs(c) * other.error[i]
    off = abs(one.value - c * other.value)
    return bool(c != 0.0 and (off <= error(...) + error(k) / size[k] * size).all())


def turns(f: Callable, shape: tuple[int, ...]) -> bool:
    """Whether the same value comes from different arguments."""
    x, *_, a, da = _run_on_the_grid(slopes(f, [f], shape), shape)
    return not _monotone(x, a.value, da.value)


def on_the_grid(f: Callable, shape: tuple[int, ...]) -> tuple:
    """The points, and each of the outputs of a function of one array there."""
    return _run_on_the_grid(jax.make_jaxpr(f)(jax.ShapeDtypeStruct(shape, np.float64)), shape)


def _run_on_the_grid(program: ClosedJaxpr, shape: tuple[int, ...]) -> tuple:
    return _run_at(GRID, program, shape)


def _run_at(numbers: np.ndarray, program: ClosedJaxpr, shape: tuple[int, ...]) -> tuple:
    """What is known of a program is not looked at again: loops in Python repeat theirs."""
    if any(np.size(x) for x in constants(program)):  # of which the text shows nothing
        return _ran(numbers, program, shape)
    key = (str(program.jaxpr), numbers.tobytes(), shape)
    if key not in _KNOWN:
        if len(_KNOWN) == MOST:
            _KNOWN.pop(next(iter(_KNOWN)))
        _KNOWN[key] = _ran(numbers, program, shape)
    return _KNOWN[key]


def _ran(numbers: np.ndarray, program: ClosedJaxpr, shape: tuple[int, ...]) -> tuple:
    size = int(np.prod(shape, dtype=int))
    points = np.resize(numbers, (-(-len(numbers) // size), *shape))
    exact = bounds(format_of("float64"))
    with np.errstate(all="ignore"):
        runs = [[_column(out) for out in run(program, [Bounded(x)], exact)] for x in points]
    outputs = zip(*runs, strict=True)
    columns = (Column(*map(np.concatenate, zip(*parts, strict=True))) for parts in outputs)
    return points.ravel(), *columns


def _column(out) -> Column:
    value, error = (out.value, out.error) if isinstance(out, Bounded) else (out, 0.0)
    return Column(np.ravel(value), np.broadcast_to(error, np.shape(value)).ravel())


def _monotone(x, a, da) -> bool:
    known = np.isfinite(a) & np.isfinite(da)
    inner = known & (abs(x) < 5.0)
    one_way = (da[known] >= 0.0).all() or (da[known] <= 0.0).all()
    return bool(one_way and inner.any() and (da[inner] != 0.0).all())
