"""Another spelling of a function with a pullback of its own: autodiff of what it computes.

A custom pullback may take more care than others take, who keep the outputs of every step.
"""

from collections.abc import Callable
from functools import lru_cache

import jax
from jax.extend.core import jaxpr_as_fun

from ..arithmetic.inner_programs import PLAIN_CALLS, equations
from ..arithmetic.shifts import opened
from ..oracles.question import as_exact
from .shifted import stilled_spellings, traced_in_numbers

OWN = frozenset({"custom_vjp_call", "custom_vjp_call_jaxpr"})


def other_spellings(of: Callable, args: tuple) -> list[Callable]:
    """All that are known of a function: see shifted.py, too."""
    return [*stilled_spellings(of, args), *opened_spellings(of, args)]


def opened_spellings(of: Callable, args: tuple) -> list[Callable]:
    """The one, where the function has such pullbacks and autodiff can do without; else none."""
    with jax.enable_x64(True):
        program, _, numbers = traced_in_numbers(of, jax.tree.map(as_exact, args))
        names = {eqn.primitive.name for eqn in equations(program.jaxpr)}
        if names.isdisjoint(OWN) or "while" in names:
            return []
        try:
            jax.eval_shape(lambda *xs: jax.vjp(jaxpr_as_fun(_without(program)), *xs)[0], *numbers)
        except Exception:  # somebody's program, which may have no slope but its own
            return []
        return [by_autodiff(of)]


@lru_cache(maxsize=64)
def by_autodiff(of: Callable) -> Callable:
    """The function by a program without pullbacks of its own."""

    def function(*args):
        program, out, numbers = traced_in_numbers(of, args)
        return jax.tree.unflatten(out, jaxpr_as_fun(_without(program))(*numbers))

    return function


def _without(program):
    return opened(program, PLAIN_CALLS | OWN)
