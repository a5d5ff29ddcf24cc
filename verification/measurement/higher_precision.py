"""Is the formula right, and only its digits lost?  Ask again with all the digits it wants.

A formula is right if its value, but for rounding, is inside the budget wherever a zero would be
seen.  There are three ways to know that value; the first that can tell is believed:

real balls, from JAX     the implementation's program over proven intervals, finer and finer
float64                  the implementation at the same numbers, where a narrower dtype is judged
real balls, from NumPy   the implementation on arrays of objects

What can be run in no other way than in floats is known by the shape of its error, see roughness.py,
and by its answers nearer to 0, see nearer.py.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flint import arb, ctx

from ..arithmetic.balls import BALLS
from ..arithmetic.complex_numbers.programs import real_program
from ..arithmetic.interpreter import run
from ..arithmetic.reals import balls, objects
from ..oracles.question import as_exact
from ..oracles.work import products
from ..vocabulary import Silent, Undecided
from ..vocabulary.raised import kind_of
from .answer import PROVABLE, cast
from .contested import contested
from .error import beyond
from .joint import in_words
from .nearer import is_right_nearer
from .roughness import TooMany, is_float32, is_seen, shape_of_error
from .same_error import ALONE, STAYS, is_heavy, told_at_once
from .sample import Sample, decidable, mixed_up, outside, outside_measured_sides

BITS = (128, 1024, 16384)  # of working precision; the last has digits left after 1 - e^-10000
ONE_BY_ONE = 32  # what a product of two objects costs, in those of a product of matrices
OPEN, INSIDE, APART = 0, 1, 2
NO_MIXTURE = "no one-sided gradient, nor a mixture of them, is this answer"


class Told(NamedTuple):
    """Whether the formula is right (None: it cannot be told), and how that is known."""

    right: bool | None
    why: str
    sure: bool = True  # False where nobody could be asked, so that it is held against it
    untold: bool = False  # lost digits or a mistake: nobody can tell, and it is not held against it
    excused: bool = False  # an entry without any value is taken to be as right as its leaf


def right_formula(
    gradient: Callable, moved: tuple[int, ...] = (0,), reference: Callable | None = None
) -> Callable[[Sample], Told]:
    """sample -> whether its errors are those of a right formula that lost digits."""
    return lambda sample: formula(gradient, sample, moved, reference)


def formula(
    gradient: Callable,
    sample: Sample,
    moved: tuple[int, ...] = (0,),
    reference: Callable | None = None,
) -> Told:
    """What the implementation's formula is worth, whatever digits it lost at the sample.

    args[i] for i in `moved` may be moved to see how rough the error is; `reference` answers as a
    right gradient does, in float64.
    """
    if mixed_up(sample):
        return Told(False, in_words(sample.truth, sample.got))
    if outside_measured_sides(sample):
        return Told(False, NO_MIXTURE)
    open_in_balls, refusals = None, []
    for ask in (traced, in_float64, in_objects):
        try:
            told = ask(gradient, sample)
        except Exception as error:  # foreign code may refuse to be asked so in any way it likes
            said = str(error) if isinstance(error, Silent) else f"it raises {kind_of(error)}"
            refusals.append(f"{ASKED[ask]} {said}")
            continue
        if told.right is not None:
            return told
        if ask is not in_float64:
            open_in_balls = open_in_balls or told
        refusals.append(told.why)
    return open_in_balls or by_shape(gradient, sample, moved, reference, tuple(refusals))


def concluded(told: Sequence[Told]) -> Told:
    """What several samples say together: one wrong is wrong, one right decides the open."""
    by_right = {one.right: one for one in reversed(told)}
    said = by_right.get(False) or by_right.get(True) or by_right[None]
    return said._replace(excused=any(one.excused for one in told))


# --- with all the digits it wants --------------------------------------------------------------


def traced(gradient: Callable, sample: Sample) -> Told:
    """The program that JAX traces, in balls.  Raises what tracing it raises."""
    with jax.enable_x64(True):
        leaves, tree = jax.tree.flatten(jax.tree.map(as_exact, sample.args))
        flat = lambda *xs: jax.tree.leaves(gradient(*jax.tree.unflatten(tree, xs)))
        program = real_program(jax.make_jaxpr(flat)(*leaves))
    program, leaves, sample = contested(program, leaves, sample)
    lift = lambda x: BALLS.lift(x) if x.dtype.kind == "f" else x
    enclosures = lambda: run(program, list(map(lift, leaves)), BALLS)
    return _refined(sample, enclosures, products(program))


def in_objects(gradient: Callable, sample: Sample) -> Told:
    """The NumPy program, on arrays of balls.  Raises TypeError where it wants floats."""
    exact = jax.tree.map(as_exact, sample.args)
    lift = lambda x: objects(x) if x.dtype.kind == "f" else x
    enclosures = lambda: jax.tree.leaves(gradient(*jax.tree.map(lift, exact)))
    entries = sum(leaf.size for leaf in jax.tree.leaves(exact))
    return _refined(sample, enclosures, ONE_BY_ONE * int(entries**1.5))  # as square matrices


def _refined(sample: Sample, enclosures: Callable[[], list], work: int) -> Told:
    """Finer and finer, until every entry that is outside its budget is decided."""
    if work > PROVABLE:
        raise Undecided(f"it would take more than {PROVABLE} products")
    right: set[int] = set()  # leaves of which an entry that tells is what it should be
    undecided: set[int] = set()
    for bits in BITS:
        with ctx.workprec(bits):
            leaves = list(zip(map(balls, enclosures()), range(len(sample.truth)), strict=True))
            codes = [_codes(sample, k, answer) for answer, k in leaves]
        if any((code == APART).any() for code in codes):
            return Told(False, "computed in higher precision it is another function")
        right |= {k for k, c in enumerate(codes) if (_seen(sample, k) & (c == INSIDE)).any()}
        undecided = {k for k, c in enumerate(codes) if (outside(sample, k) & (c == OPEN)).any()}
        if not undecided or work * 8 * bits > PROVABLE * BITS[0]:
            break
    if right and undecided <= right:  # an entry without a value is excused by others of its leaf
        same = "computed in higher precision it is the same function"
        return Told(True, same, excused=bool(undecided))
    return Told(None, "in higher precision, too, it has no value here")


def _codes(sample: Sample, leaf: int, answer: np.ndarray) -> np.ndarray:
    """Entry by entry whether the enclosure is within the budget; open where nothing is known."""
    truth, allowed = sample.truth[leaf], sample.allowed[leaf]
    if answer.shape != truth.mid.shape:
        return np.array(OPEN)
    codes = _code(answer, truth.mid, truth.tail, truth.rad + allowed)
    return np.where(decidable(sample, leaf), codes, OPEN).astype(int)


def _entry(answer: arb, mid: float, tail: float, room: float) -> int:
    gap = abs(answer - mid - tail)
    return INSIDE if gap <= room else APART if gap > room else OPEN


_code = np.frompyfunc(_entry, 4, 1)


def _seen(sample: Sample, leaf: int) -> np.ndarray:
    """Entries at which an answer of 0 would be outside the budget."""
    truth = sample.truth[leaf]
    visible = np.abs(truth.mid) > truth.rad + sample.allowed[leaf]
    return np.asarray(decidable(sample, leaf) & visible)


# --- in float64 ----------------------------------------------------------------------------------


def in_float64(gradient: Callable, sample: Sample) -> Told:
    """The implementation in float64: rounding errors shrink with the dtype, mistakes stay."""
    dtypes = {leaf.dtype for leaf in map(np.asarray, jax.tree.leaves(sample.args))}
    if np.dtype(np.float64) in dtypes:
        return Told(None, "it cannot be called in more than float64")
    with jax.enable_x64(True), np.errstate(all="ignore"):
        wider = list(map(np.asarray, jax.tree.leaves(gradient(*cast(sample.args, "float64")))))
    if any(leaf.dtype != np.float64 for leaf in wider):
        said = ", ".join(sorted({leaf.dtype.name for leaf in wider}))
        return Told(None, f"called in float64 it answers in {said}")
    leaves = range(len(sample.truth))
    accepted = len(wider) == len(leaves) and all(_accepted(sample, k, wider[k]) for k in leaves)
    if accepted and any(_seen(sample, k).any() for k in leaves):
        return Told(True, "computed in float64 its error vanishes")
    alike = [x.shape for x in wider] == [ball.mid.shape for ball in sample.truth]
    if alike and is_heavy(sample):
        return Told(*told_at_once(gradient, sample, wider))
    return Told(None, STAYS)


def _accepted(sample: Sample, leaf: int, wider: np.ndarray) -> bool:
    truth = sample.truth[leaf]
    if wider.shape != truth.mid.shape:
        return False
    inside = beyond(wider, truth) <= sample.allowed[leaf]
    return bool(inside[decidable(sample, leaf)].all())


# --- in floats alone -----------------------------------------------------------------------------


def by_shape(
    gradient: Callable,
    sample: Sample,
    moved: tuple[int, ...],
    reference: Callable | None,
    refusals: tuple[str, ...] = (),
) -> Told:
    """By the shape of its error: as rough as rounding, or as smooth as a formula."""
    try:
        shape = shape_of_error(gradient, sample, moved, reference)
    except Exception as error:  # foreign code, at points beside the case
        said = str(error) if isinstance(error, Silent) else f"it raises {kind_of(error)}"
        why = "; ".join([*refusals, f"asked beside the case {said}"])
        if isinstance(error, TooMany) and ALONE in refusals:  # that is not held against it
            return Told(None, why, sure=False, untold=True)
        return Told(False, why, sure=False)
    wrong = [k for k in range(len(sample.paths)) if outside(sample, k).any()]
    far = {k: outside(sample, k) & ~shape.untold[k] for k in wrong}
    small = {k: far[k] & _below_a_rounding(sample, k) for k in wrong}
    lost = {k: shape.explained[k] | small[k] for k in wrong}
    if any((far[k] & ~lost[k]).any() for k in wrong):
        if all(_adds_up(sample, k, shape.noise[k], far[k] & ~lost[k]) for k in wrong):
            return Told(True, "roundings as those around it, of one sign, add up to its error")
        smooth = "its error is as smooth as a formula's, and no rounding"
        return Told(False, smooth, sure=False)  # who could not be asked explains nothing here
    if all(is_seen(sample, k, shape.noise[k]) and lost[k].any() for k in wrong):
        if not any((outside(sample, k) & ~small[k]).any() for k in wrong):
            return Told(True, "its error is less than one rounding of the largest entry")
        narrow = "float64" in _names(sample) and all(
            is_float32(sample, k, shape.noise[k]) for k in wrong
        )
        how = "it answers in numbers of float32" if narrow else "its error is as rough as rounding"
        return Told(True, f"{how}, and no larger than the noise around it")
    if _is_right_nearer(gradient, reference, sample, moved, wrong):
        return Told(True, "its digits are below a rounding of 1 here; nearer to 0 it is right")
    hidden = "noise hides all but its first digits"
    return Told(None, "; ".join([*refusals, hidden]), sure=False, untold=True)


def _is_right_nearer(gradient: Callable, *asked) -> bool:
    """See nearer.py; who does not answer there says nothing."""
    try:
        return is_right_nearer(gradient, *asked)
    except Exception:  # foreign code, at points that nobody drew
        return False


def _adds_up(sample: Sample, leaf: int, noise: np.ndarray, left: np.ndarray) -> bool:
    """Whether as much noise, all of one sign, is the error of what is left.

    LAPACK turns a matrix again and again, each time by angles that were rounded alike: m roundings
    of one sign add up to m of them, where noise adds up to sqrt(m).  Every number that goes in is
    rounded at least once, so m is no less than their number.
    """
    count = sum(np.size(x) for x in map(np.asarray, jax.tree.leaves(sample.args)) if _is_float(x))
    most = np.sqrt(count) * noise
    errors = beyond(sample.got[leaf], sample.truth[leaf])
    return bool((errors <= most)[left].all()) and is_seen(sample, leaf, most)


def _below_a_rounding(sample: Sample, leaf: int) -> np.ndarray:
    """Entries that are off by less than a unit of the largest one.

    Where the terms of a small entry are as large as that, as those of 1 + erf(x) are in the tail,
    all digits of it are lost, and what is left is as smooth as a formula.
    """
    truth = sample.truth[leaf]
    known = decidable(sample, leaf) & np.isfinite(truth.mid)
    largest = float(np.abs(truth.mid[known]).max(initial=0.0))
    floats = [x.dtype for x in map(np.asarray, jax.tree.leaves(sample.args)) if _is_float(x)]
    unit = max((float(jnp.finfo(dtype).eps) / 2.0 for dtype in floats), default=0.0)
    return np.asarray(np.abs(sample.got[leaf] - truth.mid) <= unit * largest)


def _is_float(x: np.ndarray) -> bool:
    return bool(jnp.issubdtype(x.dtype, jnp.floating))


def _names(sample: Sample) -> set[str]:
    return {np.asarray(leaf).dtype.name for leaf in jax.tree.leaves(sample.args)}


ASKED = {
    traced: "traced by JAX",
    in_float64: "asked in float64",
    in_objects: "run on exact numbers",
}
