"""Shifts of exponents: e^(z - m) with m = max z, where m has a slope of its own in the program.

A normalized exponential is the same for every shift, so what comes back through m is 0.  Autodiff
of a program without a stop_gradient adds that 0 up, and its terms cancel what the rest has lost:
where one entry is nearly all of the sum, its slopes are far more accurate than p (g - sum p g),
which is what others write.  `stilled` is the program whose largest entries hand no slope on.
Whether that is the same function is for the caller to see: it is where its slopes are.
"""

import operator
from collections.abc import Callable, Set
from functools import partial
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal

from .inner_programs import PLAIN_CALLS, equations, is_program, program_of
from .linear import bind

STEPS = {"scan", "while", "cond"}
ONWARD = {"reshape", "squeeze", "broadcast_in_dim", "max", "select_n", "convert_element_type"}


def stilled(program: ClosedJaxpr) -> ClosedJaxpr:
    """The same program without the slopes of its shifts; as it is where it has no such shift."""
    if not any(eqn.primitive.name == "reduce_max" for eqn in equations(program.jaxpr)):
        return program
    flat = opened(program, PLAIN_CALLS)
    largest = _shifts(flat.jaxpr)
    within = {id(eqn): within_steps(eqn, stilled) for eqn in flat.jaxpr.eqns}
    if not largest and all(within[id(eqn)] is eqn for eqn in flat.jaxpr.eqns):
        return program

    def outputs(eqn, ins: list) -> list:
        outs = bind(within[id(eqn)], ins)
        return list(map(jax.lax.stop_gradient, outs)) if id(eqn) in largest else outs

    return anew(flat, outputs)


def _shifts(jaxpr: Jaxpr) -> set[int]:
    """The equations of the largest entries that are subtracted from exponents."""
    marks: dict[Any, set[int]] = {}
    differences: dict[Any, set[int]] = {}
    found: set[int] = set()
    for eqn in jaxpr.eqns:
        name, (out, *_) = eqn.primitive.name, eqn.outvars
        met = [set() if isinstance(v, Literal) else marks.get(v, set()) for v in eqn.invars]
        if name == "reduce_max":
            marks[out] = {id(eqn)}
        elif name in ONWARD:
            marks[out] = set().union(*met)
        elif name == "sub":
            differences[out] = met[1]
        elif name == "exp" and not isinstance(eqn.invars[0], Literal):
            found |= differences.get(eqn.invars[0], set())
    return found


# --- programs in other words -----------------------------------------------------------------


def opened(program: ClosedJaxpr, calls: Set[str] | Callable[[JaxprEqn], bool]) -> ClosedJaxpr:
    """The same program, with the body of each such call, by name or as it is, in its place."""
    opens = calls if callable(calls) else lambda eqn: eqn.primitive.name in calls
    return anew(program, partial(_called, opens))


def _called(calls: Callable[[JaxprEqn], bool], eqn: JaxprEqn, ins: list) -> list:
    if not calls(eqn):
        return bind(eqn, ins)
    return replayed(program_of(eqn.params), ins, partial(_called, calls))


def within_steps(eqn: JaxprEqn, change) -> JaxprEqn:
    """The equation of a loop or a branch, with the programs inside of it changed; others as they
    are."""
    if eqn.primitive.name not in STEPS:
        return eqn
    new = {k: change(p) for k, p in eqn.params.items() if isinstance(p, ClosedJaxpr)}
    if (ways := eqn.params.get("branches")) is not None:
        new["branches"] = tuple(map(change, ways))
    same = jax.tree.map(operator.is_, new, {k: eqn.params[k] for k in new}, is_leaf=is_program)
    return eqn if all(jax.tree.leaves(same)) else eqn.replace(params=eqn.params | new)


def anew(program: ClosedJaxpr, outputs) -> ClosedJaxpr:
    """The same program, equation by equation: outputs(eqn, ins)."""
    ins = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in program.jaxpr.invars]
    return jax.make_jaxpr(lambda *args: replayed(program, args, outputs))(*ins)


def replayed(program: ClosedJaxpr, args, outputs) -> list:
    """The outputs of a program, equation by equation: outputs(eqn, ins)."""
    env = begun(program, args)
    for eqn in program.jaxpr.eqns:
        outs = outputs(eqn, [read(env, v) for v in eqn.invars])
        env.update(zip(eqn.outvars, outs, strict=True))
    return [read(env, v) for v in program.jaxpr.outvars]


def begun(program: ClosedJaxpr, args) -> dict:
    jaxpr = program.jaxpr
    env = dict(zip(jaxpr.invars, args, strict=True))
    return env | dict(zip(jaxpr.constvars, program.consts, strict=True))


def read(env, atom):
    return atom.val if isinstance(atom, Literal) else env[atom]
