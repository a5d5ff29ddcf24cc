"""How often a number is rounded on its way: the longest path through a program.

Another correct program for the same function may round as often as this one on its longest way,
also where this one's roundings happen to cancel: so much of each result is allowed at least.
"""

from functools import lru_cache
from typing import NamedTuple

import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from .elementary import ELEMENTARY
from .inner_programs import bodies
from .recalled import recalled
from .rewrites import REWRITES, rewritten
from .ulps import ULPS

ARITHMETIC = ("add", "add_any", "sub", "mul", "square", "dot_general", "reduce_sum", "cumsum")
TYPICAL = (  # units of a function where it is at its best; those of ELEMENTARY by their rewrites
    {name: int(ulps(0.0)) for name, ulps in ULPS.items() if name not in ELEMENTARY}
    | dict.fromkeys((*ARITHMETIC, "scatter-add"), 1)
    | {"div": 2, "one_minus_square": 2, "tan": 8}
)


class Way(NamedTuple):
    """Along the longest path: units of rounding, and how many operations round."""

    ulps: int
    roundings: int

    def __add__(self, other):
        return Way(self.ulps + other[0], self.roundings + other[1])


@lru_cache(maxsize=512)
def longest(program: ClosedJaxpr) -> Way:
    """The longest path to any output."""
    return max(_outs(program.jaxpr, [Way(0, 0)] * len(program.jaxpr.invars)), default=Way(0, 0))


def _outs(jaxpr: Jaxpr, ins: list[Way]) -> list[Way]:
    ways = dict(zip(jaxpr.invars, ins, strict=True))
    at = lambda atom: Way(0, 0) if isinstance(atom, Literal) else ways.get(atom, Way(0, 0))
    for eqn in jaxpr.eqns:
        ways.update(zip(eqn.outvars, _after(eqn, [at(atom) for atom in eqn.invars]), strict=True))
    return [at(atom) for atom in jaxpr.outvars]


def _after(eqn, ins: list[Way]) -> list[Way]:
    """The ways of an equation's outputs."""
    longest_in = max(ins, default=Way(0, 0))
    if eqn.primitive is recalled:
        return ins[:1]
    if inner := bodies(eqn.params):
        return _through(eqn, inner, ins)
    name = eqn.primitive.name
    if name in REWRITES and name not in TYPICAL and _floats(eqn.invars):
        return _outs(rewritten(eqn, (True,) * len(eqn.outvars)).jaxpr, ins)
    ulps = TYPICAL.get(name, 0)
    if name == "integer_pow":
        ulps = max(abs(eqn.params["y"]) - 1, 1)
    rounds = ulps and _floats(eqn.outvars)
    return [longest_in + ((ulps, 1) if rounds else (0, 0))] * len(eqn.outvars)


def _through(eqn, inner: list[Jaxpr], ins: list[Way]) -> list[Way]:
    """The ways of a call's outputs; of a loop, as if each step began where the longest ends.

    The steps of a `while` are not known before it runs: it is counted as one.
    """
    longest_in = max(ins, default=Way(0, 0))
    called = [b for b in inner if len(b.outvars) == len(eqn.outvars)]  # not a loop's condition
    if "length" not in eqn.params and eqn.primitive.name != "while":
        operands = ins[1:] if eqn.primitive.name == "cond" else ins  # the first chooses
        through = [_outs(b, operands) for b in called if len(b.invars) == len(operands)]
        if through:
            return [max(ways) for ways in zip(*through, strict=True)]
    steps = eqn.params.get("length", 1)
    start = lambda body: [Way(0, 0)] * len(body.invars)
    once = max((way for b in called for way in _outs(b, start(b))), default=Way(0, 0))
    return [longest_in + (steps * once.ulps, steps * once.roundings)] * len(eqn.outvars)


def _floats(atoms) -> bool:
    """Whether real numbers are among them: integers are exact."""
    return any(jnp.issubdtype(atom.aval.dtype, jnp.floating) for atom in atoms)
