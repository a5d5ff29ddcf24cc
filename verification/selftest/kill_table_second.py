"""The kill table at second order: the gradient with a mistake in it, differentiated again by JAX.

Truth and budget of the second derivative are made once for a derivation.  A mistake in a constant
is none any more once it is differentiated; then the second derivative is right, by the same check.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import jax
import numpy as np

from ..faults.twin import Twin
from ..judgement import truth_source
from ..judgement.kinds.orders import of_order
from ..judgement.kinds.problem import Problem
from ..measurement.sample import Sample
from ..measurement.subject import Subject, slopes
from ..vocabulary import Case, Derivation
from .kill_table import CAUGHT, _device, caught

RIGHT = "right at second order"
NONE = "not differentiable again"
UNKNOWN = "no truth at second order"


class Second(NamedTuple):
    """One derivation at one point: the right answer beside truth and budget."""

    subject: Derivation
    problem: Problem
    sample: Sample
    dtype: str


def second_of(subject: Derivation, dtype: str, seed: int = 0) -> Second | None:
    """The right second derivative at a draw; None where no truth or no budget is known."""
    rng = np.random.default_rng([seed, 29])
    problem = again(subject, subject.gradient)
    point = problem.args(rng, dtype)
    asked = Subject(problem.gradient, problem.of, problem.argnums, dtype, point)
    sample = truth_source.proven(asked, Case("draw 0", point), rng)
    if sample is None or sample.silence or sample.failure:
        return None
    if not all(np.isfinite(ball.rad).any() for ball in sample.truth if ball.rad.size):
        return None  # beside a leaf that is not known anything is right
    return Second(subject, problem, sample, dtype)


def again(subject: Derivation, gradient: Callable) -> Problem:
    """The question about the derivative of a gradient by hand.  Raises what it raises."""
    first, *others = subject.argnums
    on_device = lambda *args: gradient(*_device(args))
    numbers = subject.argnums if others else first
    draw = lambda rng, dtype: subject.draw(rng)
    return of_order(Problem(on_device, subject.function, draw, numbers), 2)


def status(known: Second, gradient: Callable) -> str:
    """What becomes of a gradient whose second derivative is asked for."""
    try:
        with jax.enable_x64(True), np.errstate(all="ignore"):
            candidate = again(known.subject, gradient).gradient
            problem, sample = known.problem, known.sample
            point = sample.args[:-1]
            asked = Subject(candidate, problem.of, problem.argnums, known.dtype, point)
            got = asked.answer(*sample.args)
    except Exception:  # a mistake may be one that nobody can differentiate
        return NONE
    if [np.shape(x) for x in got] != [ball.mid.shape for ball in sample.truth]:
        return CAUGHT
    return CAUGHT if caught(slopes(replace(sample, got=got))) else RIGHT


def statuses(
    subject: Derivation, twins: Iterable[Twin], dtype: str, seed: int = 0
) -> Sequence[str]:
    """One for each twin, in their order.  The right gradient is always right, or it is an error."""
    known = second_of(subject, dtype, seed)
    if known is None:
        return [UNKNOWN for _ in twins]
    own = status(known, subject.gradient)
    if own != RIGHT:
        raise AssertionError(f"the second derivative of {subject.name} is {own}")
    return [status(known, twin.gradient) for twin in twins]
