"""Judge somebody else's gradient: any callable that answers arrays, against the proven truth.

Where the function differentiated cannot be traced by JAX, its derivative is measured instead, by
several oracles that must agree: see black_box.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Any

import jax
import numpy as np

from .. import faults
from ..adapters.recognition import recognised
from ..adapters.time_limit import in_time
from ..adapters.trees import has_foreign, inward
from ..explanation import explain
from ..inputs.domain import Domain
from ..measurement import conventions
from ..measurement.contract import behaved
from ..measurement.evaluation import unchanged
from ..measurement.sample import Sample, outside
from ..measurement.subject import Subject, inside, slopes
from ..vocabulary import Case, Explanation, Finding, Verdict
from . import complex_arguments, programs
from .arguments import argnums_of, args_of, check_point, dtype_of, positions
from .draws import Asked, drawn_points
from .edge_cases import edge_visits
from .edge_evidence import MODES, Edges
from .hard_coded import Sizes
from .keywords import check_keywords, with_keywords
from .kinds.implicit import Implicit
from .kinds.implicit_mistakes import implicit_mistake
from .kinds.otherwise import asked_for, asked_otherwise
from .kinds.problem import Problem, first_point
from .kinds.second_pull import second_derivative
from .leaf_names import names_of, with_names
from .reproduction import place_of, snippet, with_worst
from .truth_source import TruthSource, truth_source
from .verdict import Draws, judge

NAMES = (*conventions.NAMES, complex_arguments.CONJUGATE)
ADVICE = "; args is one point: pass a function that draws points, and as many are drawn as needed"
CONTRACT_CASES = 3  # cases at which the candidate is asked again, in other ways


def validate(
    gradient: Any,
    of: Any = None,
    args: Any = None,
    *,
    argnums: Any = 0,
    dtype: Any = "float64",
    cases: int = 16,
    seed: int = 0,
    allow: tuple[str, ...] = (),
    vary: tuple[int | str, ...] = (),
    edges: str = "judge",
    order: int = 1,
    under: str | tuple[str, ...] = (),
    meant: Any = None,
    kwargs: Any = None,
    timeout: Any = None,
) -> Finding:
    """The verdict on gradient(*args) -> d of / d args[argnums].

    of        scalar- or array-valued; traceable by JAX, a program of PyTorch's, or else a black box
              of NumPy arrays; without it a function is judged by its own derivative
    gradient  any callable; for an array-valued `of` it is called as gradient(*args, cotangent).  Of
              a custom_vjp, a custom_jvp, a torch module or autograd.Function, and of what
              adapters' `derivative` makes, its own derivative is judged, and its value
    args      one tuple, or sample(rng) -> tuple, drawn `cases` times and cast to `dtype`
              (sample(rng, dtype) where that is its name, or the parameter has no default); a list
              is a tuple, a bare array a tuple of one
    argnums   the arguments differentiated by: positions from either end, or names of parameters
    dtype     one of measurement.budget.DTYPES, or a type of NumPy, JAX or PyTorch that is one; the
              truth is proven at the arguments as cast
    allow     conventions that are no mistakes, together too: "sum", "half", "double", "mean",
              "negative", "conjugate" of complex gradients, and "symmetric" and "triangular" for
              arguments that are so at each draw
    vary      arguments, by position or name, whose laws and Python scalars are not held at edges
    edges     where edges around the first draw decide: "judge" for those near (a zero, a tie, an
              index twice) and far (all zeros, all equal, scales), "near", "note" for nowhere;
              "none" visits none
    order     2 or 3 for the second or third derivative: of a function, of a gradient that JAX can
              trace, a Hessian, or hessian_vector(*args, v)
    under     transformations under which it is judged, too: names in kinds.batches.UNDER
    meant     a function whose derivative the answer is meant to have, where it is not that of `of`
    kwargs    keyword arguments of `of`, and of the gradient where it takes them; they stay fixed
    timeout   seconds for each answer of the gradient; after a late one it is not asked again

    Without `of` it is the forward pass of a function that has a rule of its own.  Where the cases
    could not have shown a catalogued mistake, more are drawn: up to LIMIT times as many.  Raises
    ValueError for a dtype, a number of cases, argnums, a timeout, or a name in allow, vary, under
    or meant that there is not, TypeError for arguments that are not what they should be.
    """
    of = programs.of_itself(gradient, of)
    keywords = check_keywords(kwargs, of, gradient)
    asked = Asked(gradient, of, args, argnums, dtype, cases, seed, edges, keywords)
    gradient, of = (with_keywords(f, keywords) for f in (gradient, of))
    options: dict[str, Any] = {"dtype": dtype, "cases": cases, "seed": seed}
    options |= {"allow": allow, "vary": vary, "edges": edges, "timeout": timeout}
    if order != 1 or under or meant is not None or isinstance(of, Implicit):
        options |= {"edges": "none"} if isinstance(of, Implicit) else {}
        problem = _problem(gradient, of, args, argnums)
        more = "".join(f", {name}={value!r}" for name, value in asked_for(order, under, meant))
        meant = with_keywords(meant, keywords)
        found = asked_otherwise(problem, order, under, meant, partial(_once, options))
        return _again(found, asked, more)
    candidate = _candidate(gradient, of, cases)
    _check_names(allow)
    _check_edges(edges)
    drawn = programs.sampled(of, args_of(args))
    asked = asked._replace(args=drawn, dtype=dtype_of(dtype))
    points = drawn_points(asked)
    first = next(points)
    if callable(of) and complex_arguments.are_complex(of, first):
        options["argnums"] = argnums
        found = complex_arguments.judged(validate, gradient, of, drawn, len(first), **options)
        return _again(found, asked) if keywords else found
    argnums = argnums_of(argnums, of, len(first))
    asked = asked._replace(argnums=argnums)
    chosen = (argnums,) if isinstance(argnums, int) else argnums
    names = names_of(programs.traced(of), len(first))
    check_point(first, chosen, names)
    point, named = inward(first), positions(vary, of, len(first))
    of, candidate = programs.settled(of, first, candidate, gradient)
    candidate = in_time(candidate, timeout)
    points = chain([first], points)
    of, inner, subject, finding, fits = _traced_or_not(of, candidate, asked, point, named, points)
    finding = programs.noted(finding, of)
    if finding.verdict is not Verdict.WRONG:
        problem = Problem(gradient, programs.traced(of), asked.args, argnums)
        return with_names(_looked_at_again(finding, problem, options), names)
    for convention in (c for c in fits if set(c.names) <= set(allow)):
        theirs = convention.candidate(candidate, argnums)
        other = Subject(theirs, convention.function(inner), *subject.asked)
        again, _ = judged(other, asked, named, drawn_points(asked), convention.holds)
        if again.verdict is not Verdict.WRONG:
            return with_names(_allowed(again, convention), names)
    return with_names(finding, names)


def _traced_or_not(
    of: Any, candidate: Any, asked: Asked, point: tuple, named: tuple[int, ...], points: Any
) -> Any:
    """`of` on inward trees, the candidate beside it, the finding, and what fits it."""
    inner = inside(of) if has_foreign(point) else of
    subject = Subject(candidate, inner, asked.argnums, asked.dtype, point)
    try:
        watched = programs.watched(of, points, asked.dtype)
        return of, inner, subject, *judged(subject, asked, named, watched)
    except programs.Elsewhere:
        of, again = programs.untraced(of), drawn_points(asked)
        return _traced_or_not(of, candidate, asked, point, named, again)


def _once(options: dict, problem: Problem) -> Finding:
    gradient, of, args, argnums = problem
    return validate(gradient, of, args, argnums=argnums, **options)


def _looked_at_again(finding: Finding, problem: Problem, options: dict) -> Finding:
    """With a note where what is right is wrong once it is differentiated again."""
    if finding.verdict is not Verdict.CORRECT:
        return finding
    quiet = {**options, "cases": 1, "edges": "none", "vary": (), "allow": ()}
    notes = second_derivative(problem, partial(_once, quiet))
    return replace(finding, notes=(*finding.notes, *notes)) if notes else finding


def _again(finding: Finding, asked: Asked, more: str = "") -> Finding:
    """With the call as it was made, and not that of the problem which it was made into."""
    return replace(finding, reproduce=snippet(asked, more), place=place_of(asked.gradient))


def _problem(gradient: Any, of: Any, args: Any, argnums: Any) -> Problem:
    given, traced = programs.sampled(of, args_of(args)), programs.traced(of)
    numbers = argnums_of(argnums, of, len(first_point(given)))
    return Problem(gradient, traced, given, numbers)


def judged(
    subject: Subject,
    asked: Asked,
    named: tuple[int, ...],
    points: Iterator[tuple],
    holds: Callable[[tuple], bool] = lambda args: True,
) -> tuple[Finding, tuple[conventions.Convention, ...]]:
    """The finding, and the conventions that explain it; edges are those where holds(args)."""
    upstream, beside = _streams(asked.seed)
    one, fits = isinstance(asked.args, tuple), Fits(subject)
    first = inward(next(points))
    domain = Domain()
    drawing = map(domain.drawn, chain([first], map(inward, points)))
    labelled = (Case(f"case {k}", point) for k, point in enumerate(drawing))
    source = truth_source(subject, first)
    sizes = Sizes(subject.inputs)
    at = lambda case: sizes.noted(contract_checked(source, subject, case, upstream))
    drawn = lambda ks: (at(case) for case in islice(labelled, len(ks)))
    fixed = lambda: one or same(first, next(labelled).args)  # then it is that one point
    around = lambda: edge_visits(subject, source, first, named, domain.laws, beside)
    met = lambda: (visit.where(holds) for visit in around())
    is_skipped = lambda: asked.edges == "none" or fixed()
    visits = Edges(lambda: () if is_skipped() else met(), asked.edges, named)
    finding = judge(
        subject.name,
        asked.dtype,
        drawn(range(1)) if one else (),
        faults.ALL.values(),
        formula_is_right=source.excuse,
        reproduce=snippet(asked),
        draws=None if one else Draws(drawn, asked.cases),
        advice=ADVICE if one else "",
        fit=fits,
        edges=visits,
        explain=partial(why, subject),
    )
    finding = source.said(finding)
    if said := sizes.sentence():
        finding = replace(finding, reason=f"{finding.reason}; {said}", notes=(said, *finding.notes))
    return with_worst(finding, asked), conventions.one_of_each(fits.latest or {})


def why(subject: Subject, evidence: tuple[Sample, ...]) -> tuple[Explanation, ...]:
    """Which term of the gradient is wrong; nothing where only the value is."""
    own = tuple(map(slopes, evidence))
    if not any(outside(one, k).any() for one in own for k in range(len(one.paths))):
        return ()
    if (implicit := getattr(subject.of, "implicit", None)) is not None:
        return implicit_mistake(implicit, own, subject.argnums, subject.inputs)
    scalar = len(own[0].args) == subject.inputs
    return explain(own, of=subject.of, argnums=subject.argnums, scalar=scalar)


def same(point: tuple, other: tuple) -> bool:
    alike = jax.tree.structure(point) == jax.tree.structure(other)
    return alike and unchanged(Case("", point), Case("", other))


class Fits:
    """Which conventions explain the cases so far; the latest of them are kept."""

    def __init__(self, subject: Subject):
        self.subject, self.latest = subject, None

    def __call__(self, before, sample: Sample):
        known = conventions.candidates(sample.args[: self.subject.inputs], self.subject.argnums)
        self.latest = conventions.fitting(before, slopes(sample), known, sample.args)
        return self.latest


def contract_checked(source: TruthSource, subject: Subject, case: Case, rng: np.random.Generator):
    """The sample at a case; of the first few cases more is asked."""
    sample = source.at(case, rng)
    if sample is None or int(case.label.split()[-1]) >= CONTRACT_CASES:
        return sample
    raw = subject.raw if subject.function is None else None
    return behaved(sample, source.answer, raw, subject.inputs)


def _allowed(finding: Finding, convention: conventions.Convention) -> Finding:
    said = f"with a convention that was allowed ({convention.name}: {convention.sentence})"
    return replace(finding, reason=f"{finding.reason}; {said}", conventions=convention.names)


def _streams(seed: int) -> list[np.random.Generator]:
    """Of cotangents, at the draws and at the edges."""
    return np.random.default_rng(seed).spawn(2)


# --- arguments that cannot be ---------------------------------------------------------------------


def _candidate(gradient: Any, of: Any, cases: int) -> Any:
    """What is judged, as it is known at sight."""
    if not callable(of):
        raise TypeError(f"of is {of!r}; pass a function")
    if cases < 1:
        raise ValueError(f"cases is {cases}; at least 1 is needed")
    return recognised(gradient)


def _check_names(allow: tuple[str, ...]) -> None:
    if isinstance(allow, str):
        raise TypeError(f"allow is {allow!r}; pass a tuple of names, such as ({allow!r},)")
    for name in allow:
        if name not in NAMES:
            known = ", ".join(NAMES)
            raise ValueError(f"allow has {name!r}; the conventions are {known}")


def _check_edges(edges: str) -> None:
    if edges not in MODES:
        raise ValueError(f"edges is {edges!r}; it must be one of {', '.join(MODES)}")
