"""JAX's own derivative programs, run in float64 with a running error bound on every number."""

import functools
from collections.abc import Callable

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr

from ..arithmetic.bounded import Bounded
from ..arithmetic.bounds import bounds
from ..arithmetic.complex_numbers.programs import real_program
from ..arithmetic.formats import format_of
from ..arithmetic.interpreter import is_plain, run
from ..arithmetic.one_thread import one_thread
from ..vocabulary import Ball, Silent
from .question import Question

FLOAT64 = bounds(format_of("float64"))


def gradient(question: Question, derive: Callable, what: str) -> list[Ball]:
    """derive(function, argnums) at the question's point; the radius is its rounding error bound.

    Raises Silent where the derivative, or its bound, is not finite.
    """
    with jax.enable_x64(True):
        signature = tuple((leaf.shape, leaf.dtype) for leaf in question.leaves)
        program = _traced(question.function, derive, question.wanted, signature)
    point = zip(question.leaves, question.floats, strict=True)
    with np.errstate(all="ignore"), one_thread():
        outs = run(program, [FLOAT64.lift(x) if f else x for x, f in point], FLOAT64)
    return [_ball(out, what) for out in outs]


def _ball(out, what: str) -> Ball:
    if is_plain(out):
        out = FLOAT64.lift(out)
    assert isinstance(out, Bounded)
    lost = int((~np.isfinite(out.value) | ~np.isfinite(out.error)).sum())
    if lost:
        raise Silent(f"{what} is inf or NaN in float64, or may be, at {lost} of {out.size} entries")
    return Ball(out.value, np.zeros(out.value.shape), np.array(out.error), proven=False)


@functools.lru_cache(maxsize=256)
def _traced(function: Callable, derive: Callable, wanted: tuple, signature: tuple) -> ClosedJaxpr:
    shapes = (jax.ShapeDtypeStruct(*s) for s in signature)
    return real_program(jax.make_jaxpr(derive(function, wanted))(*shapes))
