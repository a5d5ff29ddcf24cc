"""Functions that are given by an equation: F(x, theta) = 0 says what x is.

The root is known to exist, and to be the only one beside what `solve` answers, by Krawczyk's
theorem (oracles/krawczyk.py), at every point that is drawn.  Its derivative is that of the implicit
function theorem, dx = -(dF/dx)^-1 (dF/dtheta) dtheta, as the derivative of one Newton step from the
root: the other terms of it are multiplied by F, which is 0 there.  The root itself comes from what
`solve` answers by STEPS Newton steps, each of which doubles its digits.  So what is off in the
solver, or in its derivative, is no part of the truth.
Edges are not visited: there may be no root.
"""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from ...adapters import jax_function
from ...adapters.function import Function
from ...adapters.jax_function import takes
from ...adapters.recognition import recognised
from ...adapters.trees import inward, outward
from ...oracles.krawczyk import has_one_root
from ...oracles.question import as_exact
from .problem import Problem, first_point, followed, named_by

STEPS = 4


class Implicit(NamedTuple):
    """then(x, *theta) where residual(x, *theta) = 0 and x is near solve(*theta)."""

    residual: Callable
    solve: Callable
    then: Callable

    def __call__(self, *args):
        return self.then(self.solve(*args), *args)

    @property
    def __signature__(self) -> inspect.Signature:
        """The parameters of solve; where it takes any, those of residual behind its first."""
        own = inspect.signature(self.solve)
        if all(p.kind is not p.VAR_POSITIONAL for p in own.parameters.values()):
            return own
        return inspect.Signature(list(inspect.signature(self.residual).parameters.values())[1:])


def implicit(residual: Any, solve: Any, then: Any = lambda x, *args: x) -> Implicit:
    """`of` for validate: x as a function of theta, given by residual(x, *theta) = 0.

    residual  traceable by JAX, as many numbers as x has
    solve     any callable: where the root is, to a few digits
    then      what is differentiated: x itself, then(x), or then(x, *theta), such as a loss

    Raises TypeError for what is not callable.
    """
    for name, value in (("residual", residual), ("solve", solve), ("then", then)):
        if not callable(value):
            raise TypeError(f"{name} is {value!r}; pass a function")
    if takes(then, 1) and not takes(then, 2):
        return Implicit(residual, solve, lambda x, *theta: then(x))
    return Implicit(residual, solve, then)


def implicit_problem(problem: Problem, of: Implicit, order: int = 1) -> Problem:
    """The same problem with the solver's answer as one more argument, from which x is refined.

    Raises ValueError, while points are drawn, where no root is proven.
    """
    count = len(first_point(problem.args))
    known = recognised(problem.gradient)
    if isinstance(known, Function):
        candidate: Any = beside_a_start(known, count)
    else:
        candidate = lambda *args: problem.gradient(*args[:count], *args[count + 1 :])
        candidate.__name__ = jax_function.named(problem.gradient)
        candidate.__signature__ = with_a_start(problem.gradient, count)
    more = lambda rng, point: (solved(of, point),)
    refining = named_by(refined(of, order), of.solve, count, "start")
    return Problem(candidate, refining, followed(problem.args, more), problem.argnums)


def with_a_start(gradient: Callable, place: int) -> inspect.Signature:
    """The signature with one more parameter at that place; any, where it tells nobody its own."""
    anything = inspect.Signature([inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)])
    try:
        own = list(inspect.signature(gradient).parameters.values())
    except (TypeError, ValueError):  # some callables tell nobody
        return anything
    if len(own) < place or any(p.kind not in PLAIN for p in own):
        return anything
    names = [p.name for p in own]
    named = (*names[:place], f"start_of_{place}", *names[place:])
    return inspect.Signature([inspect.Parameter(name, PLAIN[0]) for name in named])


PLAIN = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def beside_a_start(known: Function, place: int) -> Function:
    """The function with one more argument at that place, which it has no use for."""
    kept = lambda args: (*args[:place], *args[place + 1 :])
    moved = lambda argnums: tuple(n - (n > place) for n in argnums)
    again, under = known.again, known.under
    return known._replace(
        answers=lambda argnums: lambda *args: known.answers(moved(argnums))(*kept(args)),
        again=again and (lambda argnums: beside_a_start(again(moved(argnums)), place)),
        under=under and (lambda transform: beside_a_start(under(transform), place)),
    )


def refined(of: Implicit, order: int) -> Callable:
    """(*theta, start) -> then(x, *theta), with x by Newton steps from start.

    One step from the root has the root's first derivative; two whole steps have its first three.
    """

    def function(*args):
        *theta, start = args
        x, unravel = ravel_pytree(jax.tree.map(jnp.asarray, start))
        residual = lambda x, *theta: ravel_pytree(of.residual(unravel(x), *theta))[0]
        still = jax.lax.stop_gradient(tuple(theta))
        for _ in range(STEPS):
            x = _newton(residual, jax.lax.stop_gradient(x), still, still)
        x = jax.lax.stop_gradient(x)
        x = _newton(residual, x, still if order == 1 else tuple(theta), tuple(theta))
        if order > 1:
            x = _newton(residual, x, tuple(theta), tuple(theta))
        return of.then(unravel(x), *theta)

    function.implicit = of  # pyright: ignore[reportFunctionMemberAccess]
    return function


def _newton(residual: Callable, x, still: tuple, theta: tuple):
    """x - (dF/dx)^-1 F(x, theta), whose derivative in theta is the implicit one at a root."""
    slope = jax.jacfwd(residual)(x, *still)
    return x - jnp.linalg.solve(slope, residual(x, *theta))


def solved(of: Implicit, point: tuple) -> Any:
    """What the solver answers.  Raises ValueError where no root is proven beside it."""
    theta = outward(jax.tree.map(as_exact, inward(point)))
    with jax.enable_x64(True), np.errstate(all="ignore"):
        start = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), of.solve(*theta))
        x, unravel = ravel_pytree(start)
        residual = lambda x, *theta: ravel_pytree(of.residual(unravel(x), *theta))[0]
        x = np.asarray(x)
        for _ in range(STEPS):
            x = np.asarray(_newton(residual, x, theta, theta))
        if not (np.isfinite(x).all() and has_one_root(residual, x, theta)):
            raise ValueError(
                "solve answers nothing beside which the residual is proven to have exactly one "
                "root; look at its last iterations, at its tolerance, and at whether the Jacobian "
                "of the residual in x is singular there"
            )
        return unravel(jnp.asarray(x))
