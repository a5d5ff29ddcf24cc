"""Oracle: JAX's forward mode in float64.

Method       jax.jacfwd's program, in float64 with running error bounds; one tangent a coordinate.
Independent  of reverse mode's transposes; it trusts the same rules of JAX for each primitive.
Guarantee    the radius bounds the rounding, if elementary functions keep their ulp bounds.
Kinks        whatever convention the function's own rules choose.
Silent on    more than ENTRIES entries, functions with a custom_vjp, and where it is inf or NaN.
"""

import jax
import numpy as np

from ..vocabulary import Ball, Rank, Silent
from . import autodiff
from .question import Question

NAME, RANK = "forward_autodiff", Rank.ROUNDED
ENTRIES, WORK = 4096, 2**22  # tangents, and tangents times float entries: memory


def gradient(question: Question) -> list[Ball]:
    """Every partial derivative, by as many tangents."""
    count = sum(question.leaves[i].size for i in question.wanted)
    total = sum(x.size for x, f in zip(question.leaves, question.floats, strict=True) if f)
    if count > ENTRIES or count * total > WORK:
        raise Silent(f"{count} tangents of {total} entries are more than forward mode is asked for")
    try:
        return autodiff.gradient(question, jax.jacfwd, "forward autodiff")
    except TypeError as error:
        if "custom_vjp" not in str(error):
            raise
        raise Silent("forward mode cannot pass a custom_vjp function") from error


def directional(question: Question, direction: list[np.ndarray]) -> float:
    """gradient . direction, by one tangent."""
    along = dict(zip(question.wanted, direction, strict=True))
    varied = [i for i, f in enumerate(question.floats) if f]

    def restricted(*floats):
        leaves = list(question.leaves)
        for i, x in zip(varied, floats, strict=True):
            leaves[i] = x
        return question.function(*leaves)

    primals = tuple(question.leaves[i] for i in varied)
    tangents = tuple(np.asarray(along.get(i, np.zeros(question.leaves[i].shape))) for i in varied)
    with jax.enable_x64(True):
        return float(jax.jvp(restricted, primals, tangents)[1])
