"""Judge somebody else's gradient: any callable that answers arrays, against the proven truth.

Where the function differentiated cannot be traced by JAX, its derivative is measured instead, by
several oracles that must agree: see black_box.py.
"""

from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

from ..adapters.time_limit import in_time
from ..adapters.trees import inward
from ..measurement import conventions
from ..measurement.stages import kept_in
from ..measurement.subject import Subject, on_inward
from ..vocabulary import Finding, Verdict
from ..vocabulary.progress import watched as in_sight
from . import complex_arguments, programs
from .arguments import (
    argnums_of,
    args_of,
    check_counts,
    check_point,
    check_taken,
    dtype_of,
    positions,
)
from .draws import Asked, drawn_points, given
from .judged import judged
from .keywords import check_keywords, with_keywords
from .kinds.implicit import Implicit
from .kinds.otherwise import asked_otherwise
from .kinds.problem import Problem, first_point
from .kinds.second_pull import second_derivative
from .leaf_names import names_of, with_names
from .options import candidate_of, check_options
from .reproduction import snippet, with_worst


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
    resume: Any = None,
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
    resume    a folder: truth and budget of what is large are kept there, and not found again by a
              judgement that was ended, nor by one of another gradient of the same function

    Without `of` it is the forward pass of a function that has a rule of its own.  Where the cases
    could not have shown a catalogued mistake, more are drawn: up to LIMIT times as many.  Raises
    ValueError for a dtype, a number of cases, argnums, a timeout, or a name in allow, vary, under
    or meant that there is not, TypeError for arguments that are not what they should be.
    """
    gradient, of, args = programs.handed_over(gradient, of, args)
    check_counts(cases, seed)
    keywords = check_keywords(kwargs, of, gradient)
    more = given(allow=allow, vary=vary, timeout=timeout, order=order, under=under, meant=meant)
    asked = Asked(gradient, of, args, argnums, dtype, cases, seed, edges, keywords, more)
    gradient, of = (with_keywords(f, keywords) for f in (gradient, of))
    options: dict[str, Any] = {"dtype": dtype, "cases": cases, "seed": seed}
    options |= {"allow": allow, "vary": vary, "edges": edges, "timeout": timeout, "resume": resume}
    if order != 1 or under or meant is not None or isinstance(of, Implicit):
        options |= {"edges": "none"} if isinstance(of, Implicit) else {}
        problem = _problem(gradient, of, args, argnums)
        meant = with_keywords(meant, keywords)
        found = asked_otherwise(problem, order, under, meant, partial(_once, options))
        return _again(found, asked)
    candidate = candidate_of(gradient, of)
    check_options(allow, edges)
    drawn = programs.sampled(of, args_of(args))
    asked = asked._replace(args=drawn, dtype=dtype_of(dtype))
    points = drawn_points(asked)
    first = next(points)
    check_taken(of, first)
    if callable(of) and complex_arguments.are_complex(of, first):
        options["argnums"] = argnums
        found = complex_arguments.judged(validate, gradient, of, drawn, first, **options)
        return _again(found, asked)
    argnums = argnums_of(argnums, of, len(first))
    asked = asked._replace(argnums=argnums)
    chosen = (argnums,) if isinstance(argnums, int) else argnums
    names = names_of(programs.traced(of), len(first))
    check_point(first, chosen, names)
    point, named = inward(first), positions(vary, of, len(first))
    of, candidate = programs.settled(of, first, candidate, gradient, asked.dtype)
    candidate = in_time(candidate, timeout)
    points = chain([first], points)
    subject = Subject(candidate, on_inward(of, point), argnums, asked.dtype, point)
    with in_sight(subject.name), kept_in(resume) as damaged:
        finding, fits = judged(subject, asked, named, points)
    finding = _damaged(programs.noted(finding, of), damaged)
    if finding.verdict is not Verdict.WRONG:
        problem = Problem(gradient, programs.traced(of), asked.args, argnums)
        return with_names(_looked_at_again(finding, problem, options), names)
    allowed = (c for c in fits if set(c.names) <= set(allow))
    found = (_meant(subject, asked, named, convention) for convention in allowed)
    passed = next((one for one in found if one.verdict is not Verdict.WRONG), None)
    return with_names(finding if passed is None else programs.noted(passed, of), names)


def _damaged(finding: Finding, sentences: list[str]) -> Finding:
    """With a note on each stage that was kept and cannot be read."""
    return replace(finding, notes=(*finding.notes, *sentences)) if sentences else finding


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


def _again(finding: Finding, asked: Asked) -> Finding:
    """With the call as it was made, and not that of the problem which it was made into."""
    return with_worst(replace(finding, reproduce=snippet(asked)), asked)


def _problem(gradient: Any, of: Any, args: Any, argnums: Any) -> Problem:
    given, traced = programs.sampled(of, args_of(args)), programs.traced(of)
    first = first_point(given)
    gradient = programs.of_arrays(gradient, of, first)
    return Problem(gradient, traced, given, argnums_of(argnums, of, len(first)))


def _meant(
    subject: Subject, asked: Asked, named: tuple[int, ...], convention: conventions.Convention
) -> Finding:
    """The finding where the convention is allowed."""
    candidate, of = subject.candidate, convention.function(subject.of)
    theirs = convention.candidate(candidate, asked.argnums)
    other = Subject(theirs, of, *subject.asked)
    again, _ = judged(other, asked, named, drawn_points(asked), convention.holds)
    return _allowed(again, convention)


def _allowed(finding: Finding, convention: conventions.Convention) -> Finding:
    said = f"with a convention that was allowed ({convention.name}: {convention.sentence})"
    return replace(finding, reason=f"{finding.reason}; {said}", conventions=convention.names)
