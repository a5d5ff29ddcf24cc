"""The program of one entry of a sum: h, where a program is a sum of h(x_k), and affine in sums.

Such are sums and means of activations, penalties and losses against numbers.  Their gradient at
entry k is h'(x_k), whatever the other entries are.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal

from ..vocabulary import NoRule
from .inner_programs import CALLS, program_of

ALGEBRA = frozenset({"add", "add_any", "sub", "mul", "div", "neg", "abs", "sign", "max", "min"})
POWERS = frozenset({"integer_pow", "pow", "square", "sqrt", "rsqrt", "cbrt"})
EXPONENTIALS = frozenset({"exp", "exp2", "expm1", "log", "log1p", "logistic", "erf", "erfc"})
ANGLES = frozenset({"sin", "cos", "tan", "asin", "acos", "atan", "atan2"})
HYPERBOLIC = frozenset({"sinh", "cosh", "tanh", "asinh", "acosh", "atanh"})
COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
CHOICES = frozenset({"select_n", "clamp", "and", "or", "not"})
BY_ENTRY = ALGEBRA | POWERS | EXPONENTIALS | ANGLES | HYPERBOLIC | COMPARISONS | CHOICES
BY_ENTRY |= {"convert_element_type", "copy", "floor", "ceil", "round"}
KEPT = frozenset({"broadcast_in_dim", "reshape", "squeeze", "copy", "convert_element_type"})


class Piece(NamedTuple):
    """A value of the program: a number, one of every entry, or a sum of such, as its terms."""

    kind: str
    value: Any


NUMBER, ENTRY, SUM = "number", "entry", "sum"


class Other(NoRule):
    """The program is no sum over entries."""


@lru_cache(maxsize=64)
def entry_program(program: ClosedJaxpr, leaf: int, width: int, kind: str = SUM) -> ClosedJaxpr:
    """h at `width` entries: (entries, *the other arguments, which are numbers) -> their terms.

    With `kind` ENTRY it is h of a program that answers h(x_k) for every x_k.  Raises NoRule where
    the program is no such sum, or map, of the entries of argument `leaf`.
    """
    kinds = [v.aval for v in program.jaxpr.invars]
    size = kinds[leaf].size

    def terms(entries, *numbers):
        numbers = iter(Piece(NUMBER, n) for n in numbers)
        ins = [Piece(ENTRY, entries) if k == leaf else next(numbers) for k in range(len(kinds))]
        (out,) = _run(program, ins, size)
        if out.kind != kind:
            raise Other(f"the result is no {kind} of the entries")
        return out.value

    if any(kind.size != 1 for k, kind in enumerate(kinds) if k != leaf):
        raise Other("another argument is an array")
    numbers = [jax.ShapeDtypeStruct((), kind.dtype) for k, kind in enumerate(kinds) if k != leaf]
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with jax.enable_x64(True), loose[0], loose[1]:
        return jax.make_jaxpr(terms)(jax.ShapeDtypeStruct((width,), kinds[leaf].dtype), *numbers)


def _run(program: ClosedJaxpr, ins: list[Piece], size: int) -> list[Piece]:
    jaxpr = program.jaxpr
    env = dict(zip(jaxpr.invars, ins, strict=True))
    env |= zip(jaxpr.constvars, map(_constant, program.consts), strict=True)
    read = lambda atom: _constant(atom.val) if isinstance(atom, Literal) else env[atom]
    for eqn in jaxpr.eqns:
        env.update(zip(eqn.outvars, _outs(eqn, list(map(read, eqn.invars)), size), strict=True))
    return list(map(read, jaxpr.outvars))


def _constant(value: Any) -> Piece:
    if np.size(value) != 1:
        raise Other("a constant is an array")
    return Piece(NUMBER, jnp.asarray(value).reshape(()))


def _outs(eqn, ins: list[Piece], size: int) -> list[Piece]:
    name = eqn.primitive.name
    if name in CALLS:
        return _run(program_of(eqn.params), ins, size)
    (out,) = (v.aval for v in eqn.outvars)
    if name == "reduce_sum" and ins[0].kind == ENTRY and out.size == 1:
        return [Piece(SUM, ins[0].value)]
    if name in KEPT and not _is_same(ins[0].kind, out.size, size):
        raise Other(f"{name} makes another shape of it")
    if name in ("broadcast_in_dim", "reshape", "squeeze"):
        return [ins[0]]
    if SUM in (x.kind for x in ins):
        return [_affine(name, ins)]
    if name not in BY_ENTRY or (out.size not in (1, size)):
        raise Other(f"{name} does not go entry by entry")
    if ENTRY in (x.kind for x in ins):
        ins = [_stretched(x, ins) for x in ins]
    kind = ENTRY if ENTRY in (x.kind for x in ins) else NUMBER
    return [Piece(kind, eqn.primitive.bind(*(x.value for x in ins), **eqn.params))]


def _is_same(kind: str, out: int, size: int) -> bool:
    return {NUMBER: True, ENTRY: out == size, SUM: out == 1}[kind]


def _stretched(x: Piece, ins: list[Piece]) -> Piece:
    shape = next(other.value.shape for other in ins if other.kind == ENTRY)
    return Piece(ENTRY, jnp.broadcast_to(x.value, shape)) if x.kind == NUMBER else x


def _affine(name: str, ins: list[Piece]) -> Piece:
    """What keeps a sum a sum of terms; what is added to it has no slope."""
    kinds = tuple(x.kind for x in ins)
    if name in KEPT:
        return ins[0]
    if (rule := AFFINE.get((name, kinds))) is None:
        raise Other(f"{name} is not affine in the sum")
    return Piece(SUM, rule(*(x.value for x in ins)))


_first: Callable = lambda x, y: x
_second: Callable = lambda x, y: y
ONE, LEFT, RIGHT, BOTH = (SUM,), (SUM, NUMBER), (NUMBER, SUM), (SUM, SUM)
AFFINE: dict[tuple[str, tuple], Callable] = {
    ("neg", ONE): jnp.negative,
    ("mul", LEFT): jnp.multiply,
    ("mul", RIGHT): jnp.multiply,
    ("div", LEFT): jnp.divide,
    ("sub", LEFT): _first,
    ("sub", RIGHT): lambda x, y: -y,
    ("sub", BOTH): jnp.subtract,
    **{
        (name, kinds): rule
        for name in ("add", "add_any")
        for kinds, rule in ((LEFT, _first), (RIGHT, _second), (BOTH, jnp.add))
    },
}
