"""Derivatives that are meant to be others: a surrogate's, or those of a changed cotangent.

A straight-through estimator rounds on the way forward, and hands the cotangent on; a gradient
reversal negates it; a spiking unit has the slope of a sigmoid.  The value is judged against the
function itself, the slopes against what they are meant to be, and the finding names the convention.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...adapters import jax_function
from ...adapters.function import Function
from ...adapters.recognition import recognised
from ...adapters.trees import inward, outward
from ..draws import drawn
from .problem import Problem, first_point, followed, is_float, like, named_by, output, weights
from .values import value_problem


class Cotangent(NamedTuple):
    """The derivative of `of` itself, at change(cotangent), leaf by leaf."""

    change: Callable
    name: str = "another cotangent"

    def __call__(self, above: Any) -> Any:
        return self.change(above)


def cotangent(change: Callable) -> Cotangent:
    """For meant=: the function's own derivative at a cotangent that is changed, such as clipped."""
    if not callable(change):
        raise TypeError(f"meant: the change of the cotangent is {change!r}; pass a function of it")
    return Cotangent(change, f"of the cotangent after {jax_function.named(change)}")


NAMED: dict[str, Cotangent] = {
    "reversed": Cotangent(jnp.negative, "gradient reversal: the cotangent is negated"),
    "stopped": Cotangent(jnp.zeros_like, "stopped: nothing is handed on"),
}
STRAIGHT = "straight-through"  # the cotangent is handed on to the one argument


def meant_problems(problem: Problem, meant: Any) -> list[tuple[str, Problem]]:
    """The value against `of`, where there is one, and the slopes against what they are meant to be.

    Raises ValueError for a name that there is not, TypeError for what is neither name nor function.
    """
    meant = _known(meant, problem)
    known = recognised(problem.gradient)
    answer = by_function(known, problem) if isinstance(known, Function) else problem.gradient
    value = [("the value", _value(known, problem))] if isinstance(known, Function) else []
    if isinstance(meant, Cotangent):
        return [*value, (f"the gradient, {meant.name}", _changed(problem, answer, meant))]
    said = f"the gradient that is meant, {convention(meant, problem)}"
    return [*value, (said, Problem(answer, meant, problem.args, problem.argnums))]


def _known(meant: Any, problem: Problem) -> Any:
    if meant == STRAIGHT:
        position = problem.numbers[0]
        handed = lambda *args: args[position]
        return named_by(handed, problem.of, len(first_point(problem.args)))
    if isinstance(meant, str) and meant not in NAMED:
        known = ", ".join((STRAIGHT, *NAMED))
        raise ValueError(f"meant is {meant!r}; the names are {known}, or pass a surrogate function")
    found = NAMED[meant] if isinstance(meant, str) else meant
    if not (callable(found) or isinstance(found, Cotangent)):
        raise TypeError(f"meant is {meant!r}; pass a surrogate function or a name")
    return found


def by_function(known: Function, problem: Problem) -> Callable:
    """gradient(*args, cotangent), or gradient(*args) for a scalar, of a function's own slopes."""
    answer, numbers = known.answers(problem.numbers), problem.numbers
    single = isinstance(problem.argnums, int)
    count = len(first_point(problem.args))
    values = len(jax.tree.leaves(output(problem.of, first_point(problem.args))))

    def gradient(*args):
        given = inward(args if len(args) > count else (*args, jnp.ones(())))
        leaves = iter(answer(*given)[values:])
        chosen = tuple(given[i] for i in numbers)
        filled = jax.tree.map(lambda x: next(leaves) if is_float(x) else None, chosen)
        return outward(filled[0] if single else filled)

    gradient.__name__ = known.name
    return gradient


def _value(known: Function, problem: Problem) -> Problem:
    point = first_point(problem.args)
    answer, count = known.answers(problem.numbers), len(jax.tree.leaves(output(problem.of, point)))
    of = lambda *args: inward(problem.of(*outward(args)))

    def value(*args):
        zeros = jax.tree.map(lambda x: jnp.zeros(x.shape), jax.eval_shape(of, *inward(args)))
        return answer(*inward(args), zeros)[:count]

    value.__name__ = known.name
    leaves = lambda *args: jax.tree.leaves(inward(problem.of(*args)))
    return value_problem(value, named_by(leaves, problem.of, len(point)), problem.args)


def _changed(problem: Problem, answer: Callable, meant: Cotangent) -> Problem:
    """The derivative of `of` at a changed cotangent, as a value."""
    point, numbers = first_point(problem.args), problem.numbers

    def slopes(*args):
        *inputs, above = args
        only, picked = jax_function.restricted(problem.of, list(inward(tuple(inputs))), numbers)
        value, pull = jax.vjp(only, *picked)
        changed = jax.tree.map(meant.change, inward(above))
        return list(pull(jax_function.like(changed, value)))

    def leaves(*args):
        return [x for x in jax.tree.leaves(inward(answer(*args))) if is_float(x)]

    leaves.__name__ = jax_function.named(answer)
    named_by(slopes, problem.of, len(point), "cotangent")
    more = lambda rng, point: (outward(spread(rng, inward(weights(problem.of, rng, point)))),)
    return value_problem(leaves, slopes, followed(problem.args, more))


def spread(rng: np.random.Generator, tree: Any) -> Any:
    """The numbers times powers of 2 from 1/4 to 8, so that some are on each side of a bound."""
    scaled = lambda x: x * 2.0 ** rng.integers(-2, 4, np.shape(x))
    return jax.tree.map(lambda x: scaled(x) if is_float(x) else x, tree)


# --- the name of a convention -------------------------------------------------------------------


def convention(surrogate: Callable, problem: Problem) -> str:
    """What a surrogate's slopes are: handed on, within bounds, negated, none; or whose they are."""
    args, rng = problem.args, np.random.default_rng(1)
    points = [drawn(args, rng, "float64") for _ in range(LOOKS)] if callable(args) else [args]
    ratios = [_ratios(surrogate, problem, point, rng) for point in points]
    name = f"that of {jax_function.named(surrogate)}"
    if any(found is None for found in ratios):
        return name
    joined = np.concatenate([found for found in ratios if found is not None])
    return next((said for said, holds in RATIOS.items() if holds(joined)), name)


def _ratios(surrogate: Callable, problem: Problem, point: tuple, rng) -> np.ndarray | None:
    """The slopes over the cotangent; None where their shapes differ."""
    above = like(rng, output(surrogate, point))
    only, picked = jax_function.restricted(surrogate, list(inward(point)), problem.numbers)
    with jax.enable_x64(True):
        value, pull = jax.vjp(only, *map(jnp.asarray, picked))
        slopes = pull(jax_function.like(above, value))
    given = jax.tree.leaves(above)
    if [np.shape(s) for s in slopes] != [np.shape(d) for d in given]:
        return None
    return np.concatenate([np.ravel(s) / np.ravel(d) for s, d in zip(slopes, given, strict=True)])


LOOKS = 16  # points at which a surrogate is looked at
RATIOS: dict[str, Callable] = {
    "stopped: nothing is handed on": lambda r: (r == 0.0).all(),
    "straight-through: the cotangent is handed on": lambda r: (r == 1.0).all(),
    "straight-through within bounds": lambda r: np.isin(r, (0.0, 1.0)).all(),
    "gradient reversal: the cotangent is negated": lambda r: (r == -1.0).all(),
    "gradient reversal with a factor": lambda r: (r < 0.0).all() and (r == r[0]).all(),
}
