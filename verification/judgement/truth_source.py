"""How a case is evaluated: by proof where JAX can trace the function, by witnesses elsewhere."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..adapters.torch_programs.memory import NotTraced
from ..adapters.trees import Held
from ..arithmetic import observed
from ..measurement.ahead import bounds_of
from ..measurement.answer import PROVABLE, cast
from ..measurement.batch import budget_at
from ..measurement.budget import Budget, traced
from ..measurement.evaluation import evaluated, held, unproven
from ..measurement.higher_precision import Told, formula
from ..measurement.in_place import without_a_rule
from ..measurement.large_truth import Told as Known
from ..measurement.large_truth import told
from ..measurement.ruled import is_ruled
from ..measurement.sample import Sample
from ..measurement.spelled import budget_spelled
from ..measurement.subject import Subject
from ..oracles.black_box import ENTRIES
from ..oracles.question import Question, as_exact
from ..oracles.work import products
from ..vocabulary import Case, Finding, Silent, Verdict
from ..vocabulary.raised import KNOWN, in_words, kind_of
from . import black_box, soon
from .called import is_complex
from .measured_kinks import told_by_floats
from .narrow_constants import warning

RAISES = "traced by JAX it raises"
MEASURED = "ball, finite_difference"  # a proof around operators that are measured
WANTED = "it must return a number, or arrays of numbers"


class TruthSource(NamedTuple):
    """at(case, rng, edge) -> the sample; excuse(sample) -> whether only digits are lost there."""

    at: Callable[..., Sample | None]
    excuse: Callable[[Sample], Told]
    work: Callable[..., int | None]  # work(case, rng): None where the function is not finite
    answer: Callable[..., list]  # the leaves that are judged
    said: Callable[[Finding], Finding]  # what else the finding has to say
    takes_shapes: bool  # whether the function may be called with shapes that nobody drew
    is_measured: bool = False  # by witnesses, not proven
    # (cases, generators): they are asked next, or weighed
    asked_soon: Callable[..., None] = lambda cases, streams: None
    weighed_soon: Callable[..., None] = lambda cases, streams: None


def truth_source(subject: Subject, first: tuple) -> TruthSource:
    """By proof, or by witnesses.  Raises ValueError where the function itself raises."""
    if said := getattr(subject.of, "unknown", ""):
        at, nothing = partial(unknown, subject, said), lambda sample: Told(None, "")
        same = lambda finding: finding
        return TruthSource(at, nothing, partial(work, subject), subject.answer, same, False)
    untraceable = why_not_traced(subject, first)
    unproven = "" if untraceable else why_not_proven(subject, first)
    if not untraceable and not unproven:
        at, excuse = partial(proven, subject), partial(excused, subject)
        weigh, more = partial(work, subject), partial(warned, subject, first)
        budgets, bounds = partial(soon.budgets, subject), partial(soon.bounds, subject)
        ahead = False, budgets, bounds
        return TruthSource(at, excuse, weigh, subject.answer, more, True, *ahead)
    traced = not untraceable
    at, excuse, weigh, said = black_box.pieces(subject, untraceable or unproven, traced)
    ask = partial(black_box.answer, subject)
    return TruthSource(at, excuse, weigh, ask, said, takes_shapes=traced, is_measured=True)


def unknown(
    subject: Subject, said: str, case: Case, rng: np.random.Generator, edge: bool = False
) -> Sample | None:
    """The candidate asked at one case of a function of which nothing exact is known."""
    here = held(case, subject.dtype, subject.argnums)
    if here is None:
        return None
    cotangent = subject.cotangent(here.args, rng)
    args = here.args if cotangent is None else (*here.args, cotangent)
    nothing = unproven(subject.question(here.args, cotangent), said)
    bound = lambda: Budget([ball.rad for ball in nothing.truth], ())
    return evaluated(subject.answer, nothing, bound, Case(case.label, args), edge)


def excused(subject: Subject, sample: Sample) -> Told:
    """Whether a right formula lost its digits at the sample."""
    compiled = jax.jit(subject.reference(len(sample.args) == subject.inputs))
    reference = lambda *args: compiled(*jax.tree.map(as_exact, args))
    moved = (*subject.argnums, subject.inputs)
    return formula(subject.plain, sample, moved, reference)


def warned(subject: Subject, first: tuple, finding: Finding) -> Finding:
    """Where an answer is off by numbers, the constants that may be why are said."""
    if finding.verdict not in (Verdict.WRONG, Verdict.INACCURATE):
        return finding
    args = cast(first, subject.dtype)
    cotangent = subject.cotangent(args, np.random.default_rng(0))
    said = warning(subject.question(args, cotangent).program, subject.dtype)
    return replace(finding, reason=f"{finding.reason}; {said}") if said else finding


def why_not_traced(subject: Subject, point: tuple) -> str:
    """Empty where JAX traces the function; else what it raised."""
    try:
        with jax.enable_x64(True):
            out = jax.eval_shape(subject.of, *cast(point, "float64"))
    except Exception as error:  # somebody's function may raise anything
        why = str(error) if isinstance(error, NotTraced) else _untraced(error)
    else:
        _check_floats(out)
        return ""
    try:
        with np.errstate(all="ignore"):
            value = subject.of(*cast(point, "float64"))
    except Exception as error:
        said = in_words(error)
        raise ValueError(f"of raised {said}, at the first point that args gave") from error
    if not all(map(_is_numbers, jax.tree.leaves(value))):
        raise TypeError(f"of returns {value!r:.60}; {WANTED}")
    if not jax.tree.leaves(value):
        raise TypeError(f"of returns {value!r:.60}; {WANTED}: is its `return` missing?")
    return why


def _untraced(error: Exception) -> str:
    kind = kind_of(error)
    return f"traced by JAX: {kind}" if kind in KNOWN.values() else f"{RAISES} {kind}"


def _check_floats(out: Any) -> None:
    """Raises TypeError for what nothing can be differentiated of: no arrays, or integers alone."""
    held = [x.value for x in jax.tree.leaves(out, is_leaf=is_held) if is_held(x)]
    leaves = [x for x in jax.tree.leaves(out) if hasattr(x, "dtype")]
    if not leaves:
        said = repr(held[0])[:60] if held else "nothing"
        missing = "" if held else ": is its `return` missing?"
        raise TypeError(f"of returns {said}; {WANTED}{missing}")
    if not any(jnp.issubdtype(x.dtype, jnp.inexact) for x in leaves):
        raise TypeError(f"of returns {leaves[0].dtype}, which has no slope; {WANTED} that do")


def is_held(x: object) -> bool:
    return isinstance(x, Held)


def _is_numbers(leaf: object) -> bool:
    return np.asarray(leaf).dtype.kind in "iufcV"


def why_not_proven(subject: Subject, point: tuple) -> str:
    """Empty where the first point has a proven truth and a budget; else why witnesses are asked.

    A point at which the proof is too much work is left to it: it is too large for them, too, but
    where a primitive without a rule is small.
    """
    here = held(Case("", point), subject.dtype, subject.argnums)
    if here is None:
        return ""
    rng = np.random.default_rng(0)
    try:
        cotangent = subject.cotangent(here.args, rng)
        question = subject.question(here.args, cotangent)
        is_large = sum(question.leaves[i].size for i in question.wanted) > ENTRIES
        if is_large and not without_a_rule(question.program.jaxpr, subject.dtype):
            return ""
        args = here.args if cotangent is None else (*here.args, cotangent)
        reference = subject.reference(cotangent is None)
        if not is_ruled(traced(reference, args)[0]):
            budget_at(reference, args, subject.dtype)
        silence = subject.proven(here.args, cotangent).silence
    except Silent as said:
        return str(said)
    except Exception as error:  # numbers that no arithmetic of ours has
        if is_complex(subject.of, cast(point, "float64")):
            return "real balls have no rule for complex numbers"
        return f"run in other arithmetics it raises {in_words(error)}"
    return silence


def proven(
    subject: Subject, case: Case, rng: np.random.Generator, edge: bool = False
) -> Sample | None:
    """The candidate asked at one case; None where the dtype does not reach there."""
    here = held(case, subject.dtype, subject.argnums)
    if here is None:
        return None
    cotangent = subject.cotangent(here.args, rng)
    args = here.args if cotangent is None else (*here.args, cotangent)
    references = subject.references(cotangent is None)
    if edge:
        known = Known(subject.proven(here.args, cotangent))
    else:
        known = told(subject, here.args, cotangent, references[0])
    found = known.found
    bound = partial(
        budget_spelled, found.truth, references, args, subject.dtype, subject.argnums, known.first
    )
    sample = evaluated(subject.answer, found, bound, Case(case.label, args), edge)
    if known.oracle:
        return replace(sample, oracle=known.oracle)
    if observed.is_in(found.question.program):
        sample = replace(sample, oracle=MEASURED)
    return sample if edge else told_by_floats(subject, sample, rng)  # at edges: once all are known


def work(subject: Subject, case: Case, rng: np.random.Generator) -> int | None:
    """Products of a pass; None where the function refuses the case, or is not finite there.

    Nobody judges an edge whose pass is more than is provable: whether it is finite is not asked.
    """
    try:
        with np.errstate(all="ignore"):
            cotangent = subject.cotangent(case.args, rng)
            question = subject.question(case.args, cotangent)
            passed = products(question.program)
            finite = passed > PROVABLE or _is_finite(subject, question)
    except Exception:  # somebody's function, where it was never meant to go
        return None
    return passed if finite else None


def _is_finite(subject: Subject, question: Question) -> bool:
    """Whether no right program in the dtype overflows; where no bound says, float64 does."""
    try:
        outs = bounds_of(question.program, question.leaves, subject.dtype)
    except Silent:
        with jax.enable_x64(True):
            return bool(np.isfinite(question.function(*question.leaves)).all())
    return all(np.isfinite(value).all() and np.isfinite(error).all() for value, error in outs)
