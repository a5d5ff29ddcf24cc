"""A large program is asked in float64 once, not along lines: rounding changes, a mistake does not.

Lines beside a case take some two hundred answers.  But where an entry is off in float64 by what it
is off by in float32, none of that is a rounding that the formula has made larger: of one of float64
it would be 2^29 times as small.  What is rounded away in both formats alike, as 1 - tanh^2 is at
20, is less than a unit of the largest entry, or answered as 0, and is left out.
"""

import jax
import jax.numpy as jnp
import numpy as np

from .error import distance
from .sample import Sample, outside

HEAVY = 2**20  # entries of a sample for which lines are too much work
SAME = 2.0**-4  # of the error: so much of it may be roundings of the narrow format


def is_heavy(sample: Sample) -> bool:
    return sum(ball.mid.size for ball in sample.truth) > HEAVY


def has_same_error(sample: Sample, wider: list[np.ndarray]) -> bool:
    """Whether some entry that is outside has one error in float64 and in the format judged."""
    if len(wider) != len(sample.truth):
        return False
    kinds = [x.dtype for x in map(np.asarray, jax.tree.leaves(sample.args))]
    floats = [kind for kind in kinds if jnp.issubdtype(kind, jnp.floating)]
    unit = max((float(jnp.finfo(kind).eps) / 2.0 for kind in floats), default=1.0)
    return any(_in_leaf(sample, k, answer, unit) for k, answer in enumerate(wider))


def _in_leaf(sample: Sample, leaf: int, wider: np.ndarray, unit: float) -> bool:
    truth, got = sample.truth[leaf], sample.got[leaf]
    if wider.shape != truth.mid.shape:
        return False
    places = np.nonzero(outside(sample, leaf))
    answer, other = got[places], wider[places]
    error = distance(got, truth)[places]
    of_one = 2.0 * unit * float(np.abs(truth.mid).max(initial=0.0))
    with np.errstate(invalid="ignore"):
        alike = np.abs(other - answer) <= SAME * error
    return bool((alike & (error > of_one) & (answer != 0.0) & (other != 0.0)).any())
