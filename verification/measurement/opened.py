"""Another spelling of a function with a pullback of its own: autodiff of what it computes.

A custom pullback may take more care than others take, who keep the outputs of every step.
"""

from collections.abc import Callable
from functools import lru_cache

import jax
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from ..arithmetic.inner_programs import PLAIN_CALLS, equations
from ..arithmetic.shifts import opened
from ..oracles.question import as_exact
from .shifted import has_shifts, traced_in_numbers, without_shifts

OWN = frozenset({"custom_vjp_call", "custom_vjp_call_jaxpr"})


def other_spellings(of: Callable, args: tuple) -> list[Callable]:
    """All that are known of a function at such arguments: see shifted.py, too."""
    with jax.enable_x64(True):
        program, _, numbers = traced_in_numbers(of, jax.tree.map(as_exact, args))
        ways = (has_shifts(program), without_shifts), (_opens(program, numbers), by_autodiff)
        return [way(of) for has, way in ways if has]


def _opens(program: ClosedJaxpr, numbers: list) -> bool:
    """Whether it has pullbacks of its own, and autodiff can do without."""
    names = {eqn.primitive.name for eqn in equations(program.jaxpr)}
    if names.isdisjoint(OWN) or "while" in names:
        return False
    try:
        jax.eval_shape(lambda *xs: jax.vjp(jaxpr_as_fun(_without(program)), *xs)[0], *numbers)
    except Exception:  # somebody's program, which may have no slope but its own
        return False
    return True


@lru_cache(maxsize=64)
def by_autodiff(of: Callable) -> Callable:
    """The function by a program without pullbacks of its own."""

    def function(*args):
        program, out, numbers = traced_in_numbers(of, args)
        return jax.tree.unflatten(out, jaxpr_as_fun(_without(program))(*numbers))

    return function


def _without(program: ClosedJaxpr) -> ClosedJaxpr:
    return opened(program, PLAIN_CALLS | OWN)
