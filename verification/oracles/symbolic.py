"""Oracle: SymPy.  Differentiates the formula that the program is, and proves identities of it.

Method       Run the program on symbols, differentiate with sympy.diff; enclose the result in
             balls at a point, or compare it with a formula by hand for all values at once.
Independent  of JAX's derivative rules, of float64 and of our own slopes.
Guarantee    proven.  A proof holds on the cell of its conditions, wherever both sides are defined.
Kinks        the conditions are strict: a sample on a boundary is Undecided.
Silent on    programs with more than ENTRIES wanted entries, and what has no rule (NoRule).
"""

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import jax
import numpy as np
import sympy
from flint import ctx
from jax.extend.core import ClosedJaxpr
from sympy import Expr, Rational, Symbol

from ..arithmetic.arrays import box
from ..arithmetic.expressions import Cell, cell, enclose, expressions, thaw
from ..arithmetic.identities import vanishes
from ..arithmetic.interpreter import run
from ..vocabulary import Ball, NoRule, Rank, Silent
from .ball import refined
from .question import Question, as_exact, ask

NAME, RANK = "symbolic", Rank.PROVEN
ENTRIES, DATA = 40, 400  # wanted entries, and float entries in all, at which formulas get long
LONGEST = 400  # characters of a formula worth printing


class Proof(NamedTuple):
    """What was proved of a gradient by hand: for all values of the symbols, on one cell."""

    proved: bool
    conditions: tuple[str, ...]  # strict inequalities that the sample satisfies
    constants: tuple[str, ...]  # floats that are read as other numbers
    identity: str  # LaTeX
    leftover: str  # where it was not proved: the first entry that differs, and by what
    entries: int


# --- at a point ------------------------------------------------------------------------------


def gradient(question: Question) -> list[Ball]:
    """Enclose every partial derivative: the differentiated formula, evaluated in balls."""
    wanted = [question.leaves[i] for i in question.wanted]
    count = sum(leaf.size for leaf in wanted)
    total = sum(x.size for x, f in zip(question.leaves, question.floats, strict=True) if f)
    if count > ENTRIES or total > DATA:
        raise Silent(f"{count} wanted of {total} entries: formulas stay short up to {ENTRIES}")
    slopes, point = _slopes(question)

    def enclosure(bits: int) -> list[np.ndarray]:
        memo: dict = {}
        with ctx.workprec(bits):
            return [
                np.asarray(np.frompyfunc(lambda e: enclose(e, point, memo), 1, 1)(s), dtype=object)
                for s in slopes
            ]

    return refined(enclosure)


def _slopes(question: Question) -> tuple[list[np.ndarray], dict]:
    exactly = np.frompyfunc(lambda v: Rational(*float(v).as_integer_ratio()), 1, 1)
    args: list[Any] = [
        np.asarray(exactly(x), dtype=object) if f else x
        for x, f in zip(question.leaves, question.floats, strict=True)
    ]
    point: dict = {}
    for i in question.wanted:
        args[i], values = _symbols(f"v{i}", args[i].shape), args[i]
        point |= zip(args[i].flat, values.flat, strict=True)
    where = cell(point, literal=True)
    (out,) = run(question.program, args, expressions(where))
    diff = np.frompyfunc(lambda s: sympy.diff(out[()], s), 1, 1)
    return [box(diff(args[i])) for i in question.wanted], point | (where.frozen or {})


# --- for all values --------------------------------------------------------------------------


def prove(
    function: Callable,
    gradient: Callable,
    args: tuple,
    argnums: tuple[int, ...] = (0,),
    cotangent_symbols: bool = True,
) -> Proof:
    """Whether `gradient` is the gradient of `function` for all values of all floats, entry by
    entry, on the cell that contains `args`.

    gradient(*args, cotangent) answers with one pytree per argnum, the cotangent a symbol for every
    entry of the result; gradient(*args) with cotangent_symbols=False, for a scalar function.
    Integers stay what they are.  Raises Undecided where `args` are on a boundary, NoRule.
    """
    point = jax.tree.map(as_exact, args)
    cotangent = _ones(function, point) if cotangent_symbols else None
    question = ask(function, point, argnums, cotangent)
    symbols = [
        _symbols(name, leaf.shape) if leaf.dtype.kind == "f" else leaf
        for name, leaf in zip(_names(function, (point, cotangent)), question.leaves, strict=True)
    ]
    where = cell(_sample(symbols, question.leaves))
    (scalar,) = run(question.program, symbols, expressions(where))
    given = (*point, cotangent) if cotangent_symbols else point
    hand = run(_trace(gradient, given), symbols, expressions(where))
    wanted = [symbols[i] for i in question.wanted]
    if [np.shape(h) for h in hand] != [s.shape for s in wanted]:
        shapes = [np.shape(h) for h in hand], [s.shape for s in wanted]
        raise ValueError(f"the gradient by hand has leaves of shapes {shapes[0]}, not {shapes[1]}")
    return _compared(sympy.sympify(scalar[()]), _flat(wanted), _flat(hand), where)


def prove_cells(
    function: Callable,
    gradient: Callable,
    samples: Iterable[tuple],
    argnums: tuple[int, ...] = (0,),
    cotangent_symbols: bool = True,
) -> list[Proof]:
    """One proof for every cell that a sample falls into: the branches of relu, softplus, ..."""
    proofs = (prove(function, gradient, args, argnums, cotangent_symbols) for args in samples)
    return list({proof.conditions: proof for proof in proofs}.values())


def _compared(scalar: Expr, symbols: list[Symbol], hand: list[Expr], where: Cell) -> Proof:
    leftover, first = "", ""
    for x, formula in zip(symbols, hand, strict=True):
        slope = thaw(sympy.diff(scalar, x), where)
        formula = thaw(formula, where)
        first = first or _identity(thaw(scalar, where), x, formula)
        if leftover := _leftover(slope, formula, x, where):
            break
    constants = tuple(f"{value!r} is read as {meant}" for value, meant in where.constants.items())
    return Proof(not leftover, tuple(where.conditions), constants, first, leftover, len(symbols))


def _leftover(slope: Expr, formula: Expr, x: Symbol, where: Cell) -> str:
    """Nothing where slope - formula vanishes identically; else what is left of it."""
    gap = slope - formula
    try:
        if vanishes(gap):
            return ""
        why = "does not cancel"
    except NoRule as missing:
        why = f"was not decided: {missing}"
    with ctx.workprec(256):
        value = enclose(gap, where.sample).str(6)
    return f"d/d{x} - hand {why}; at the sample it is {value}"


# --- symbols ---------------------------------------------------------------------------------


def _symbols(name: str, shape: tuple[int, ...]) -> np.ndarray:
    out = np.empty(shape, object)
    for index in np.ndindex(*shape):
        tail = "".join(map(str, index)) if max(shape, default=0) < 11 else "_".join(map(str, index))
        out[index] = Symbol(f"{name}_{tail}" if index else name, real=True)
    return out


def _names(function: Callable, given: tuple) -> list[str]:
    """The parameter's own name, and the path inside it; d for the cotangent."""
    try:
        own = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        own = []
    own += [f"a{i}" for i in range(len(own), len(given[0]))]
    names = []
    for path, _ in jax.tree_util.tree_flatten_with_path(given)[0]:
        cotangent = path[0].idx == 1
        start, rest = ("d", path[1:]) if cotangent else (own[path[1].idx], path[2:])
        names.append("_".join([start, *re.findall(r"\w+", jax.tree_util.keystr(rest))]))
    return names


def _sample(symbols: list, leaves: list[np.ndarray]) -> dict:
    pairs = zip(symbols, leaves, strict=True)
    return {
        s: Rational(*float(v).as_integer_ratio())
        for symbol, leaf in pairs
        if leaf.dtype.kind == "f"
        for s, v in zip(symbol.flat, leaf.flat, strict=True)
    }


def _ones(function: Callable, point: tuple) -> Any:
    with jax.enable_x64(True):
        shapes = jax.eval_shape(function, *point)
    return jax.tree.map(lambda s: np.ones(s.shape), shapes)


def _trace(function: Callable, args: tuple) -> ClosedJaxpr:
    leaves, tree = jax.tree.flatten(args)
    with jax.enable_x64(True):
        return jax.make_jaxpr(lambda *xs: function(*jax.tree.unflatten(tree, xs)))(*leaves)


def _flat(arrays: list) -> list:
    return [sympy.sympify(e) for array in arrays for e in np.asarray(array, dtype=object).flat]


# --- printing --------------------------------------------------------------------------------


def _identity(scalar: Expr, x: Symbol, formula: Expr) -> str:
    left = sympy.latex(scalar)
    left = rf"\left({left}\right)" if len(left) <= LONGEST else "L"
    right = sympy.latex(formula)
    right = right if len(right) <= LONGEST else r"\ldots"
    return rf"\frac{{\partial}}{{\partial {sympy.latex(x)}}} {left} = {right}"
