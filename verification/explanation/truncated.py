"""Backpropagation through time that stops early: the state of a loop is detached at some steps.

Two ways are told: nothing goes back through more than the last k steps, and the state is detached
after every k steps.  The program is run with a switch in each step of its loops, which holds back
what comes from the step after it; so all guesses are one compilation.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, JaxprEqn, jaxpr_as_fun

from ..arithmetic.inner_programs import PLAIN_CALLS
from ..arithmetic.interpreter import scan_parts
from ..arithmetic.linear import bind
from ..arithmetic.shifts import opened, replayed
from ..oracles.question import Question
from ..vocabulary import Explanation
from .columns import along
from .problem import Problem, largest, wrong_leaves

LONGEST, TRIED, HALF = 256, 4, 0.5  # steps; guesses tried on every entry, of those that leave less


class Guess(NamedTuple):
    """Before which steps the state is detached, of so many, and in words."""

    steps: np.ndarray
    words: str


def truncated(problems: Sequence[Problem]) -> list[Explanation]:
    """The way to stop that fits, if one does."""
    p = problems[0]
    lengths = _lengths(p.question.program)
    size = float(np.sqrt(p.target @ p.target))
    if len(lengths) != 1 or not size:
        return []
    guesses = list(_guesses(*lengths))
    left = sorted((_left(p, g, size), k) for k, g in enumerate(guesses))
    for share, k in left[:TRIED]:
        residual = _residual(problems, guesses[k]) if share < HALF else np.inf
        if residual <= 1.0:
            return [_said(guesses[k], residual, problems)]
    return []


def _lengths(program: ClosedJaxpr) -> set[int]:
    """Of the loops that hand on a state, as far as they are no longer than is looked at."""
    loops = filter(_has_state, opened(program, PLAIN_CALLS).jaxpr.eqns)
    found = {eqn.params["length"] for eqn in loops}
    return found if all(1 < n <= LONGEST for n in found) else set()


def _has_state(eqn: JaxprEqn) -> bool:
    return eqn.primitive.name == "scan" and bool(scan_parts(eqn.params, list(eqn.invars))[1])


def _guesses(n: int) -> Iterator[Guess]:
    """The last k steps, and every k steps, where that is something else."""
    at = np.arange(n)
    for k in range(1, n):
        yield Guess(at == n - k, f"nothing goes back through more than the last {k} of {n} steps")
        if 2 * k < n:
            yield Guess((at % k == 0) & (at > 0), f"the state is detached after every {k} steps")


def _left(p: Problem, guess: Guess, size: float) -> float:
    wrong = _gradient(p.question, guess.steps)
    pairs = zip(wrong, p.right_alone, strict=True)
    rest = p.target - along(p.directions, [a - b for a, b in pairs])
    left = float(np.sqrt(rest @ rest)) / size
    return left if np.isfinite(left) else np.inf


def _residual(problems: Sequence[Problem], guess: Guess) -> float:
    return largest(problems, lambda p: _gradient(p.question, guess.steps))


def _said(guess: Guess, residual: float, problems: Sequence[Problem]) -> Explanation:
    return Explanation(
        kind="dropped path",
        term="backpropagation through the steps of the loop",
        mistake=f"it is truncated: {guess.words}",
        remedy="carry the gradient by the state through all steps",
        residual=residual,
        leaves=wrong_leaves(problems),
    )


# --- the gradient of a loop whose state is detached -------------------------------------------


def _gradient(question: Question, steps: np.ndarray) -> list[np.ndarray]:
    found = _compiled(question.program, question.wanted)(list(question.leaves), jnp.asarray(steps))
    return list(map(np.asarray, found))


@lru_cache(maxsize=16)
def _compiled(program: ClosedJaxpr, wanted: tuple[int, ...]):
    flat = opened(program, PLAIN_CALLS)

    def value(moving, leaves, steps):
        leaves = list(leaves)
        for i, leaf in zip(wanted, moving, strict=True):
            leaves[i] = leaf
        (out,) = replayed(flat, leaves, lambda eqn, ins: _with_switches(eqn, ins, steps))
        return out

    return jax.jit(
        lambda leaves, steps: jax.grad(value)([leaves[i] for i in wanted], leaves, steps)
    )


def _with_switches(eqn, ins: list, steps) -> list:
    """A loop whose state comes in detached at those steps; what is no loop, as it is."""
    if not _has_state(eqn):
        return bind(eqn, ins)
    how = eqn.params
    consts, carry, rows = scan_parts(how, ins)
    body = jaxpr_as_fun(how["jaxpr"])

    def step(state, row):
        stops, *each = row
        held = [jnp.where(stops, lax.stop_gradient(x), x) for x in state]
        outs = body(*consts, *held, *each)
        return outs[: len(state)], outs[len(state) :]

    stops = steps[::-1] if how["reverse"] else steps
    last, found = lax.scan(step, carry, [stops, *rows], how["length"], how["reverse"])
    return [*last, *found]
