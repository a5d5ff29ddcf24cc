"""Judge a tangent rule written by hand: the derivative forwards."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from ..adapters import jax_function
from ..adapters.trees import inward
from ..vocabulary import Explanation, Finding, Verdict
from . import programs
from .arguments import argnums_of, args_of
from .draws import Asked
from .kinds.problem import Problem, first_point
from .kinds.tangents import Rule, tangent_problem, transposed, with_floats
from .reproduction import place_of, snippet
from .validate import validate

MOST = 64  # entries up to which the transpose of a rule is asked for, one call each


def validate_jvp(
    jvp: Callable,
    of: Any = None,
    args: Any = None,
    *,
    argnums: Any = None,
    **options: Any,
) -> Finding:
    """The verdict on jvp -> the derivative of `of` along tangents: its Jacobian times them.

    jvp       called as jvp(*args, *tangents), or as a rule of custom_jvp is, jvp(args, tangents),
              with a tangent for each of argnums; it answers the tangent of the value, or (value,
              tangent), both of which are judged then.  Of a custom_jvp its own rule is judged
    of        the function, traceable by JAX; of a custom_jvp its forward pass, if it is missing
    argnums   the arguments that have tangents; None: all that hold floating-point numbers
    options   dtype, cases, seed, edges, allow and vary, as in validate

    A wrong rule is explained through its transpose, which is a gradient.  Raises what validate
    raises, and TypeError for a rule that can be called in neither way.
    """
    of = programs.of_itself(jvp, of)
    given = args_of(args)
    point = first_point(given)
    numbers = with_floats(point) if argnums is None else argnums_of(argnums, of, len(point))
    problem = Problem(jvp, of, given, numbers)
    rule = Rule(_forward(jvp, problem.numbers), problem)
    asked = tangent_problem(rule, problem)
    finding = validate(asked.gradient, asked.of, asked.args, argnums=asked.argnums, **options)
    finding = replace(finding, reproduce=_again(problem, options), place=place_of(jvp))
    if finding.verdict is not Verdict.WRONG:
        return finding
    return replace(finding, explanation=_explained(rule, problem, options) or finding.explanation)


def _again(problem: Problem, options: dict) -> str:
    """The call as it was made."""
    usual = {"dtype": "float64", "cases": 16, "seed": 0, "edges": "judge"}
    given = {name: options.get(name, value) for name, value in usual.items()}
    return snippet(Asked(*problem, **given), call="validate_jvp")


def _forward(jvp: Any, numbers: tuple[int, ...]) -> Callable:
    """The rule itself, or that of a custom_jvp."""
    if jax_function.bare(jvp) is None:
        return jvp

    def pair(args: tuple, tangents: tuple):
        def moving(*chosen):
            merged = dict(enumerate(args)) | dict(zip(numbers, chosen, strict=True))
            return jvp(*(merged[i] for i in range(len(args))))

        return jax.jvp(moving, tuple(args[i] for i in numbers), tangents)

    pair.__name__ = jax_function.named(jvp)
    return pair


def _explained(rule: Rule, problem: Problem, options: dict) -> tuple[Explanation, ...]:
    """By the gradient that the rule is the transpose of; nothing for too many entries."""
    point = first_point(problem.args)
    leaves = jax.tree.leaves([inward(point[i]) for i in problem.numbers])
    if sum(map(np.size, leaves)) > MOST:
        return ()
    quiet = {**options, "edges": "none", "allow": ()}
    gradient, of = transposed(rule, problem), problem.of
    return validate(gradient, of, problem.args, argnums=problem.argnums, **quiet).explanation
