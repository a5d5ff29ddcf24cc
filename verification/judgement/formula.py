"""Is the formula right, and only its digits lost?  Run it again with all the digits it wants."""

from collections.abc import Callable

import jax
import numpy as np
from flint import arb, ctx

from ..arithmetic.balls import BALLS
from ..arithmetic.interpreter import is_plain, run
from ..oracles.question import as_exact
from ..vocabulary import Ball

BITS = 4096  # enough for differences that cancel e^-2000
AGREE = 2.0**-40  # as thin as both enclosures must be to count as the same number


def same_formula(gradient: Callable, args: tuple, truth: list[Ball]) -> bool:
    """Whether `gradient`, run in balls at `args`, encloses the truth and nothing much else.

    False also where the program cannot be traced, or has no rule: then nothing excuses it.
    """
    try:
        return all(_agree(a, b) for a, b in zip(_in_balls(gradient, args), truth, strict=True))
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
