"""Lost digits by their shape: an error of rounding is as rough as noise, a mistake's is smooth.

What can be run in floats alone is asked along short lines through the case.  Digits that were
rounded away come out differently at every point: high differences of the answers, in which nothing
smooth is left (Moré and Wild 2011), have their size.  An error within so much noise is explained;
one that is larger is another formula's: 1.0005 times the truth is as smooth as the truth.

Three spacings.  Two are so fine that the gradient itself is straight beside its noise.  A third,
for staircases that are wider (1 - tanh^2 of 18 takes three values), is used beside the reference:
what is taken is the noise of their difference, where the reference is smoother than that.

Noise explains no more than a rounding to bfloat16 would, and it is told to be a right formula's
only where it leaves FACTOR of a number in the same leaf.  An answer that stands still along every
line, and is off by no more than a few units in the last place of 1 or than its leaf's noise
elsewhere, was rounded away or never computed: nobody can tell.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..oracles.function_noise import deviation
from ..oracles.question import as_exact
from ..vocabulary import Undecided
from .error import beyond
from .sample import Sample, decidable, outside
from .tolerance import FALSE_ALARM

POINTS = np.arange(-16, 17)
ORDERS = (6, 8, 10)  # of differences: noise is the same in all of them
ALIKE = 3.0  # the largest deviation over the smallest, of noise
LINES = 2
DEGREES = 8 * LINES  # of freedom, or more: differences in a row are not independent
GOLDEN = 0.618  # further from every fraction of small numbers than any other
WIDE = 2.0**-9  # the third spacing
SMOOTH = 2.0**-8  # of the reference's size that its own differences may have there
CLEAR = 4.0  # times the reference's noise that the difference's must be
UNITS = 64.0  # in the last place of 1 that an answer which stands still may be off by
COARSEST = 2.0**-9  # the unit of bfloat16
MOST = 2**22  # entries that have a number at each of POINTS of six lines: 7 GiB
FACTOR = 2.0**-12  # what must be left to be seen of a number: a factor 1.0005 is
Leaves = dict[int, np.ndarray]  # those with an entry outside of its budget, by their numbers
Line = Callable[[int], tuple]  # the args at each of POINTS


class Shape(NamedTuple):
    """Of every entry that is outside its budget: is its error noise, or did the answer not move.

    Leaves that have such entries, by their numbers.
    """

    explained: Leaves
    untold: Leaves  # it stands still, and is not far off
    noise: Leaves  # as much as an error of rounding may be


class TooMany(Undecided):
    """More entries than lines can be drawn through."""


def shape_of_error(
    gradient: Callable, sample: Sample, moved: tuple[int, ...], reference: Callable | None
) -> Shape:
    """What the answers around the sample say; args[i] for i in `moved` are moved.

    Raises Undecided in formats too narrow for lines, and whatever `gradient` raises.
    """
    unit = _unit(sample)
    shapes = [got.shape for got in sample.got]
    if [np.shape(x) for x in jax.tree.leaves(gradient(*sample.args))] != shapes:
        raise Undecided("it answers arrays of other shapes")
    out = {k: outside(sample, k) for k in range(len(sample.paths))}
    wrong = [k for k, entries in out.items() if entries.any()]
    if sum(sample.got[k].size for k in wrong) > MOST:
        raise TooMany("has too many entries for lines beside the case")
    errors = {k: beyond(sample.got[k], sample.truth[k]) for k in wrong}
    quantile = _quantile(sum(int(out[k].sum()) for k in wrong))
    largest = _largest(sample, moved)
    lines = [
        _along(gradient, line, wrong)
        for power in (0.75, 0.4)
        for line in _lines(sample, moved, unit**power)
    ]
    most = COARSEST * largest
    noise = {k: quantile * _of_both([line[k] for line in lines], most) for k in wrong}
    if reference is not None and any((out[k] & ~(errors[k] <= noise[k])).any() for k in wrong):
        wide = _beside(gradient, reference, sample, moved, wrong)
        noise = {k: np.maximum(noise[k], quantile * _no_more(wide[k], most)) for k in wrong}
    slack = {k: max(room_of_one(sample, moved), noise[k].max(initial=0.0)) for k in wrong}
    return Shape(
        {k: out[k] & (errors[k] <= noise[k]) for k in wrong},
        {k: _is_still([line[k] for line in lines]) & (errors[k] <= slack[k]) for k in wrong},
        noise,
    )


def _is_still(lines: list[np.ndarray]) -> np.ndarray:
    """Whether an entry has one value along every line."""
    return np.all([(line == line[:1]).all(axis=0) for line in lines], axis=0)


def _of_both(lines: list[np.ndarray], most: float) -> np.ndarray:
    """The larger noise of the two spacings; one that is too wide for the gradient shows none."""
    fine, coarse = rough(lines[:LINES]), rough(lines[LINES:])
    return np.maximum(_no_more(fine, most), _no_more(coarse, most))


def _no_more(noise: np.ndarray, most: float) -> np.ndarray:
    """The noise, where it is one that digits can have."""
    return np.where(noise <= most, noise, 0.0)


def rough(lines: list[np.ndarray]) -> np.ndarray:
    """The deviation of the noise in a leaf's entries; 0 where what varies is smooth."""
    found = np.array([[deviation(line, k) for k in ORDERS] for line in lines])
    with np.errstate(over="ignore"):
        squares = np.sqrt(np.mean(found * found, axis=0))  # over the lines, for every order
    least, most = squares.min(axis=0), squares.max(axis=0)
    return np.where(np.isfinite(most) & (most <= ALIKE * least), least, 0.0)


def _beside(gradient, reference, sample: Sample, moved, wrong: list[int]) -> Leaves:
    """By the widest lines: the noise of answers less those of the reference in float64."""
    lines = _lines(sample, moved, WIDE)
    ours = [_along(gradient, line, wrong) for line in lines]
    known = [_along(reference, line, wrong) for line in lines]
    found = {}
    for k in wrong:
        with np.errstate(invalid="ignore"):  # infinite less infinite is no noise
            noise = rough([a[k] - b[k] for a, b in zip(ours, known, strict=True)])
        own = _smoothest([line[k] for line in known])
        size = np.min([np.abs(line[k]).min(axis=0) for line in known], axis=0)
        sure = (own <= SMOOTH * size) & (noise > CLEAR * own)
        found[k] = np.where(sure, noise, 0.0).reshape(sample.got[k].shape)
    return found


def _smoothest(lines: list[np.ndarray]) -> np.ndarray:
    """What is left of the reference in the order that leaves least: noise is alike in all."""
    every = [[deviation(line, order) for line in lines] for order in ORDERS]
    return np.min([np.max(of_one, axis=0) for of_one in every], axis=0)


def _quantile(entries: int) -> float:
    from scipy import stats  # here: importing SciPy takes as long as a verdict

    return float(stats.t.isf(FALSE_ALARM / (2 * max(entries, 1)), DEGREES))


def _unit(sample: Sample) -> float:
    floats = [x.dtype for x in map(np.asarray, jax.tree.leaves(sample.args)) if is_real(x)]
    unit = max(float(jnp.finfo(dtype).eps) / 2.0 for dtype in floats)
    if unit > 2.0**-24:
        raise Undecided("has too few digits for lines beside the case")
    return unit


def is_real(x: np.ndarray) -> bool:
    return jnp.issubdtype(x.dtype, jnp.floating)


def _lines(sample: Sample, moved: tuple[int, ...], spacing: float) -> list[Line]:
    """Every number moves by steps near `spacing` of its size; 0 stays.

    The steps of one line are GOLDEN of those of another: a step that is nearly a whole number of
    units of a narrower format is rounded alike at every point, and shows no noise there.
    """
    rng = np.random.default_rng(len(sample.paths))
    made = []
    for turn in range(LINES):
        width = spacing * GOLDEN**turn
        steps = [jax.tree.map(lambda x, w=width: _steps(x, w, rng), arg) for arg in sample.args]
        at = lambda k, steps=steps: tuple(
            jax.tree.map(lambda x, s: _moved(x, s, k), arg, step) if i in moved else arg
            for i, (arg, step) in enumerate(zip(sample.args, steps, strict=True))
        )
        made.append(at)
    return made


def _steps(x, spacing: float, rng: np.random.Generator) -> np.ndarray:
    """An odd number of units in the last place: every point is held, and on no coarser grid."""
    array = np.asarray(x)
    if not is_real(array):
        return np.zeros(array.shape)
    size = np.abs(array)
    unit = np.spacing(size).astype(np.float64)
    units = 2.0 * np.floor(as_exact(size) * spacing / unit / 2.0) + 1.0
    return np.where(size > 0.0, units * unit * rng.choice([-1.0, 1.0], array.shape), 0.0)


def _moved(x, step: np.ndarray, k: int):
    array = np.asarray(x)
    return (as_exact(array) + k * step).astype(array.dtype) if is_real(array) else array


def _along(ask: Callable, line: Line, wrong: list[int]) -> Leaves:
    """These leaves of the answers, with an axis of points in front."""
    rows = []
    with jax.enable_x64(True), np.errstate(all="ignore"):
        for point in POINTS.tolist():
            leaves = jax.tree.leaves(ask(*line(point)))
            rows.append([as_exact(leaves[k]) for k in wrong])
    return {k: np.stack(column) for k, column in zip(wrong, zip(*rows, strict=True), strict=True)}


def room_of_one(sample: Sample, moved: tuple[int, ...]) -> float:
    """UNITS in the last place of 1, or of the largest number."""
    return 2.0 * _unit(sample) * UNITS * _largest(sample, moved)


def _largest(sample: Sample, moved: tuple[int, ...]) -> float:
    """The largest number of the truth, or of what arrives from above; no less than 1."""
    above = sample.args[moved[-1] :] if len(moved) > 1 else ()
    leaves = [as_exact(x) for x in jax.tree.leaves(above)] + [ball.mid for ball in sample.truth]
    return max(float(np.abs(x).max(initial=1.0)) for x in leaves)


def is_float32(sample: Sample, leaf: int, noise: np.ndarray) -> bool:
    """Whether the leaf's numbers are those of float32, and rounded as such."""
    got = sample.got[leaf]
    with np.errstate(over="ignore"):
        held = (got.astype(np.float32).astype(np.float64) == got) | ~np.isfinite(got)
    return bool(held.all() and (noise <= FACTOR * np.abs(got))[outside(sample, leaf)].all())


def is_seen(sample: Sample, leaf: int, noise: np.ndarray) -> bool:
    """Whether some number of the leaf is known to more than FACTOR of it, and answered so."""
    truth = sample.truth[leaf]
    room = truth.rad + np.maximum(sample.allowed[leaf], noise)
    right = beyond(sample.got[leaf], truth) <= np.maximum(sample.allowed[leaf], noise)
    return bool((decidable(sample, leaf) & right & (FACTOR * np.abs(truth.mid) > room)).any())
