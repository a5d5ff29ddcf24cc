"""A large program is asked in float64 once, not along lines: rounding changes, a mistake does not.

Lines beside a case take some two hundred answers.  But where an entry is off in float64 by what it
is off by in float32, none of that is a rounding that the formula has made larger: of one of float64
it would be 2^29 times as small.  What is rounded away in both formats alike, as 1 - tanh^2 is at
20, is less than a unit of the largest entry, or answered as 0, and is left out.

That asks for code that computes in float64 when it is asked to.  Code that takes its arguments to
the narrow format first answers alike when they move by less than that can tell.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from .answer import cast
from .error import distance
from .sample import Sample, outside

HEAVY = 2**20  # entries of a sample for which lines are too much work
STAYS = "computed in float64 its error stays"
SAID = "computed in float64 it has the same error: no rounding is that large"
ALONE = "asked in float64 it computes in a narrower format"
NUDGE = 2.0**-30  # less than half a unit of float32, and millions of units of float64
SAME = 2.0**-4  # of the error: so much of it may be roundings of the narrow format


def is_heavy(sample: Sample) -> bool:
    return sum(ball.mid.size for ball in sample.truth) > HEAVY


def told_at_once(
    gradient: Callable, sample: Sample, wider: list[np.ndarray]
) -> tuple[bool | None, str]:
    """Whether the formula is right, None where its answer in float64 cannot tell; and why."""
    same = _with_same_error(sample, wider)
    if not any(places.size for places in same):
        return None, STAYS
    with jax.enable_x64(True), np.errstate(all="ignore"):
        return (False, SAID) if _follows(gradient, sample, wider, same) else (None, ALONE)


def _with_same_error(sample: Sample, wider: list[np.ndarray]) -> list[np.ndarray]:
    """Leaf by leaf the entries outside that have one error in float64 and in the format judged."""
    kinds = [x.dtype for x in map(np.asarray, jax.tree.leaves(sample.args))]
    floats = [kind for kind in kinds if jnp.issubdtype(kind, jnp.floating)]
    unit = max((float(jnp.finfo(kind).eps) / 2.0 for kind in floats), default=1.0)
    return [_in_leaf(sample, k, answer, unit) for k, answer in enumerate(wider)]


def _follows(
    gradient: Callable, sample: Sample, wider: list[np.ndarray], at: list[np.ndarray]
) -> bool:
    """Whether some of the entries `at` move with arguments that move by NUDGE of themselves."""
    nudged = jax.tree.map(_nudged, cast(sample.args, "float64"))
    moved = map(np.asarray, jax.tree.leaves(gradient(*nudged)))
    return any(
        (a.ravel()[k] != b.ravel()[k]).any() for a, b, k in zip(moved, wider, at, strict=True)
    )


def _nudged(x: np.ndarray) -> np.ndarray:
    return x * (1.0 + NUDGE) if np.asarray(x).dtype == np.float64 else x


def _in_leaf(sample: Sample, leaf: int, wider: np.ndarray, unit: float) -> np.ndarray:
    truth, got = sample.truth[leaf], sample.got[leaf]
    beyond = outside(sample, leaf)
    places = np.nonzero(beyond)
    answer, other = got[places], wider[places]
    error = distance(got, truth)[places]
    of_one = 2.0 * unit * float(np.abs(truth.mid).max(initial=0.0))
    with np.errstate(invalid="ignore"):
        alike = np.abs(other - answer) <= SAME * error
    found = alike & (error > of_one) & (answer != 0.0) & (other != 0.0)
    return np.flatnonzero(beyond)[found]
