"""The rounding error that a correct implementation may show: per entry, in its dtype.

Two budgets, neither ever scaled by the size of an array:

running bound      the running error bound of the reference gradient, first order and rigorous up
                   to the stated assumptions (see arithmetic/bounds.py)
random rounding    K sigma, sigma the deviation of an entry over 32 runs of the reference gradient
                   with every rounding replaced by a random one (see arithmetic/rounding.py)

Neither is less than what the longest path of the reference rounds: another correct program may not
have the luck of this one (see arithmetic/paths.py).  Which of them judges a leaf, and what K is:
allowance.py.  Here one case is looked at, in NumPy; many cases under one compilation: batch.py.
"""

import functools
import operator
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr

from ..arithmetic.bounded import Bounded, Predicate
from ..arithmetic.bounds import bounds
from ..arithmetic.complex_numbers.programs import real_program
from ..arithmetic.formats import DTYPES, Format, format_of
from ..arithmetic.interpreter import Arithmetic, is_plain, run
from ..arithmetic.namespaces import namespace, where
from ..arithmetic.noise import DRAWS
from ..arithmetic.normalizers import normalized
from ..arithmetic.one_thread import one_thread, side_by_side
from ..arithmetic.paths import longest
from ..arithmetic.rounding import random_rounding
from ..arithmetic.samples import Samples
from ..arithmetic.watched import Watched
from ..oracles.question import as_exact
from ..vocabulary.progress import during
from ..vocabulary.progress import parts as in_sight
from . import stages
from .stages import Kept
from .together import Walk, alone
from .tolerance import allowances, is_sharp, lost, root_of_squares

__all__ = ["DTYPES", "Budget", "budget", "deviations", "running_bound"]

ROOM = 2**21  # numbers of one array that are held at once
TOGETHER = 2**26  # numbers of a program two of whose draws are held at once: 3 GiB more
QUARTER = DRAWS // 4  # after so many draws of a large program they are kept
COARSER = 2.0**12  # so much larger are the roundings drawn for float64
RUNNING, RANDOM = "running bound", "random rounding"


class Budget(NamedTuple):
    """Leaf by leaf: the error allowed at each entry, and which budget it is."""

    allowed: list[np.ndarray]
    kinds: tuple[str, ...]


def budget(gradient: Callable, args: tuple, dtype: str) -> Budget:
    """What gradient(*args) may be off by in `dtype`, leaf by leaf, in flattening order."""
    program, leaves = traced(gradient, args)
    return budgets_at(program, alone(program, leaves), dtype)[0]


def budgets_at(program: ClosedJaxpr, walk: Walk, dtype: str) -> list[Budget]:
    """The budget at each point of a walk through `program`."""
    target = format_of(dtype)
    rigorous, without = _rigorous(program, walk, target)
    enough = [[bool(is_sharp(value, e, dtype)) for value, e in pairs] for pairs in rigorous]
    found = [Budget([np.asarray(e) for _, e in p], (RUNNING,) * len(p)) for p in rigorous]
    if all(map(all, enough)):
        return found
    sigmas = walk.each(_sigmas(walk.program, walk.leaves, target))
    tails = _underflows(walk, found, without) if dtype == "float64" else [None] * len(found)
    for k in (k for k, sharp in enumerate(enough) if not all(sharp)):
        values, errors = [value for value, _ in rigorous[k]], found[k].allowed
        spreads = floored_deviations(sigmas[k], values, program, target)
        randoms = allowances(spreads, errors, lost(target, walk.points[k]))
        found[k] = _chosen(enough[k], errors, list(map(np.asarray, randoms)), tails[k])
    return found


def _chosen(enough: list[bool], errors: list, randoms: list, tails: list | None) -> Budget:
    """Leaf by leaf the running bound where it is sharp, elsewhere what is smaller."""
    randoms = randoms if tails is None else list(map(np.add, randoms, tails))
    leaves = [_of_leaf(*leaf) for leaf in zip(enough, errors, randoms, strict=True)]
    return Budget([allowed for allowed, _ in leaves], tuple(kind for _, kind in leaves))


def wider(one: Budget, other: Budget) -> Budget:
    """Entry by entry what either program of one function may be off by, where both have a bound."""
    pairs = list(zip(one.allowed, other.allowed, strict=True))
    more = [(b > a) & np.isfinite(b) for a, b in pairs]
    allowed = [np.where(k, b, a) for k, (a, b) in zip(more, pairs, strict=True)]
    kinds = zip(more, one.kinds, other.kinds, strict=True)
    return Budget(allowed, tuple(b if k.any() else a for k, a, b in kinds))


def floored(value, error, program: ClosedJaxpr, target: Format, flushed):
    """No less than the units of the longest path: see arithmetic/paths.py; and than underflow."""
    least = longest(program).ulps * target.unit * abs(value) + flushed
    xp = namespace(value)
    return xp.asarray(xp.maximum(error, where(error > 0.0, least, 0.0)))


def floored_deviations(sigmas: list, values: list, program: ClosedJaxpr, target: Format) -> list:
    """Nor than what as many random roundings come to."""
    unit = target.unit * (longest(program).roundings / 3) ** 0.5
    pairs = zip(sigmas, values, strict=True)
    return [namespace(v).maximum(s, where(s > 0.0, unit * abs(v), 0.0)) for s, v in pairs]


def running_bound(gradient: Callable, args: tuple, dtype: str) -> list[np.ndarray]:
    """The rigorous one of the two budgets, leaf by leaf."""
    program, leaves = traced(gradient, args)
    ((pairs,), _) = _rigorous(program, alone(program, leaves), format_of(dtype))
    return [error for _, error in pairs]


def deviations(gradient: Callable, args: tuple, dtype: str) -> list[np.ndarray]:
    """Sigma of every entry under random rounding; infinite where a draw was not finite."""
    return _sigmas(*traced(gradient, args), format_of(dtype))


def _of_leaf(enough: bool, rigorous, random) -> tuple[np.ndarray, str]:
    if enough or not (random < rigorous).any():
        return np.asarray(rigorous), RUNNING
    return np.asarray(np.minimum(rigorous, random)), RANDOM


# --- the running bound -----------------------------------------------------------------------


def _rigorous(program: ClosedJaxpr, walk: Walk, target: Format) -> tuple[list, list | None]:
    """At each point, value and bound of every leaf, no bound below its floor.

    And as they were walked, where a walk without underflow is known to come to the same.
    """
    watched = Watched(*target) if target.name == "float64" else target
    with during("the running bound"):
        found = walk.each(running(walk.program, walk.leaves, bounds(watched)))
    same = found if isinstance(watched, Watched) and not watched.seen else None
    flushed = (lost(target, leaves) for leaves in walk.points)
    above = [
        [(v, floored(v, e, program, target, least)) for v, e in pairs]
        for least, pairs in zip(flushed, found, strict=True)
    ]
    return above, same


def running(program: ClosedJaxpr, leaves: list, arithmetic: Arithmetic) -> list[tuple]:
    """Value and bound of every leaf."""
    lifted = [arithmetic.lift(x) if x.dtype.kind == "f" else x for x in leaves]
    with np.errstate(all="ignore"), one_thread():
        outs = run(program, lifted, arithmetic)
    return [value_and_error(out) for out in outs]


def value_and_error(out) -> tuple[np.ndarray, np.ndarray]:
    """NaN, from infinities that met, is no bound at all."""
    if is_plain(out):
        return out.astype(float), np.zeros(out.shape)
    if isinstance(out, Predicate):
        return out.value.astype(float), np.where(out.sure, 0.0, 1.0)
    assert isinstance(out, Bounded)
    return out.value, np.where(np.isnan(out.error) | np.isnan(out.value), np.inf, out.error)


def _underflows(walk: Walk, found: list[Budget], without: list | None) -> list[list[np.ndarray]]:
    """What underflow adds to the bound: in float64 itself, no draw of float64 can show it."""
    if without is None:
        endless = bounds(format_of("float64")._replace(tiny=0.0))
        without = walk.each(running(walk.program, walk.leaves, endless))
    pairs = zip(found, without, strict=True)
    return [_tails(budget.allowed, [error for _, error in outs]) for budget, outs in pairs]


def _tails(errors: list, without: list) -> list[np.ndarray]:
    with np.errstate(invalid="ignore"):
        parts = [a - b for a, b in zip(errors, without, strict=True)]
    return [np.where(np.isfinite(part), np.maximum(part, 0.0), 0.0) for part in parts]


# --- random rounding -------------------------------------------------------------------------


def _sigmas(program: ClosedJaxpr, leaves: list, target: Format) -> list[np.ndarray]:
    """Root mean square deviations.

    The draws are float64 themselves: a rounding of float64 would be lost in them.
    """
    if target.unit == format_of("float64").unit:
        coarse = target._replace(unit=target.unit * COARSER, sums=target.sums * COARSER)
        return [np.asarray(sigma / COARSER) for sigma in _drawn(program, leaves, coarse, COARSER)]
    return _drawn(program, leaves, target)


def _drawn(program, leaves, target: Format, coarser: float = 1.0) -> list[np.ndarray]:
    """Those of draws in the target, a few at a time where arrays are large.

    `coarser`: how much coarser the target is than the format that is meant.
    """
    largest = max((x.size for x in leaves), default=1)
    count = int(np.clip(ROOM // max(largest, 1), 1, DRAWS))
    kept: dict | None = {} if count < DRAWS else None
    squares = count < DRAWS and has_squares(target)
    where = stages.place("draws", program, leaves, f"{target} {coarser} {count} {squares}")
    total, begun = _begun(where)
    steps = range(begun, DRAWS, count)
    one = lambda first: _spreads(
        program, leaves, target, (first, min(count, DRAWS - first)), kept, coarser
    )
    with one_thread():
        few = count == 1 and sum(x.size for x in leaves) <= TOGETHER
        parts = side_by_side(one, steps) if few else map(one, steps)
        parts = in_sight("draws", parts, len(steps)) if count < DRAWS else parts
        for first, part in zip(steps, parts, strict=True):
            part = list(map(_squared, part)) if squares else part
            total = part if total is None else _added(total, part, squares)
            done = first + count
            if done % QUARTER < count < QUARTER and done < DRAWS:
                stages.keep(where, Kept(total, {"done": done}))
    stages.forget(where)
    root = np.sqrt if squares else np.asarray
    roots = [root(leaf) / np.sqrt(DRAWS) for leaf in total or ()]
    return [np.asarray(np.where(np.isnan(root), np.inf, root)) for root in roots]


def _begun(where: Path | None) -> tuple[list[np.ndarray] | None, int]:
    """What the first of the draws have come to, where somebody keeps stages, and how many."""
    found = stages.known(where)
    return (found.arrays, found.said["done"]) if found else (None, 0)


def has_squares(target: Format) -> bool:
    """Whether float64 holds the square of every number of the format, of its roundings too."""
    held = format_of("float64")
    return target.largest < held.largest**0.5 and target.unit * target.tiny > held.tiny**0.5


def _squared(leaf: np.ndarray) -> np.ndarray:
    return np.multiply(leaf, leaf, out=leaf if leaf.ndim else None)


def _added(total: list[np.ndarray], more: list[np.ndarray], squares: bool) -> list[np.ndarray]:
    """Sums of squares, or their roots, in place: all draws of ten million entries are 7.5 GiB."""
    add = np.add if squares else np.hypot
    with np.errstate(all="ignore"):
        for k, leaf in enumerate(total):
            total[k] = add(leaf, more[k], out=leaf if leaf.ndim else None)
    return total


def _spreads(
    program, leaves, target: Format, part: tuple[int, int], kept: dict | None, coarser: float
) -> list[np.ndarray]:
    first, count = part
    arithmetic = random_rounding(target, count, first=first, kept=kept, coarser=coarser)
    with np.errstate(all="ignore"):
        lifted = [arithmetic.lift(x) if x.dtype.kind == "f" else x for x in leaves]
        outs = run(program, lifted, arithmetic)
        each = (outs.pop(0) for _ in range(len(outs)))  # of large leaves none is held for long
        return [np.zeros(x.shape) if is_plain(x) else np.asarray(spread(x)) for x in each]


def spread(out: Samples):
    """The root of the sum of squared deviations; infinite where a number may have overflowed.

    Of what is true or false they are 0 and 1.
    """
    if out.draws is None:
        return np.where(np.isfinite(out.value), 0.0, np.inf)
    parts = (x.astype(float) if x.dtype.kind == "b" else x for x in (out.draws, out.value))
    apart = operator.sub(*parts)
    return abs(apart[0]) if len(apart) == 1 else root_of_squares(apart)


def traced(gradient: Callable, args: tuple) -> tuple[ClosedJaxpr, list[np.ndarray]]:
    """The program of gradient in float64, and its arguments, flat."""
    with jax.enable_x64(True):
        leaves, tree = jax.tree.flatten(jax.tree.map(as_exact, args))
        return _trace(gradient, tree, tuple((leaf.shape, leaf.dtype) for leaf in leaves)), leaves


@functools.lru_cache(maxsize=512)
def _trace(gradient: Callable, tree, signature: tuple) -> ClosedJaxpr:
    flat = lambda *leaves: jax.tree.leaves(gradient(*jax.tree.unflatten(tree, leaves)))
    program = jax.make_jaxpr(flat)(*(jax.ShapeDtypeStruct(*s) for s in signature))
    return normalized(real_program(program))
