"""A JAX function as a SymPy formula, and what is proved of it for all values of its symbols.

Two formulas are equal when the normal form of their difference is 0.  With z = log u every slope of
a sigmoid neuron is a quotient of polynomials in u, and keeps its sign for all u > 0 exactly when it
has neither root nor pole there, which Sturm's theorem counts.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import sympy
from sympy import Expr, Integer, Rational, Symbol

from ..arithmetic.arrays import box
from ..arithmetic.expressions import EXPRESSIONS, cell, enclose, expressions
from ..arithmetic.identities import vanishes
from ..arithmetic.interpreter import run
from .trial import Trial

A, B, W, X, Y, Z = sympy.symbols("a b w x y z", real=True)
T, U = sympy.symbols("t u", positive=True)
SOUNDINGS = [Rational(2) ** k for k in range(-4, 5)]  # where a sign is looked at first


def formula(function: Callable, *args: Any, sample: dict | None = None) -> Expr:
    """function(*args) of scalar symbols, numbers or pytrees of them, by walking its program.

    Where the program compares, the path is that of `sample`: symbol -> value.
    """
    leaves, tree = jax.tree.flatten(args)
    arithmetic = expressions(cell(sample)) if sample else EXPRESSIONS
    with jax.enable_x64(True):
        flat = lambda *xs: function(*jax.tree.unflatten(tree, xs))
        program = jax.make_jaxpr(flat)(*(jax.ShapeDtypeStruct((), np.float64) for _ in leaves))
        (out,) = run(program, [box(sympy.sympify(leaf)) for leaf in leaves], arithmetic)
    return np.asarray(out, object).item()


def equal(what: str, left: Expr, right: Expr) -> Trial:
    """Whether two expressions are equal for all values of their symbols: by normal form."""
    gap = left - right
    if vanishes(gap):
        return Trial(True, f"{what}: proved, the normal form of the difference is 0.")
    symbols = sorted(gap.free_symbols, key=str)
    point = {s: Rational(k, 7) for k, s in enumerate(symbols, start=2)}
    at = ", ".join(f"{s} = {v}" for s, v in point.items()) or "every point"
    by = enclose(gap, point).str(6, radius=False)
    return Trial(False, f"{what}: the difference is {by} at {at}.")


def positive(what: str, quotient: Any, u: Symbol = U) -> Trial:
    """Whether a quotient of polynomials in u is positive for all u > 0: it has no root there."""
    quotient = sympy.cancel(sympy.together(quotient))
    others = {s: Integer(0) for s in quotient.free_symbols - {u}}
    at, value = min(((v, quotient.subs(others).subs(u, v)) for v in SOUNDINGS), key=_order)
    if value.is_positive is not True:
        known = "".join(f" and {s} = 0" for s in others)
        return Trial(False, f"{what}: it is {quotient}, which is {value} at {u} = {at}{known}.")
    if others:
        return Trial(False, f"{what}: it is {quotient}, of more than {u} alone.")
    if any(_roots(part, u) for part in sympy.fraction(quotient)):
        return Trial(False, f"{what}: it is {quotient}, which has a root or a pole at some u > 0.")
    return Trial(True, f"{what}: positive for all {u} > 0, being {quotient}, without a root there.")


def _order(sounding: tuple[Expr, Expr]) -> float:
    """By value, poles last."""
    _, value = sounding
    return float(value) if value.is_finite else float("inf")


def _roots(part: Expr, u: Symbol) -> int:
    """How many roots a polynomial has in u > 0, counted exactly (Sturm)."""
    _, polynomial = sympy.Poly(part, u).terms_gcd()
    return int(polynomial.count_roots(0, None))
