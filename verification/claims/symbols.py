"""A JAX function as a SymPy formula, and what is proved of it for all values of its symbols.

With z = log u every formula of one sigmoid neuron is a quotient of polynomials: two of them are
equal exactly when their difference cancels to 0, and one keeps its sign for all u > 0 exactly
when it has no root there, which Sturm's theorem counts.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import sympy
from sympy import Expr, Symbol

from ..arithmetic.arrays import box
from ..arithmetic.expressions import EXPRESSIONS
from ..arithmetic.interpreter import run
from .trial import Trial

A, B, W, X, Y, Z = sympy.symbols("a b w x y z", real=True)
T, U = sympy.symbols("t u", positive=True)
SOUNDINGS = [sympy.Integer(2) ** k for k in range(-4, 5)]  # where a sign is looked at first


def formula(function: Callable, *args: Any) -> Expr:
    """function(*args) of scalar symbols, numbers or pytrees of them, by walking its program."""
    leaves, tree = jax.tree.flatten(args)
    with jax.enable_x64(True):
        flat = lambda *xs: function(*jax.tree.unflatten(tree, xs))
        program = jax.make_jaxpr(flat)(*(jax.ShapeDtypeStruct((), np.float64) for _ in leaves))
        (out,) = run(program, [box(sympy.sympify(leaf)) for leaf in leaves], EXPRESSIONS)
    return sympy.sympify(np.asarray(out, object)[()])


def equal(what: str, left: Expr, right: Expr) -> Trial:
    """Whether two quotients of polynomials in the symbols are the same one."""
    gap = sympy.cancel(sympy.together(left - right))
    if gap == 0:
        return Trial(True, f"{what}: proved, the difference of the two sides cancels to 0.")
    point = {s: sympy.Rational(k, 7) for k, s in enumerate(_symbols(gap), start=2)}
    at = ", ".join(f"{s} = {v}" for s, v in point.items()) or "every point"
    return Trial(False, f"{what}: the two sides differ, by {_short(gap.subs(point))} at {at}.")


def positive(what: str, quotient: Expr, u: Symbol = U) -> Trial:
    """Whether a quotient of polynomials in u is positive for all u > 0: it has no root there."""
    quotient = sympy.cancel(sympy.together(quotient))
    if quotient.free_symbols - {u}:
        return Trial(False, f"{what}: it is {quotient}, which depends on more than {u}.")
    at = next((v for v in SOUNDINGS if not quotient.subs(u, v) > 0), None)
    if at is not None:
        return Trial(False, f"{what}: it is {quotient}, which is {quotient.subs(u, at)} at u = {at}.")
    if any(_roots(part, u) for part in sympy.fraction(quotient)):
        return Trial(False, f"{what}: it is {quotient}, which has a root or a pole at some u > 0.")
    return Trial(True, f"{what}: positive for all {u} > 0, being {quotient}, without a root there.")


def _roots(part: Expr, u: Symbol) -> int:
    """How many roots a polynomial has in u > 0, counted exactly (Sturm)."""
    _, polynomial = sympy.Poly(part, u).terms_gcd()
    return polynomial.count_roots(0, None)


def _symbols(expression: Expr) -> list[Symbol]:
    return sorted(expression.free_symbols, key=str)


def _short(value: Expr) -> str:
    return str(value) if value.is_Rational else str(sympy.N(value, 6))
