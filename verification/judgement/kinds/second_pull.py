"""A rule that is right once, and differentiated again is not: looked for where it costs little.

The second pullback of a function with a rule of its own is laid beside that of its forward pass, in
float64 at one point.  Where fewer than half of the digits agree it is judged; only what is wrong by
that verdict is said.  Of more than MOST entries nothing is asked.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ...adapters import jax_function
from ...adapters.function import Function
from ...adapters.recognition import recognised
from ...adapters.trees import inward
from ...oracles.question import as_exact
from ...vocabulary import Finding, Verdict
from .orders import of_order
from .problem import Problem, first_point, like, output

MOST = 4096
HALF = float(np.finfo(np.float64).eps) ** 0.5  # of the digits
SAID = "differentiated again it is another function: its second derivative is not that of `of`"
HIDDEN = ", as where a rule hides a stop_gradient"
ASK = "; order=2 judges it"


def second_derivative(problem: Problem, ask: Callable[[Problem], Finding]) -> tuple[str, ...]:
    """A note where the second derivative of a function with a rule of its own is wrong."""
    if not has_a_rule(problem.gradient) or entries(problem) > MOST:
        return ()
    try:
        again = of_order(problem, 2)
        if agree(again):
            return ()
        found = ask(again)
    except Exception:  # it cannot be differentiated again, which nobody asked for
        return ()
    if found.verdict is not Verdict.WRONG:
        return ()
    kinds = {one.kind for one in found.explanation}
    return (f"{SAID}{HIDDEN if 'zero' in kinds else ''}{ASK}",)


def has_a_rule(gradient: Any) -> bool:
    """A custom_vjp, a custom_jvp or an autograd.Function as it was handed over; no module."""
    known = recognised(gradient)
    is_own = isinstance(known, Function) and known.again is not None
    return is_own and not isinstance(gradient, Function) and not hasattr(gradient, "parameters")


def entries(problem: Problem) -> int:
    point = first_point(problem.args)
    return sum(map(np.size, jax.tree.leaves([inward(point[i]) for i in problem.numbers])))


def agree(again: Problem) -> bool:
    """Whether both second pullbacks have half of their digits in common, leaf by leaf."""
    point = tuple(jax.tree.map(as_exact, inward(first_point(again.args))))
    above = like(np.random.default_rng(0), output(again.of, point))
    count = len(jax.tree.leaves(above))
    with jax.enable_x64(True), np.errstate(all="ignore"):
        theirs, ours = (
            f.answers(again.numbers)(*point, above)[count:]
            for f in (again.gradient, jax_function.derivative(again.of))
        )
    return all(map(_alike, theirs, ours))


def _alike(one: Any, other: Any) -> bool:
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    scale = np.max(np.abs(other), initial=0.0)
    return bool(np.all(np.abs(one - other) <= HALF * scale))
