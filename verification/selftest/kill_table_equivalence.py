"""A mistake that nobody catches is none where it is the same function: proven, not waved away.

In balls the twin's program encloses its exact value; the difference from the truth must contain 0
and be thin, at every case.  Where SymPy can, the twin is proved to be the gradient for all values.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import numpy as np
from flint import arb, ctx

from ..arithmetic.balls import BALLS
from ..arithmetic.interpreter import is_plain, run
from ..measurement.sample import Sample
from ..oracles.question import as_exact
from ..oracles.symbolic import prove
from ..vocabulary import Derivation, Silent

BITS = 192
THIN = 2.0**-60  # of the leaf's largest entry: 2^-8 of what float64 tells apart


class Equal(NamedTuple):
    """Whether the twin is the right gradient at every case looked at, and how that is known."""

    proven: bool
    why: str


def equivalent(gradient: Callable, samples: Sequence[Sample]) -> Equal:
    """Whether enclosures of gradient - truth are thin and contain 0, at every sample."""
    for sample in samples:
        try:
            leaves = enclosures(gradient, sample.args)
        except Exception as error:  # what cannot be traced, or has no rule, is not proven
            return Equal(False, f"{type(error).__name__}: {' '.join(str(error).split())[:120]}")
        for found, ball in zip(leaves, sample.truth, strict=True):
            if not _meets(found, ball):
                return Equal(False, f"another number at {sample.label}")
    return Equal(True, f"the difference is 0 within 2^-60 in proven balls, at {len(samples)} cases")


def enclosures(gradient: Callable, args: tuple) -> list[np.ndarray]:
    """Balls around the exact value of the gradient's program."""
    with jax.enable_x64(True):
        leaves, tree = jax.tree.flatten(jax.tree.map(as_exact, args))
        flat = lambda *xs: jax.tree.leaves(gradient(*jax.tree.unflatten(tree, xs)))
        program = jax.make_jaxpr(flat)(*leaves)
    with ctx.workprec(BITS):
        lifted = [BALLS.lift(x) if x.dtype.kind == "f" else x for x in leaves]
        outs = run(program, lifted, BALLS)
    if any(map(is_plain, outs)):
        raise Silent("a leaf of integers")
    return [np.asarray(out, object) for out in outs]


def _meets(found: np.ndarray, truth) -> bool:
    if found.shape != truth.mid.shape:
        return False
    room = THIN * (np.abs(truth.mid).max(initial=0.0) or 1.0)
    with ctx.workprec(BITS):
        parts = np.broadcast_arrays(truth.mid, truth.tail, truth.rad)
        both = zip(found.flat, *(part.flat for part in parts), strict=True)
        return all(_zero(x - arb(mid) - arb(tail), float(rad), room) for x, mid, tail, rad in both)


def _zero(gap: arb, rad: float, room: float) -> bool:
    """Whether 0 is within the gap and the truth's radius, and both are thin."""
    wide = gap + arb(0, rad)
    return bool(wide.contains(0)) and bool(abs(wide) <= room + 2.0 * rad)


def proved(subject: Derivation, gradient: Callable) -> bool:
    """Whether SymPy proves the twin to be the gradient for all values, on the cell of a draw."""
    args = subject.draw(np.random.default_rng(1))
    try:
        found = prove(subject.function, gradient, args, subject.argnums, not subject.scalar)
    except Exception:  # no rule, a boundary, a program that cannot be traced so: not proved
        return False
    return found.proved
