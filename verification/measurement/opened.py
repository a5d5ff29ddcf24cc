"""Another spelling of a function with a pullback of its own: autodiff of what it computes.

A custom pullback may take more care than others take, who keep the outputs of every step.  So may
a slope of one's own around a loop, whose steps others take back one by one; or less.
"""

from collections.abc import Callable

import jax
from jax.extend.core import ClosedJaxpr, JaxprEqn, jaxpr_as_fun

from ..arithmetic.inner_programs import PLAIN_CALLS, equations, program_of
from ..arithmetic.shifts import opened
from ..oracles.question import as_exact
from .factored import has_squares, in_factors
from .other_words import in_other_words, traced_in_numbers
from .shifted import has_shifts, without_shifts

OWN = frozenset({"custom_vjp_call", "custom_vjp_call_jaxpr"})


def other_spellings(of: Callable, args: tuple) -> list[Callable]:
    """All that are known of a function at such arguments: see shifted.py and factored.py, too."""
    with jax.enable_x64(True):
        program, _, numbers = traced_in_numbers(of, jax.tree.map(as_exact, args))
        ways = (has_shifts(program), without_shifts), (_opens(program, numbers), by_autodiff)
        ways += ((has_squares(program), in_factors),)
        return [way(of) for has, way in ways if has]


def _opens(program: ClosedJaxpr, numbers: list) -> bool:
    """Whether it has pullbacks of its own, and autodiff can do without."""
    every = list(equations(program.jaxpr))
    if not any(map(_is_own, every)) or any(eqn.primitive.name == "while" for eqn in every):
        return False
    try:
        jax.eval_shape(lambda *xs: jax.vjp(jaxpr_as_fun(_without(program)), *xs)[0], *numbers)
    except Exception:  # somebody's program, which may have no slope but its own
        return False
    return True


def _is_own(eqn: JaxprEqn) -> bool:
    if eqn.primitive.name != "custom_jvp_call":
        return eqn.primitive.name in OWN
    body = program_of(eqn.params).jaxpr
    return any(inside.primitive.name == "scan" for inside in equations(body))


def _without(program: ClosedJaxpr) -> ClosedJaxpr:
    return opened(program, lambda eqn: eqn.primitive.name in PLAIN_CALLS or _is_own(eqn))


by_autodiff = in_other_words(_without)  # of a program without pullbacks of its own
