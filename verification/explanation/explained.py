"""From the cases of a wrong answer to ranked explanations: the stages in their order."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import jax
import numpy as np

from ..measurement.sample import Sample
from ..vocabulary import Explanation, Silent
from .arrows import mishandled
from .calls import softmax_alone, wrong_call
from .edges import Edges, one_edge
from .exchanged import exchanged
from .leaves import by_leaf
from .other_gradients import known_twins, part_of_batch
from .other_runs import other_argument, other_value
from .problem import Problem, of_one_program
from .products import wrong_partner
from .repeated import everywhere
from .slopes import not_finite, wrong_slope
from .two_mistakes import two_edges, two_mistakes
from .where import not_numbers, where_to_look

CASES = 4  # of the evidence that is looked at
SCALAR = ("zero", "sign", "factor")  # what a local derivative does too: then it has a place


def explain(
    evidence: tuple[Sample, ...], *, of: Callable, argnums: tuple[int, ...], scalar: bool
) -> tuple[Explanation, ...]:
    """What is wrong with these answers to the gradient of `of`, the best explanation first.

    Those with `fits` leave nothing beyond rounding at any entry of the cases looked at; two that
    are marked as one of two mistakes hold together.  Where none fits, the closest is listed as
    such, and what is right and what is wrong.  Empty where there is no answer to explain.
    """
    problems = [
        Problem(one, of, argnums, scalar) for one in evidence if one.got and not one.failure
    ]
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with jax.enable_x64(True), loose[0], loose[1], np.errstate(all="ignore"):
        finest = min((p.unit for p in problems), default=np.inf)  # a case may hold round numbers
        problems = [replace(p, finest=finest) for p in problems]
        missing = not_numbers(problems)
        alike = [p for p in problems if p.finite and p.sample.paths == problems[0].sample.paths]
        try:
            alike.sort(key=lambda p: not any(p.wrong))  # the first is looked at the most
            if missing:
                some = problems[:CASES]
                return (*_silently(lambda: not_finite(of_one_program(some))), *missing)
            return tuple(_explained(alike[:CASES]) if alike else ())
        except Exception as error:  # any function, at any numbers
            return (_unexplained(error),)


def _silently(stage: Callable[[], list[Explanation]]) -> list[Explanation]:
    """Nothing where the function cannot be followed."""
    try:
        return stage()
    except Silent:
        return []


def _unexplained(error: Exception) -> Explanation:
    """A verdict is not lost for want of a reason; that there is none is said."""
    said = f"{type(error).__name__}: {error}"
    return Explanation(
        kind="layer",
        term="no term",
        mistake=f"looking for the wrong one raised {said}",
        residual=np.inf,
        fits=False,
    )


def _explained(problems: list[Problem]) -> list[Explanation]:
    said = by_leaf(problems)
    if said and said[0].kind not in SCALAR:
        placed = _silently(lambda: _placed_too(of_one_program(problems)))
        return [*said, *(e for e in placed if e.fits)]
    try:
        return _inside(problems, said)
    except Silent as silence:  # the function cannot be followed: only the answer is known
        return (
            said
            or by_leaf(problems, rare=True)
            or [replace(where_to_look(problems), remedy=str(silence))]
        )


def _placed_too(problems: list[Problem]) -> list[Explanation]:
    """What is seen in the answer may have come down from one place."""
    return [*one_edge(Edges(problems)), *mishandled(problems)]


def _inside(problems: list[Problem], said: list[Explanation]) -> list[Explanation]:
    """With the function's own program at hand."""
    closest: list[Explanation] = []
    problems = of_one_program(problems)
    edges = Edges(problems)
    stages = [
        lambda: _placed(_weighed(edges, one_edge(edges)), said),
        lambda: _in_two(edges, _weighed(edges, said)),
        lambda: exchanged(problems),
        lambda: part_of_batch(problems),
        lambda: _seen_first(problems, _local(problems)),
        lambda: by_leaf(problems, rare=True),
        lambda: softmax_alone(problems),
        lambda: wrong_call(problems),
        lambda: wrong_partner(problems),
        lambda: other_value(problems),
        lambda: other_argument(problems),
        lambda: two_edges(edges),
        lambda: two_mistakes(edges),
        lambda: everywhere(edges),
        lambda: known_twins(problems),
    ]
    for stage in stages:
        found = stage()
        if found and found[0].fits:
            whole = wrong_call(problems) if found[0].kind == "dropped path" else []
            return [*found, *whole]  # a path inside a call, or all of the call as 1
        closest += found
    nearest = sorted(closest, key=lambda e: e.residual)[:1]
    return [*nearest, where_to_look(problems)]


def _local(problems: Sequence[Problem]) -> list[Explanation]:
    """Wrong slopes, arrows mishandled, slopes times a factor: all that fit, or the closest."""
    slopes = wrong_slope(problems)
    arrows = mishandled(problems)
    fitting = [e for e in (*slopes, *arrows) if e.fits]
    return sorted(fitting, key=lambda e: (not e.location, e.factor is not None)) or slopes


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


def _weighed(edges: Edges, found: list[Explanation]) -> list[Explanation]:
    """A factor that is no number of the problem explains less than a mistake with a name."""
    if not found or not found[0].fits or found[0].factor is None:
        return found
    if any(n.value == found[0].factor for n in edges.numbers[0]):
        return found
    return [e for e in _local(edges.problems) if e.fits and e.factor is None] + found


def _placed(found: list[Explanation], said: list[Explanation]) -> list[Explanation]:
    """An edge is the place of what was seen in the answer: a sign, a zero, a factor."""
    if not found or not found[0].fits:
        return found
    if len(said) == 1:
        found = sorted(found, key=lambda e: e.factor != said[0].factor)
        first = replace(found[0], kind=said[0].kind) if found[0].kind == "edge" else found[0]
        return [first, *found[1:], *said]
    return found
