"""How a case is evaluated: by proof where JAX can trace the function, by witnesses elsewhere."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import numpy as np

from ..arithmetic.bounds import bounds
from ..arithmetic.formats import format_of
from ..measurement.answer import cast
from ..measurement.batch import budget_at
from ..measurement.budget import running
from ..measurement.evaluation import evaluated, held
from ..measurement.higher_precision import Told, right_formula
from ..measurement.sample import Sample
from ..measurement.subject import Subject
from ..oracles.work import products
from ..vocabulary import Case, Finding
from . import black_box


class TruthSource(NamedTuple):
    """at(case, rng, edge) -> the sample; excuse(sample) -> whether only digits are lost there."""

    at: Callable[..., Sample | None]
    excuse: Callable[[Sample], Told]
    work: Callable[..., int | None]  # work(case, rng): None where the function is not finite
    answer: Callable[..., list]  # the leaves that are judged
    said: Callable[[Finding], Finding]  # what else the finding has to say
    takes_shapes: bool  # whether the function may be called with shapes that nobody drew


def truth_source(subject: Subject, first: tuple) -> TruthSource:
    """By proof, or by witnesses.  Raises ValueError where the function itself raises."""
    untraceable = why_not_traced(subject, first)
    if not untraceable:
        at, excuse = partial(proven, subject), right_formula(subject.plain)
        weigh, same = partial(work, subject), lambda finding: finding
        return TruthSource(at, excuse, weigh, subject.answer, same, takes_shapes=True)
    at, excuse, weigh, said = black_box.pieces(subject, untraceable)
    ask = partial(black_box.answer, subject)
    return TruthSource(at, excuse, weigh, ask, said, takes_shapes=False)


def why_not_traced(subject: Subject, point: tuple) -> str:
    """Empty where JAX traces the function; else what it raised."""
    try:
        with jax.enable_x64(True):
            jax.eval_shape(subject.of, *cast(point, "float64"))
    except Exception as error:  # somebody's function may raise anything
        why = type(error).__name__
    else:
        return ""
    try:
        with np.errstate(all="ignore"):
            subject.of(*cast(point, "float64"))
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise ValueError(f"of raised {said}, at the first point that args gave") from error
    return why


def proven(
    subject: Subject, case: Case, rng: np.random.Generator, edge: bool = False
) -> Sample | None:
    """The candidate asked at one case; None where the dtype does not reach there."""
    here = held(case, subject.dtype, subject.argnums)
    if here is None:
        return None
    cotangent = subject.cotangent(here.args, rng)
    args = here.args if cotangent is None else (*here.args, cotangent)
    found = subject.proven(here.args, cotangent)
    bound = partial(budget_at, subject.reference(cotangent is None), args, subject.dtype)
    return evaluated(subject.answer, found, bound, Case(case.label, args), edge)


def work(subject: Subject, case: Case, rng: np.random.Generator) -> int | None:
    """Products of a pass; None where the function refuses the case, or is not finite there."""
    try:
        with np.errstate(all="ignore"):
            cotangent = subject.cotangent(case.args, rng)
            question = subject.question(case.args, cotangent)
            target = bounds(format_of(subject.dtype))
            outs = running(question.program, question.leaves, target)
    except Exception:  # somebody's function, where it was never meant to go
        return None
    finite = all(np.isfinite(value).all() and np.isfinite(error).all() for value, error in outs)
    return products(question.program) if finite else None
