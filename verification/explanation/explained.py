"""From the cases of a wrong answer to ranked explanations: the stages in their order."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import jax
import numpy as np

from ..arithmetic.inner_programs import waits
from ..measurement.sample import Sample
from ..vocabulary import Explanation, Silent
from .arrows import wrong_pullback
from .calls import softmax_alone, wrong_call
from .clipped import clipped
from .counts import wrong_divisor
from .edges import Edges, one_edge
from .leaves import by_leaf, each_leaf
from .masks import wrong_mask
from .other_constants import other_constant
from .other_cotangents import other_cotangent
from .other_gradients import exchanged, known_twins, part_of_batch
from .other_rules import other_rule
from .other_runs import other_argument, other_value
from .problem import Problem
from .products import wrong_partner
from .repeated import everywhere
from .slopes import not_finite, wrong_slope
from .ties import shared_wrongly
from .truncated import truncated
from .two_edges import two_edges
from .two_mistakes import two_mistakes
from .where import not_numbers, where_to_look

LOG = logging.getLogger(__name__)
Stage = Callable[[], list[Explanation]]
MANY = 32  # wrong entries: a pair of factors that explains so many is no accident
CASES = 4  # of the evidence that is looked at
FOLLOWED = 2**10  # steps of a loop that goes on for as long as its numbers say
SCALAR = ("zero", "sign", "factor")  # what a local derivative does too: then it has a place


def explain(
    evidence: tuple[Sample, ...], *, of: Callable, argnums: tuple[int, ...], scalar: bool
) -> tuple[Explanation, ...]:
    """What is wrong with these answers to the gradient of `of`, the best explanation first.

    Those with `fits` leave nothing beyond rounding at any entry of the cases looked at; two that
    are marked as one of two mistakes hold together.  Where none fits, one that accounts for most
    of the error is listed as the closest, and what is right and what is wrong.  Empty where there
    is no answer to explain.  A stage that fails is left out, and logged at the level of debugging.
    """
    try:
        return _of_evidence(evidence, of, argnums, scalar)
    except Exception as error:  # a verdict is not lost for want of a reason
        LOG.debug("the explanation failed", exc_info=True)
        return (_unexplained(error),)


def _unexplained(error: Exception) -> Explanation:
    said = f"no explanation: looking for one raised {type(error).__name__}"
    return Explanation("layer", "the gradient", said, residual=np.inf, fits=False)


def _of_evidence(
    evidence: tuple[Sample, ...], of: Callable, argnums: tuple[int, ...], scalar: bool
) -> tuple[Explanation, ...]:
    if tied := shared_wrongly(evidence):
        return tied
    problems = [
        Problem(one, of, argnums, scalar) for one in evidence if one.got and not one.failure
    ]
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with jax.enable_x64(True), loose[0], loose[1], np.errstate(all="ignore"):
        finest = min((p.unit for p in problems), default=np.inf)  # a case may hold round numbers
        problems = [replace(p, finest=finest) for p in problems]
        missing = not_numbers(problems)
        if missing:
            slopes = lambda: not_finite(of_one_program(problems[:CASES]))
            return (*attempted(slopes), *missing)
        alike = [p for p in problems if p.finite and p.sample.paths == problems[0].sample.paths]
        alike.sort(key=lambda p: not any(p.wrong))  # the first is looked at the most
        return tuple(_explained(alike) if alike else ())


def attempted(stage: Callable[[], list[Explanation]]) -> list[Explanation]:
    """What a stage finds; nothing where it fails: the others go on."""
    try:
        return stage()
    except Silent:
        return []
    except Exception:  # any function, at any numbers
        LOG.debug("a stage of the explanation failed", exc_info=True)
        return []


def _explained(everything: list[Problem]) -> list[Explanation]:
    problems = everything[:CASES]
    said = attempted(lambda: by_leaf(problems))
    if problems[0].untraced or _steps_on(problems[0]):  # only the answer is known
        stages = [lambda: said, *_of_answers(problems)]
    elif said and said[0].kind not in SCALAR:
        placed = attempted(lambda: _placed_too(of_one_program(problems)))
        return [*said, *(e for e in placed if e.fits)]
    else:
        stages = _inside(of_one_program(problems), said)
    closest: list[Explanation] = []
    for stage in stages:
        found = attempted(stage)
        if found and found[0].fits:
            return _with_calls(problems, found)
        closest += found
    nearer = (e for e in closest if np.isfinite(e.residual))  # infinite: it explains nothing
    nearest = sorted(nearer, key=lambda e: e.residual)[:1]
    return [*nearest, where_to_look(everything, each_leaf(problems))]


def _steps_on(problem: Problem) -> bool:
    """Whether its steps, which are many, are as many as its numbers say: they are no one's code."""
    waiting = waits(problem.question.program.jaxpr)
    return waiting and len(problem.tape.operations) > FOLLOWED


def _with_calls(problems: list[Problem], found: list[Explanation]) -> list[Explanation]:
    """A path inside a call is dropped, or all of the call is taken to be 1."""
    if found[0].kind != "dropped path":
        return found
    return [*found, *attempted(lambda: wrong_call(of_one_program(problems)))]


def _placed_too(problems: list[Problem]) -> list[Explanation]:
    """What is seen in the answer may have come down from one place."""
    return [*one_edge(Edges(problems)), *wrong_pullback(problems)]


def _of_answers(problems: list[Problem]) -> list[Stage]:
    """What needs no more of the function than its values."""
    return [
        lambda: clipped(problems),
        lambda: other_cotangent(problems),
        lambda: exchanged(problems),
        lambda: other_rule(problems),
        lambda: by_leaf(problems, rare=True),
    ]


def _inside(problems: list[Problem], said: list[Explanation]) -> list[Stage]:
    """With the function's own program at hand."""
    edges = Edges(problems)
    local = cache(lambda: _local(problems))
    both = cache(lambda: attempted(lambda: two_edges(edges)))
    return [
        lambda: clipped(problems),
        lambda: other_cotangent(problems),
        lambda: _placed(_weighed(edges, one_edge(edges), local), said),
        lambda: _in_two(edges, _weighed(edges, said, local)),
        lambda: wrong_divisor(problems),
        lambda: exchanged(problems),
        lambda: part_of_batch(problems),
        lambda: _seen_first(problems, local()),
        lambda: by_leaf(problems, rare=True),
        lambda: softmax_alone(problems),
        lambda: wrong_call(problems),
        lambda: other_rule(problems),
        lambda: wrong_partner(problems),
        lambda: truncated(problems),
        lambda: both() if _told_apart(problems) else [],
        lambda: other_value(problems),
        lambda: other_constant(problems),
        lambda: other_argument(problems),
        both,
        lambda: two_mistakes(edges),
        lambda: everywhere(edges),
        lambda: known_twins(problems),
    ]


def of_one_program(problems: Sequence[Problem]) -> list[Problem]:
    """Those that run the operations of the first: loops may be longer in another case.

    A place is known by its number in the program; in another program it is another place.
    """
    runs = lambda p: [(op.key, op.name) for op in p.tape.operations]
    return [p for p in problems if runs(p) == runs(problems[0])]


def _told_apart(problems: Sequence[Problem]) -> bool:
    """Whether two edges that leave nothing are no accident: a few numbers they always explain."""
    return sum(int((d != 0.0).sum()) for p in problems for d in p.differences) >= MANY


def _local(problems: Sequence[Problem]) -> list[Explanation]:
    """Wrong slopes, wrong pullbacks, wrong masks: all that fit, or the closest slope."""
    slopes = attempted(lambda: wrong_slope(problems))
    arrows = attempted(lambda: wrong_pullback(problems))
    masks = attempted(lambda: wrong_mask(problems))
    fitting = [e for e in (*slopes, *arrows) if e.fits]
    fitting.sort(key=lambda e: (not e.location, e.factor is not None))
    return [*fitting, *masks] or slopes


def _in_two(edges: Edges, said: list[Explanation]) -> list[Explanation]:
    """Leaves that are wrong by factors of which no one edge is the cause: two may be."""
    if not said or not all(e.fits and e.kind in SCALAR for e in said):
        return said
    return [*said, *(e for e in two_edges(edges) if e.fits)]


def _seen_first(problems: list[Problem], found: list[Explanation]) -> list[Explanation]:
    """What has no line is our own product with the cotangent: the answer's form comes first."""
    if not found or not found[0].fits or found[0].location:
        return found
    return [*by_leaf(problems, rare=True), *found]


def _weighed(edges: Edges, found: list[Explanation], local: Stage) -> list[Explanation]:
    """A factor that is no number of the problem explains less than a mistake with a name."""
    if not found or not found[0].fits or found[0].factor is None:
        return found
    if any(n.value == found[0].factor for n in edges.numbers[0]):
        return found
    return [e for e in local() if e.fits and e.factor is None] + found


def _placed(found: list[Explanation], said: list[Explanation]) -> list[Explanation]:
    """An edge is the place of what was seen in the answer: a sign, a zero, a factor."""
    if not found or not found[0].fits:
        return found
    if len(said) == 1:
        found = sorted(found, key=lambda e: e.factor != said[0].factor)
        first = replace(found[0], kind=said[0].kind) if found[0].kind == "edge" else found[0]
        return [first, *found[1:], *said]
    return found
