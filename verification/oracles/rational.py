"""Oracle: exact rationals.  Computes every partial derivative as a fraction, without any rounding.

Method       One pass forward and one reverse sweep over fractions.
Independent  of JAX's derivative rules, of float64 and of real balls.
Guarantee    proven, and exact: the inputs are the fractions that the floats denote.
Silent on    whatever is not rational (NoRule), and exact ties of max, min and |x| (Undecided).
"""

import math
from collections.abc import Callable

import jax
import numpy as np
from flint import fmpq

from ..arithmetic import sweep
from ..arithmetic.interpreter import enter, run
from ..arithmetic.rationals import RATIONALS, SLOPES, number
from ..vocabulary import Ball, Rank, Undecided
from .question import Question, as_exact

NAME, RANK = "rational", Rank.PROVEN


def gradient(question: Question) -> list[Ball]:
    """Every partial derivative; the radius is 0 where two float64 hold the fraction."""
    return [to_ball(leaf) for leaf in exact(question)]


def exact(question: Question) -> list[np.ndarray]:
    """The gradient itself: one array of fractions per wanted leaf."""
    args = [enter(leaf, RATIONALS) for leaf in question.leaves]
    try:
        _, leaves = sweep.value_and_gradient(
            question.program, args, question.wanted, RATIONALS, SLOPES
        )
    except ZeroDivisionError as error:
        raise Undecided("a division by an exact zero: nothing there to differentiate") from error
    return [np.asarray(np.frompyfunc(number, 1, 1)(leaf), dtype=object) for leaf in leaves]


def evaluate(function: Callable, *args) -> list[np.ndarray]:
    """function(*args) without rounding: one array of fractions per float leaf of the result.

    Raises NoRule where a result need not be rational.
    """
    with jax.enable_x64(True):
        exact_args = jax.tree.map(as_exact, args)
        program = jax.make_jaxpr(function)(*exact_args)
    leaves = [enter(leaf, RATIONALS) for leaf in jax.tree.leaves(exact_args)]
    return run(program, leaves, RATIONALS)


def to_ball(leaf: np.ndarray) -> Ball:
    """The fraction as two float64, and a radius that covers what they leave out."""
    parts = np.frompyfunc(_parts, 1, 3)(leaf)
    mid, tail, rad = (np.asarray(part, dtype=np.float64) for part in parts)
    return Ball(mid, tail, rad, proven=True)


def _parts(x: fmpq) -> tuple[float, float, float]:
    try:
        mid = _nearest(x)
    except OverflowError:
        return 0.0, 0.0, math.inf
    tail = _nearest(x - fmpq(*mid.as_integer_ratio()))
    rest = abs(x - fmpq(*mid.as_integer_ratio()) - fmpq(*tail.as_integer_ratio()))
    return mid, tail, math.nextafter(_nearest(rest), math.inf) if rest else 0.0


def _nearest(x: fmpq) -> float:
    return int(x.p) / int(x.q)  # Python divides whole numbers with one rounding
