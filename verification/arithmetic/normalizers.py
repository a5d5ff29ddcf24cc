"""The room that the shift of a normalized exponential leaves: softmax has many right exponents.

p = e^(z - c) / sum e^(z - c) is the same for every c.  A program that stores the normalizer

    lse = m + log s,    m = max z,  s = sum e^(z - m)

and takes p = e^(z - lse) rounds log s, lse and z - lse; one that works with powers of two rounds
z log2 e, too.  So the exponent is off by

    u (|log s| + |lse| + |z - lse| + |z|)

An exponential is one of those where its sum is divided by, or goes into a logarithm.  `normalized`
finds them in a program that has its slopes already, and gives their exponents this room, by the
primitive of recalled.py.
"""

import operator
from collections import ChainMap
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal

from .formats import Format
from .inner_programs import CALLS, equations
from .interpreter import live
from .linear import bind
from .namespaces import namespace, where
from .recalled import recalled
from .shifts import begun, opened, read, within_steps

DIVIDED = {"div", "log", "log1p", "rsqrt"}
ALONG = {"mul", "select_n", "convert_element_type", "copy", "stop_gradient"}  # a mask, a weight
ONWARD = ALONG | {"reshape", "squeeze", "broadcast_in_dim", "transpose", "abs", "max"}
ONWARD |= {"add", "add_any", "reduce_sum"}


class Shift(NamedTuple):
    """An exponent that is normalized along these axes, counted from the last: others may come."""

    axes: tuple[int, ...]

    def room(self, target: Format, z) -> Any:
        """What the exponent may be off by; nothing where it is infinite."""
        xp = namespace(z)
        over = {"axis": self.axes, "keepdims": True}
        largest = xp.max(z, **over)
        log_sum = xp.log(xp.sum(xp.exp(z - largest), **over))
        lse = largest + log_sum
        off = target.unit * (abs(log_sum) + abs(lse) + abs(z - lse) + abs(z))
        return where(xp.isfinite(off), off, 0.0)


class Mark(NamedTuple):
    """What a number is made of: the exponential of this equation, or the sum of it by another."""

    exponential: JaxprEqn
    sum: JaxprEqn | None = None


class Found(NamedTuple):
    """Where room is given: to numbers, at an exponent, and in which sums it is not.

    at    the number (an exponential, or its exponent z - c) -> the variable of z, and the axes
    sums  the equations of the sums, whose own errors are counted: the room is that of e^(z - c) / s
    """

    at: dict[Any, tuple[Any, Shift]]
    sums: frozenset[JaxprEqn]


def normalized(program: ClosedJaxpr) -> ClosedJaxpr:
    """The same program, with room in the exponents; as it is where none has any."""
    if not any(eqn.primitive.name == "exp" for eqn in equations(program.jaxpr)):
        return program
    ins = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in program.jaxpr.invars]
    flat = opened(program, CALLS)
    within = {eqn: within_steps(eqn, normalized) for eqn, _ in live(flat.jaxpr)}
    found = _found(flat.jaxpr)
    if not found.at and all(new is eqn for eqn, new in within.items()):
        return program
    return jax.make_jaxpr(lambda *args: _with_room(flat, found, within, args))(*ins)


# --- where they are --------------------------------------------------------------------------


def _found(jaxpr: Jaxpr) -> Found:
    made = {v: eqn for eqn, _ in live(jaxpr) for v in eqn.outvars}
    at, sums = {}, set()
    for exponential, total in _normalizers(jaxpr):
        d, e = exponential.invars[0], exponential.outvars[0]
        axes = tuple(map(int, total.params["axes"]))
        z, shift = d, Shift(tuple(axis - len(_shape(d)) for axis in axes))
        difference = made.get(d)
        if difference is not None and difference.primitive.name == "sub":
            minuend, c = difference.invars
            if _still(c, _shape(d), axes, made):
                z = minuend
                at[d] = z, shift
        at[e] = z, shift
        sums.add(total)
    return Found(at, frozenset(sums))


def _normalizers(jaxpr: Jaxpr) -> Iterator[tuple[JaxprEqn, JaxprEqn]]:
    """Each exponential with its sum that is divided by, or goes into a logarithm."""
    marks: dict[Any, set[Mark]] = {}
    for eqn, _ in live(jaxpr):
        name = eqn.primitive.name
        met = [set() if isinstance(v, Literal) else marks.get(v, set()) for v in eqn.invars]
        if name in DIVIDED or (name == "integer_pow" and eqn.params["y"] < 0):
            yield from ((m.exponential, m.sum) for m in met[-1] if m.sum is not None)
        now = {m for m in set().union(*met) if _goes_on(name, m, _shape(eqn.outvars[0]))}
        if name == "exp":
            now = {Mark(eqn)}
        elif name == "reduce_sum":
            now = {Mark(m.exponential, m.sum or eqn) for m in met[0]}
        marks.update({v: now for v in eqn.outvars if now})


def _goes_on(name: str, mark: Mark, shape: tuple[int, ...]) -> bool:
    """Whether what this operation makes is still the exponential, or the sum."""
    if mark.sum is not None:
        return name in ONWARD
    return name in ALONG and shape == _shape(mark.exponential.outvars[0])


def _shape(atom: Any) -> tuple[int, ...]:
    return atom.aval.shape


def _still(c, shape: tuple[int, ...], axes: tuple[int, ...], made: dict) -> bool:
    """Whether a number is the same along these axes of the shape that it meets."""
    if isinstance(c, Literal) or c.aval.shape == ():
        return True
    if all(c.aval.shape[i] == 1 for i in axes):
        return True
    eqn = made.get(c)
    if eqn is None or eqn.primitive.name not in {"broadcast_in_dim", "stop_gradient", "copy"}:
        return False
    (before,) = eqn.invars[:1]
    if eqn.primitive.name != "broadcast_in_dim":
        return _still(before, shape, axes, made)
    kept = dict(zip(eqn.params["broadcast_dimensions"], before.aval.shape, strict=True))
    return all(kept.get(i, 1) == 1 for i in axes)


# --- the program anew ------------------------------------------------------------------------


def _with_room(program: ClosedJaxpr, found: Found, within: dict, args) -> list:
    jaxpr, env = program.jaxpr, begun(program, args)
    bare: dict = {}  # what has room, without it
    both = ChainMap(bare, env)
    for eqn in jaxpr.eqns:
        (out, *_), name = eqn.outvars, eqn.primitive.name
        ins = [read(env, v) for v in eqn.invars]
        without = [read(both, v) for v in eqn.invars]
        outs = bind(within.get(eqn, eqn), without if eqn in found.sums or out in found.at else ins)
        if name in ALONG and not all(map(operator.is_, ins, without)):
            bare[out] = bind(eqn, without)[0]
        if out in found.at:
            (number,), (z, shift) = outs, found.at[out]
            above = number if name == "exp" else jnp.ones_like(number)
            at = jnp.broadcast_to(read(both, z), number.shape)
            bare[out], outs = number, [recalled.bind(number, above, at, program=shift)]
        env.update(zip(eqn.outvars, outs, strict=True))
    return [read(env, v) for v in jaxpr.outvars]
