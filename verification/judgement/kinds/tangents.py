"""Forward mode: a tangent rule is a value; its transpose is a gradient, which can be explained."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ...adapters import jax_function
from ...adapters.trees import inward, outward
from ...arithmetic.without_rules import without_rules
from ..leaf_names import names_of
from .problem import Problem, first_point, followed, is_float, like, named_by, output
from .values import value_problem


class Rule:
    """A tangent rule, called as rule(*args, *tangents), and whether it answers the value, too."""

    def __init__(self, jvp: Callable, problem: Problem):
        self.jvp, self.numbers = jvp, problem.numbers
        self.count = len(first_point(problem.args))
        self.__name__ = jax_function.named(jvp)
        self.packed, self.paired = _form(jvp, problem)

    def __call__(self, *args):
        args, tangents = args[: self.count], args[self.count :]
        return self.jvp(args, tangents) if self.packed else self.jvp(*args, *tangents)

    def tangent(self, *args):
        return self(*args)[1] if self.paired else self(*args)


def _form(jvp: Callable, problem: Problem) -> tuple[bool, bool]:
    """Whether it takes tuples, and answers pairs: tried at the first point.

    Raises TypeError where neither form is answered in the structure of `of`.
    """
    point = first_point(problem.args)
    tangents = tuple(_along(np.random.default_rng(0), point, problem.numbers))
    wanted = _layout(output(problem.of, point))
    said = ""
    for packed in (False, True):
        try:
            with jax.enable_x64(True), np.errstate(all="ignore"):
                answer = jvp(point, tangents) if packed else jvp(*point, *tangents)
        except Exception as error:  # somebody's rule, which is tried in two ways
            said = said or f"it raised {type(error).__name__}: {error}"
            continue
        if _layout(inward(answer)) == wanted:
            return packed, False
        if type(answer) is tuple and len(answer) == 2 and _layout(inward(answer[1])) == wanted:
            return packed, True
        said = f"its answer has shapes {_layout(inward(answer))[1]}, that of `of` {wanted[1]}"
    raise TypeError(
        "jvp is called as jvp(*args, *tangents), or as jvp(args, tangents), and answers the "
        f"tangent of the value, or (value, tangent); {said}"
    )


def _layout(tree: Any) -> tuple:
    return jax.tree.structure(tree), [np.shape(x) for x in jax.tree.leaves(tree)]


def _along(rng: np.random.Generator, point: tuple, numbers: tuple[int, ...]):
    return (outward(like(rng, inward(point[i]))) for i in numbers)


def with_floats(point: tuple) -> tuple[int, ...]:
    """The arguments that may have tangents."""
    has = lambda arg: any(map(is_float, jax.tree.leaves(inward(arg))))
    return tuple(k for k, arg in enumerate(point) if has(arg))


def tangent_problem(rule: Rule, problem: Problem) -> Problem:
    """Whether the rule is the derivative of `of` along tangents of args[argnums]."""
    numbers, count = problem.numbers, rule.count

    def made(opened: Callable) -> Callable:
        def program(*args):
            inputs, tangents = args[:count], args[count:]
            only, picked = jax_function.restricted(problem.of, list(inward(inputs)), numbers)
            floats = [x for x in jax.tree.leaves(inward(tangents)) if is_float(x)]
            pair = jax.jvp(opened(only), picked, floats)
            return pair if rule.paired else pair[1]

        names = names_of(problem.of, count)
        dots = [f"{names[k]}_dot" for k in numbers]
        return named_by(program, problem.of, count, *dots)

    program = made(without_rules)
    program.spellings = (made(lambda f: f),)  # pyright: ignore[reportFunctionMemberAccess]
    more = lambda rng, point: tuple(_along(rng, point, numbers))
    called = ("value", "tangent") if rule.paired else ()
    return value_problem(rule, program, followed(problem.args, more), *called)


def transposed(rule: Rule, problem: Problem) -> Callable:
    """The gradient that the tangent rule is the transpose of: one call for each entry."""
    single, count = isinstance(problem.argnums, int), rule.count

    def gradient(*args):
        inputs, above = args[:count], args[count:] or (np.ones(()),)
        leaves, tree = jax.tree.flatten(inward(tuple(inputs[i] for i in problem.numbers)))
        weights = jax.tree.leaves(inward(above[0]))

        def slope(k: int, index: tuple[int, ...]) -> float:
            moved = [np.zeros(np.shape(x)) for x in leaves]
            moved[k][index] = 1.0
            answer = rule.tangent(*inputs, *outward(jax.tree.unflatten(tree, moved)))
            pairs = zip(jax.tree.leaves(inward(answer)), weights, strict=True)
            return sum(float(np.sum(np.asarray(t) * np.asarray(d))) for t, d in pairs)

        found = [np.zeros(np.shape(x)) for x in leaves]
        for k, leaf in enumerate(leaves):
            for index in np.ndindex(np.shape(leaf)) if is_float(leaf) else ():
                found[k][index] = slope(k, index)
        made = outward(jax.tree.unflatten(tree, found))
        return made[0] if single else made

    gradient.__name__ = rule.__name__
    return gradient
