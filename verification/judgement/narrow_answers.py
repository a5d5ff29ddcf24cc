"""An answer that is computed in float32, held against a function that is known no better.

Where the function itself rounds as float32 does, as a kernel of float32 inside of a program in
float64, the witnesses see no error below that, and the check is undecided.  The noise of the answer
says that it has lost those digits, whatever the function is: it is `inaccurate` in float64.
"""

from dataclasses import replace

import jax
import numpy as np

from ..inputs.domain import is_float
from ..measurement.answer import cast
from ..measurement.subject import Subject
from ..oracles.function_noise import NARROW, noises_of
from ..vocabulary import Case, Finding, Verdict
from .black_box import above

SAID = 'it is computed in float32, by the noise of its answers; judge it with dtype="float32"'
MEASURED = ("finite_difference", "complex_step")


def told_by_noise(subject: Subject, point: tuple, finding: Finding) -> Finding:
    """The finding; inaccurate where what it could not see is hidden by the answer's own noise."""
    is_hidden = finding.verdict is Verdict.UNDECIDED and not all(finding.kills.values())
    is_measured = any(name in finding.oracle for name in MEASURED)
    if finding.dtype != "float64" or not (is_hidden and is_measured and is_narrow(subject, point)):
        return finding
    return replace(finding, verdict=Verdict.INACCURATE, reason=f"{SAID}; {finding.reason}")


def is_narrow(subject: Subject, point: tuple) -> bool:
    """Whether the answers beside the point have more noise than float64 has."""
    args = cast(point, "float64")
    cotangent = above(subject, Case("the first point", args), np.random.default_rng(0))
    args = args if cotangent is None else (*args, cotangent)
    leaves, tree = jax.tree.flatten(args)
    moved = {k for i in subject.argnums for k in _places(args, i)}
    parts = [np.asarray(leaves[k], np.float64) for k in sorted(moved)]
    ends = np.cumsum([0, *(x.size for x in parts)])

    def at(x: np.ndarray) -> np.ndarray:
        put = list(leaves)
        for k, part, low in zip(sorted(moved), parts, ends[:-1], strict=True):
            put[k] = x[low : low + part.size].reshape(part.shape)
        found = subject.answer(*jax.tree.unflatten(tree, put))
        return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in found])

    x = np.concatenate([part.ravel() for part in parts])
    try:
        with jax.enable_x64(True), np.errstate(all="ignore"):
            here = at(x)
            every = lambda points: np.stack([at(p) for p in points])
            noise = noises_of(every, x, np.random.default_rng(1))
    except Exception:  # somebody's gradient, at points that nobody drew
        return False
    return bool(np.linalg.norm(noise) > NARROW * np.linalg.norm(here))


def _places(args: tuple, i: int) -> list[int]:
    """The leaves of args that are numbers of args[i]."""
    before = len(jax.tree.leaves(args[:i]))
    own = jax.tree.leaves(args[i])
    return [before + k for k, leaf in enumerate(own) if is_float(np.asarray(leaf))]
