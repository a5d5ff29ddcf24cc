"""Oracle: complex step.  im f(x + i h) / h, without a difference of nearby numbers.

Method       The program in complex floats, h = 2^-100: h^2 is far below rounding.
Independent  of every derivative rule: it needs values only.
Guarantee    none: a witness.  It loses the digits that the function itself loses.
Kinks        the branch that the real part takes.
Silent on    what is not analytic (NoRule), more than ENTRIES entries, overflow and NaN.
"""

import numpy as np

from ..arithmetic.complexes import complexes
from ..arithmetic.interpreter import enter, run
from ..vocabulary import Ball, Rank, Silent
from . import rounding
from .question import Question

NAME, RANK = "complex_step", Rank.WITNESS
ENTRIES = 64  # passes over the program that are still quick
STEPS = {np.complex128: 2.0**-100, np.complex64: 2.0**-40}


def gradient(question: Question) -> list[Ball]:
    """Every partial derivative, by one pass for each, with an estimate of its rounding."""
    count = sum(question.leaves[i].size for i in question.wanted)
    if count > ENTRIES:
        raise Silent(f"{count} entries would need as many passes; {ENTRIES} at most are made")
    beside = rounding.neighbours(question, 2)
    answer = at(question, question.leaves, np.complex128)
    wide = [at(question, point, np.complex128) for point in beside]
    narrow = [at(question, point, np.complex64) for point in beside]
    return rounding.balls("the complex step", answer, wide, narrow)


def at(question: Question, point: list[np.ndarray], dtype: type) -> list[np.ndarray]:
    """The gradient at a point, in complex floats of one width."""
    arithmetic = complexes(dtype)
    leaves = [enter(x, arithmetic) for x in point]
    out = [np.empty(point[i].shape) for i in question.wanted]
    with np.errstate(all="ignore"):
        for slot, i in zip(out, question.wanted, strict=True):
            for index in np.ndindex(*slot.shape):
                moved = leaves[i].copy()
                moved[index] += 1j * STEPS[dtype]
                args = [*leaves[:i], moved, *leaves[i + 1 :]]
                (value,) = run(question.program, args, arithmetic)
                finite = np.isfinite(value.real)  # or the imaginary part means nothing
                slot[index] = float(value.imag) / STEPS[dtype] if finite else np.nan
    return out
