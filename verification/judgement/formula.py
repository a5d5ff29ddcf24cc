"""Is the formula right, and only its digits lost?  Ask again with all the digits it wants."""

from collections.abc import Callable

import jax
import numpy as np
from flint import arb, ctx

from ..arithmetic.balls import BALLS
from ..arithmetic.interpreter import is_plain, run
from ..oracles.question import as_exact
from ..vocabulary import Ball
from .answer import cast
from .error import beyond
from .sample import Sample, decidable

BITS = 4096  # enough for differences that cancel e^-2000
AGREE = 2.0**-40  # as thin as both enclosures must be to count as the same number
GAIN = 2.0**-20  # of the 2^-29 that float64 gains over float32: rounding shrinks so, mistakes stay


def right_formula(gradient: Callable) -> Callable[[Sample], bool]:
    """sample -> whether its errors are those of a right formula that lost digits."""
    return lambda sample: same_formula(gradient, sample) or shrinks_in_float64(gradient, sample)


def shrinks_in_float64(gradient: Callable, sample: Sample) -> bool:
    """Whether the errors of an implementation in float32 vanish when it computes in float64."""
    leaves = jax.tree.leaves(sample.args)
    if any(np.asarray(leaf).dtype == np.float64 for leaf in leaves):
        return False
    try:
        with jax.enable_x64(True):
            again = jax.tree.leaves(gradient(*cast(sample.args, "float64")))
    except Exception:  # foreign code may refuse another dtype in any way it likes
        return False
    triples = zip(range(len(again)), again, sample.got, strict=True)
    return all(_shrinks(sample, k, np.asarray(new), old) for k, new, old in triples)


def _shrinks(sample: Sample, leaf: int, new: np.ndarray, old: np.ndarray) -> bool:
    if new.dtype != np.float64 or new.shape != old.shape:
        return False
    before, after = (beyond(got, sample.truth[leaf]) for got in (old, new))
    fine = (after <= GAIN * before) | (after <= GAIN * sample.allowed[leaf])
    return bool(fine[decidable(sample, leaf)].all())


def same_formula(gradient: Callable, sample: Sample) -> bool:
    """Whether `gradient`, run in balls at the sample, encloses the truth and nothing much else.

    False also where the program cannot be traced, or has no rule: then nothing excuses it.
    """
    try:
        answers = _in_balls(gradient, sample.args)
        return all(_agree(a, b) for a, b in zip(answers, sample.truth, strict=True))
    except Exception:  # foreign code that cannot be traced may raise anything
        return False


def _in_balls(gradient: Callable, args: tuple) -> list[np.ndarray]:
    with jax.enable_x64(True):
        leaves, tree = jax.tree.flatten(jax.tree.map(as_exact, args))
        flat = lambda *xs: jax.tree.leaves(gradient(*jax.tree.unflatten(tree, xs)))
        program = jax.make_jaxpr(flat)(*leaves)
    with ctx.workprec(BITS):
        lifted = [BALLS.lift(x) if x.dtype.kind == "f" else x for x in leaves]
        return run(program, lifted, BALLS)


def _agree(answer: np.ndarray, truth: Ball) -> bool:
    if is_plain(answer) or answer.shape != truth.mid.shape:
        return False
    with ctx.workprec(BITS):
        pairs = zip(answer.flat, truth.mid.flat, truth.tail.flat, truth.rad.flat, strict=True)
        return all(_close(a, *ball) for a, *ball in pairs)


def _close(a: arb, mid: float, tail: float, rad: float) -> bool:
    gap = abs(a - mid - tail)
    return bool(gap <= arb(AGREE) * abs(arb(mid)) + rad) and a.is_finite()
