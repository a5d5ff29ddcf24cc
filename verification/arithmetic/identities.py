"""Whether an expression is zero wherever it is defined: its normal form over independent symbols.

Every exp, log, erf and root in it becomes a symbol of its own, with exp(a + b) = exp(a) exp(b)
(tanh is made of exponentials), and what is left is a quotient of polynomials: zero exactly when
its numerator cancels.  A zero found is a proof.  A remainder is not a disproof: the symbols may
be related in a way that is not known here.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import sympy
from flint import fmpq, fmpq_mpoly, fmpq_mpoly_ctx
from sympy import Expr, Integer, Rational

from ..vocabulary import NoRule, Undecided

ROOT = 4  # a symbol stands for exp(u / 4), so that exp(u / 2) is a power of it too


class Quotient(NamedTuple):
    """num / den without common factors; den has leading coefficient 1."""

    num: fmpq_mpoly
    den: fmpq_mpoly


class Tower(NamedTuple):
    """The symbols met so far: what each stands for, and the linear algebra of the exponents."""

    ring: fmpq_mpoly_ctx
    known: dict  # (kind, what) -> number of the symbol
    squares: dict  # number of the symbol of a square root -> the fraction it is the root of
    echelon: list  # (pivot, vector, the same in terms of the symbols), for exponents
    memo: dict


def vanishes(expression: Expr) -> bool:
    """Whether the normal form is 0: then the expression is 0 wherever all its parts are defined.

    Raises NoRule for a function that has no normal form here.
    """
    return normal(expression, tower(expression)).num == 0


def tower(expression: Expr) -> Tower:
    atoms = expression.atoms(sympy.Symbol, sympy.Function, sympy.Pow)
    names = [f"s{i}" for i in range(len(atoms) + 2)]
    return Tower(fmpq_mpoly_ctx.get(names, "lex"), {}, {}, [], {})


# --- quotients -------------------------------------------------------------------------------


def reduced(num: fmpq_mpoly, den: fmpq_mpoly, t: Tower) -> Quotient:
    """The quotient in lowest terms, with squares of square roots carried out."""
    num, den = _unsquared(num, t), _unsquared(den, t)
    if den == 0:
        raise Undecided("a division by an expression that is 0 everywhere")
    common = num.gcd(den)
    num, den = num / common, den / common
    lead = den.leading_coefficient()
    return Quotient(num / lead, den / lead)


def _unsquared(p: fmpq_mpoly, t: Tower) -> fmpq_mpoly:
    for root, base in t.squares.items():
        if p.degrees()[root] < 2:
            continue
        terms: dict = {}
        for powers, c in p.to_dict().items():
            half, odd = divmod(powers[root], 2)
            lower = (*powers[:root], odd, *powers[root + 1 :])
            terms[lower] = terms.get(lower, fmpq(0)) + c * base**half
        p = t.ring.from_dict(terms)
    return p


def add(a: Quotient, b: Quotient, t: Tower) -> Quotient:
    if a.den == b.den:
        return reduced(a.num + b.num, a.den, t)
    return reduced(a.num * b.den + b.num * a.den, a.den * b.den, t)


def multiply(a: Quotient, b: Quotient, t: Tower) -> Quotient:
    return reduced(a.num * b.num, a.den * b.den, t)


def power(a: Quotient, n: int, t: Tower) -> Quotient:
    return reduced(a.num**n, a.den**n, t) if n >= 0 else reduced(a.den**-n, a.num**-n, t)


def constant(c: Any, t: Tower) -> Quotient:
    return Quotient(t.ring.constant(c), t.ring.constant(1))


def symbol(kind: str, what: Any, t: Tower) -> Quotient:
    """The symbol that stands for this thing, a new one if it was not met before."""
    index = t.known.setdefault((kind, what), len(t.known))
    if index >= t.ring.nvars():
        raise NoRule("the expression has more independent parts than were counted in it")
    return Quotient(t.ring.gens()[index], t.ring.constant(1))


# --- normal forms ----------------------------------------------------------------------------


def normal(e: Any, t: Tower) -> Quotient:
    """The normal form of an expression."""
    if e not in t.memo:
        t.memo[e] = _normal(e, t)
    return t.memo[e]


def _normal(e: Any, t: Tower) -> Quotient:
    if isinstance(e, Rational):
        return constant(fmpq(int(e.p), int(e.q)), t)
    if isinstance(e, sympy.Symbol):
        return symbol("symbol", e, t)
    for kind, rule in RULES.items():
        if isinstance(e, kind):
            return rule(e, t)
    raise NoRule(f"{e.func.__name__} in {e} has no normal form")


def _add(e: Any, t: Tower) -> Quotient:
    total = constant(0, t)
    for term in e.args:
        total = add(total, normal(term, t), t)
    return total


def _mul(e: Any, t: Tower) -> Quotient:
    total = constant(1, t)
    for factor in e.args:
        total = multiply(total, normal(factor, t), t)
    return total


def _pow(e: Any, t: Tower) -> Quotient:
    base, exponent = e.args
    if base is sympy.E:
        return _exp(sympy.exp(exponent), t)
    if isinstance(exponent, Integer):
        return power(normal(base, t), int(exponent), t)
    if isinstance(exponent, Rational) and exponent.q == 2:
        return power(_root(base, t), int(exponent.p), t)
    raise NoRule(f"the power {e} has no normal form")


def _root(base: Any, t: Tower) -> Quotient:
    if base is sympy.pi:
        return symbol("root", sympy.pi, t)
    root = symbol("root", base, t)
    if isinstance(base, Rational):
        t.squares[t.known["root", base]] = fmpq(int(base.p), int(base.q))
    return root


def _log(e: Any, t: Tower) -> Quotient:
    return symbol("log", _key(normal(e.args[0], t)), t)


def _erf(e: Any, t: Tower) -> Quotient:
    inner = normal(e.args[0], t)
    if inner.num == 0:
        return inner
    odd = fmpq(1 if inner.num.leading_coefficient() > 0 else -1)
    return multiply(
        constant(odd, t), symbol("erf", _key(Quotient(inner.num * odd, inner.den)), t), t
    )


def _erfc(e: Any, t: Tower) -> Quotient:
    return add(constant(1, t), multiply(constant(-1, t), _erf(e, t), t), t)


def _tanh(e: Any, t: Tower) -> Quotient:
    """(e^2u - 1) / (e^2u + 1)."""
    double = _exp(sympy.exp(2 * e.args[0]), t)
    above = add(double, constant(-1, t), t)
    return multiply(above, power(add(double, constant(1, t), t), -1, t), t)


def _key(q: Quotient) -> tuple:
    return str(q.num), str(q.den)


# --- exponentials ----------------------------------------------------------------------------


def _exp(e: Any, t: Tower) -> Quotient:
    """A product of powers of the symbols exp(u_k / ROOT), the u_k linearly independent."""
    total = constant(1, t)
    for k, c in _in_symbols(_terms(sympy.expand_mul(e.args[0], deep=False), t), t).items():
        whole = c * ROOT
        if whole.q != 1:
            raise NoRule(f"{e} is a fractional power of another exponential")
        total = multiply(total, power(symbol("exp", k, t), int(whole.p), t), t)
    return total


def _terms(exponent: Expr, t: Tower) -> dict:
    """The exponent as a vector: what is added up -> its coefficient."""
    vector: dict = {}
    for term in sympy.Add.make_args(exponent):
        num, den = normal(term, t)
        for monomial, c in num.to_dict().items():
            key = (monomial, str(den))
            vector[key] = vector.get(key, fmpq(0)) + c
    return {key: c for key, c in vector.items() if c != 0}


def _in_symbols(vector: dict, t: Tower) -> dict:
    """Coefficients with which the known exponents add up to this one, or a new exponent."""
    rest, combination = dict(vector), {}
    for pivot, row, meaning in t.echelon:
        if (factor := rest.get(pivot, fmpq(0))) != 0:
            _subtract(rest, row, factor)
            _subtract(combination, meaning, -factor)
    if rest:
        new, pivot = len(t.echelon), next(iter(rest))
        lead = rest[pivot]
        meaning = {k: -c / lead for k, c in combination.items()} | {new: 1 / lead}
        t.echelon.append((pivot, {k: c / lead for k, c in rest.items()}, meaning))
        combination = {new: fmpq(1)}
    return combination


def _subtract(target: dict, row: Mapping, factor: fmpq) -> None:
    for key, c in row.items():
        target[key] = target.get(key, fmpq(0)) - factor * c
        if target[key] == 0:
            del target[key]


RULES: dict[type, Callable[[Any, Tower], Quotient]] = {
    sympy.Add: _add,
    sympy.Mul: _mul,
    sympy.exp: _exp,
    sympy.Pow: _pow,
    sympy.log: _log,
    sympy.erf: _erf,
    sympy.erfc: _erfc,
    sympy.tanh: _tanh,
    type(sympy.pi): lambda e, t: power(_root(sympy.pi, t), 2, t),
    type(sympy.E): lambda e, t: _exp(sympy.exp(1, evaluate=False), t),
}
