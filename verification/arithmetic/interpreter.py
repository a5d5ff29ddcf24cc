"""Run a JAX program in another arithmetic: walk its jaxpr, one rule per primitive."""

import functools
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from ..vocabulary import NoRule
from .constants import whole_numbers
from .inner_programs import CALLS, program_of
from .integers import integers, is_key
from .rewrites import REWRITES, rewritten


class Arithmetic(NamedTuple):
    """A number system: how numbers enter it, and what each primitive does there."""

    name: str
    lift: Callable[[np.ndarray], Any]  # a float array -> values of this arithmetic
    rules: Mapping[str, Callable]  # primitive -> rule(*values, **params)
    decide: Callable[[Any], Any]  # a scalar predicate or index -> a Python number, or Undecided
    control: Mapping[str, Callable] = {}  # what it does otherwise than CONTROL below


def run(program: ClosedJaxpr, args: list, arithmetic: Arithmetic) -> list:
    """Evaluate `program` on `args`, already lifted.  Integers and booleans stay plain arrays."""
    jaxpr = program.jaxpr
    env = dict(zip(jaxpr.invars, args, strict=True))
    env |= zip(jaxpr.constvars, [enter(c, arithmetic) for c in program.consts], strict=True)

    def read(atom):
        return enter(atom.val, arithmetic) if isinstance(atom, Literal) else env[atom]

    known = whole_numbers(jaxpr)
    for (eqn, wanted), over in zip(live(jaxpr), _over(jaxpr), strict=True):
        if known and eqn.outvars and eqn.outvars[0] in known:
            outs = [enter(known[eqn.outvars[0]], arithmetic)]
        else:
            outs = evaluate(eqn, [read(atom) for atom in eqn.invars], arithmetic, wanted)
        env.update(zip(eqn.outvars, outs, strict=True))
        for v in over:  # of a large program all numbers together are more than memory holds
            env.pop(v, None)
        outs = None
    return [read(atom) for atom in jaxpr.outvars]


SAID = ("debug_print", "debug_callback")  # they tell a person, and no number


@functools.lru_cache(maxsize=4096)
def live(jaxpr: Jaxpr) -> tuple:
    """The equations that the outputs depend on, in order, and which of their outputs are read:
    what nobody reads needs no rule."""
    read, kept = {v for v in jaxpr.outvars if not isinstance(v, Literal)}, []
    for eqn in reversed(jaxpr.eqns):
        wanted = tuple(v in read for v in eqn.outvars)
        if any(wanted) or (eqn.effects and eqn.primitive.name not in SAID):
            read.update(v for v in eqn.invars if not isinstance(v, Literal))
            kept.append((eqn, wanted))
    return tuple(reversed(kept))


@functools.lru_cache(maxsize=4096)
def _over(jaxpr: Jaxpr) -> tuple:
    """After each of the live equations: the variables that are not read again."""
    read, ends = {v for v in jaxpr.outvars if not isinstance(v, Literal)}, []
    for eqn, _ in reversed(live(jaxpr)):
        mine = (v for v in (*eqn.invars, *eqn.outvars) if not isinstance(v, Literal))
        over = tuple(dict.fromkeys(v for v in mine if v not in read))
        read.update(over)
        ends.append(over)
    return tuple(reversed(ends))


def enter(number, arithmetic: Arithmetic):
    """Lift floats; leave integers, booleans and random keys as they are."""
    if is_key(number):
        return number
    array = np.asarray(number)
    return arithmetic.lift(array) if jnp.issubdtype(array.dtype, jnp.floating) else array


def _entered(number, arithmetic: Arithmetic):
    """A float that bits or a key were made into, as it is."""
    if isinstance(number, Tracer) and jnp.issubdtype(number.dtype, jnp.floating):
        return arithmetic.rules["convert_element_type"](number, new_dtype=number.dtype)
    return number if isinstance(number, Tracer) else enter(number, arithmetic)


def evaluate(eqn, ins: list, arithmetic: Arithmetic, wanted: tuple[bool, ...]) -> list:
    """The outputs of one equation: by a rule, or by running what the primitive is made of."""
    name, params = eqn.primitive.name, eqn.params
    if name in CONTROL:
        return arithmetic.control.get(name, CONTROL[name])(params, ins, arithmetic)
    if all(map(is_plain, ins)) and not makes_floats(eqn):
        return integers(eqn, ins)
    if name not in arithmetic.rules:
        if name in REWRITES:
            return run(rewritten(eqn, wanted), ins, arithmetic)
        if all(map(is_plain, ins)):
            return [_entered(out, arithmetic) for out in integers(eqn, ins)]
        raise NoRule(f"{arithmetic.name} have no rule for the primitive {name!r}")
    outs = arithmetic.rules[name](*ins, **params)
    return list(outs) if eqn.primitive.multiple_results else [outs]


def is_plain(value) -> bool:
    """Whether the value is an array of integers, booleans or random keys, in any arithmetic."""
    if type(value) is np.ndarray:
        return value.dtype.kind in "biu"
    is_array = isinstance(value, np.ndarray | jax.Array)
    return is_array and (is_key(value) or value.dtype.kind in "biu")


def makes_floats(eqn) -> bool:
    return any(jnp.issubdtype(v.aval.dtype, jnp.floating) for v in eqn.outvars)


def _call(params, ins, arithmetic):
    """jit, checkpoint, custom_jvp, custom_vjp: run the body; custom slopes are not consulted."""
    return run(program_of(params), ins, arithmetic)


def _linear_solve(params, ins, arithmetic):
    consts, b = solve_parts(params, ins)
    return run(params["jaxprs"].solve, [*consts.solve, *b], arithmetic)


def solve_parts(params, ins: list) -> tuple[Any, list]:
    """The constants of each of the programs of a linear solve, and the right-hand sides."""
    sizes = params["const_lengths"]
    ends = np.cumsum([0, *sizes]).tolist()
    consts = type(sizes)(*(ins[low:high] for low, high in pairwise(ends)))
    return consts, ins[ends[-1] :]


def _scan(params, ins, arithmetic):
    consts, carry, xs = scan_parts(params, ins)
    n_carry, length = len(carry), params["length"]
    steps = range(length)[::-1] if params["reverse"] else range(length)
    rows: dict[int, list] = {}
    for i in steps:
        outs = run(
            params["jaxpr"], [*consts, *carry, *(_row(x, i, arithmetic) for x in xs)], arithmetic
        )
        carry, rows[i] = outs[:n_carry], outs[n_carry:]
    if not length:
        return [
            *carry,
            *(_no_rows(kind, arithmetic) for kind in params["jaxpr"].out_avals[n_carry:]),
        ]
    columns = zip(*(rows[i] for i in range(length)), strict=True)
    return [*carry, *(_stack(column, arithmetic) for column in columns)]


def _no_rows(kind, arithmetic):
    """What a scan of no steps stacks."""
    empty = np.zeros((0, *kind.shape), kind.dtype)
    return arithmetic.lift(empty) if empty.dtype.kind == "f" else empty


def scan_parts(params, ins: list) -> tuple[list, list, list]:
    """What every step sees, what it hands on, and what it takes a row of."""
    if "ft_in" in params:  # JAX 0.12 keeps a tree where 0.10 counts
        consts, carry, xs = map(list, params["ft_in"].update(ins).unpack())
        return consts, carry, xs
    first = params["num_consts"]
    last = first + params["num_carry"]
    return ins[:first], ins[first:last], ins[last:]


def _row(x, i: int, arithmetic):
    if is_plain(x):
        return np.asarray(x[i]) if isinstance(x, np.ndarray) else x[i]
    limits, ones = (i + 1, *x.shape[1:]), (1,) * x.ndim
    row = arithmetic.rules["slice"](
        x, start_indices=(i,) + (0,) * (x.ndim - 1), limit_indices=limits, strides=ones
    )
    return arithmetic.rules["squeeze"](row, dimensions=(0,))


def _stack(column, arithmetic):
    if all(map(is_plain, column)):
        traced = any(isinstance(row, Tracer) for row in column)
        return jnp.stack(column) if traced else np.stack(column)
    if "stack" in arithmetic.rules:
        return arithmetic.rules["stack"](*column, axis=0)
    rows = [
        arithmetic.rules["reshape"](row, new_sizes=(1, *row.shape), dimensions=None)
        for row in column
    ]
    return arithmetic.rules["concatenate"](*rows, dimension=0)


def _while(params, ins, arithmetic):
    n_cond, n_body = params["cond_nconsts"], params["body_nconsts"]
    cond_consts, body_consts, carry = (
        ins[:n_cond],
        ins[n_cond : n_cond + n_body],
        ins[n_cond + n_body :],
    )

    def holds():
        (predicate,) = run(params["cond_jaxpr"], [*cond_consts, *carry], arithmetic)
        return np.asarray(arithmetic.decide(predicate))

    while (lanes := holds()).any():
        more = run(params["body_jaxpr"], [*body_consts, *carry], arithmetic)
        carry = [_going_on(lanes, *pair, arithmetic) for pair in zip(carry, more, strict=True)]
    return carry


def _going_on(lanes: np.ndarray, before, after, arithmetic):
    """Of a loop under vmap each lane stops by itself: those that have stopped stay as they are."""
    if lanes.all():
        return after
    here = np.broadcast_to(
        lanes.reshape(lanes.shape + (1,) * (after.ndim - lanes.ndim)), after.shape
    )
    if is_plain(after):
        return np.where(here, after, before)
    return arithmetic.rules["select_n"](here, before, after)


def _cond(params, ins, arithmetic):
    index, *operands = ins
    return run(params["branches"][int(arithmetic.decide(index))], operands, arithmetic)


def _split(params, ins, arithmetic):
    """Several slices: the one primitive of many outputs that only moves entries."""
    (x,), axis = ins, params["axis"]
    if is_plain(x):
        return np.split(x, np.cumsum(params["sizes"])[:-1], axis)
    edges = np.cumsum([0, *params["sizes"]]).tolist()
    at = lambda end, rest: tuple(end if i == axis else rest[i] for i in range(x.ndim))
    cut = lambda low, high: arithmetic.rules["slice"](
        x,
        start_indices=at(low, (0,) * x.ndim),
        limit_indices=at(high, x.shape),
        strides=(1,) * x.ndim,
    )
    return [cut(low, high) for low, high in pairwise(edges)]


def _unstack(params, ins, arithmetic):
    """One row for each index along an axis: slices without that axis."""
    (x,), axis = ins, params["axis"]
    if is_plain(x):
        return list(np.moveaxis(x, axis, 0))
    sizes = (1,) * x.shape[axis]
    thin = _split({"axis": axis, "sizes": sizes}, ins, arithmetic)
    return [arithmetic.rules["squeeze"](part, dimensions=(axis,)) for part in thin]


CONTROL = {
    "optimization_barrier": lambda params, ins, arithmetic: ins,
    "split": _split,
    "unstack": _unstack,
    **dict.fromkeys(CALLS, _call),
    "custom_linear_solve": _linear_solve,
    "scan": _scan,
    "while": _while,
    "cond": _cond,
}
