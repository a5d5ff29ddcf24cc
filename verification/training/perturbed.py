"""A program with a random error after each operation that rounds, under JAX: one more operand.

Nothing is first order: the result of an operation is off by a random number of the deviation that
arithmetic/noise.py gives it.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, Literal

from ..arithmetic.bounds import bounds
from ..arithmetic.formats import Format
from ..arithmetic.inner_programs import CALLS, program_of
from ..arithmetic.noise import sum_spread
from ..arithmetic.recalled import room
from ..arithmetic.ulps import ULPS

UNROUNDED = {
    *("reshape", "broadcast_in_dim", "transpose", "squeeze", "slice", "dynamic_slice"),
    *("rev", "pad", "from_keys"),
    *("concatenate", "gather", "scatter", "dynamic_update_slice", "select_n", "split", "sort"),
    *("neg", "abs", "sign", "max", "min", "reduce_max", "reduce_min", "cummax", "cummin", "clamp"),
    *("stop_gradient", "copy", "convert_element_type", "iota", "floor", "ceil", "round"),
    *("optimization_barrier", "unstack", "argmax", "argmin"),
}
LOST_BELOW = 2.0**-50  # a smaller relative change of a float64 is rounded away, or to a step


def perturbed(program: ClosedJaxpr, target: Format, draws, args: list) -> list:
    """The outputs of program(*args), off by `draws`: `needed(program)` numbers of unit variance."""
    return _perturbed(program, target, iter_of(draws), args)


def needed(program: ClosedJaxpr) -> int:
    """How many roundings the program makes."""
    count = 0
    for eqn in program.jaxpr.eqns:
        if eqn.primitive.name == "cond":
            count += max(map(needed, eqn.params["branches"]))
        elif eqn.primitive.name in CALLS:
            count += needed(program_of(eqn.params))
        elif eqn.primitive.name not in UNROUNDED:
            count += sum(math.prod(v.aval.shape) for v in eqn.outvars if is_float(v.aval))
    return count


def iter_of(draws) -> Callable:
    """take(shape): the next so many numbers; one draw for a whole program compiles fast."""
    at = [0]

    def take(shape: tuple[int, ...]):
        first = at[0]
        at[0] += math.prod(shape)
        return draws[first : at[0]].reshape(shape)

    return take


def _perturbed(program: ClosedJaxpr, target: Format, take: Callable, args: list) -> list:
    jaxpr = program.jaxpr
    env = dict(zip(jaxpr.invars, args, strict=True))
    env |= zip(jaxpr.constvars, program.consts, strict=True)
    read = lambda atom: atom.val if isinstance(atom, Literal) else env[atom]
    for eqn in jaxpr.eqns:
        ins = [read(atom) for atom in eqn.invars]
        if eqn.primitive.name in CALLS:
            outs = _perturbed(program_of(eqn.params), target, take, ins)
        elif eqn.primitive.name == "cond":
            outs = _chosen(eqn, target, take, ins)
        else:
            outs = _rounded(eqn, ins, target, take)
        env |= zip(eqn.outvars, outs, strict=True)
    return [read(atom) for atom in jaxpr.outvars]


def is_float(x) -> bool:
    return bool(jnp.issubdtype(x.dtype, jnp.floating))


def _chosen(eqn, target: Format, take: Callable, ins: list) -> list:
    """The branch that the index says; all of them draw the same numbers."""
    branches, (index, *operands) = eqn.params["branches"], ins
    draws = take((max(map(needed, branches)),))
    wide = lambda x: jnp.asarray(x, float) if is_float(jnp.asarray(x)) else x
    run = lambda branch: (
        lambda *args: list(map(wide, _perturbed(branch, target, iter_of(draws), list(args))))
    )
    return lax.switch(
        jnp.asarray(index, np.int32), [run(b) for b in branches], *map(wide, operands)
    )


def _bound(eqn, ins: list):
    """The operation in float64, also where the program has it in float32."""
    params = dict(eqn.params)
    if any(isinstance(x, ClosedJaxpr) for x in jax.tree.leaves(list(params.values()))):
        held = [jnp.asarray(x, v.aval.dtype) for x, v in zip(ins, eqn.invars, strict=True)]
        return eqn.primitive.bind(*held, **params)
    for name in ("new_dtype", "dtype", "preferred_element_type"):
        if params.get(name) is not None and jnp.issubdtype(params[name], jnp.floating):
            params[name] = np.dtype(float)
    widened = [jnp.asarray(x, float) if is_float(jnp.asarray(x)) else x for x in ins]
    return eqn.primitive.bind(*widened, **params)


def _rounded(eqn, ins: list, target: Format, take: Callable) -> list:
    outs = _bound(eqn, ins)
    outs = list(outs) if eqn.primitive.multiple_results else [outs]
    if eqn.primitive.name in UNROUNDED:
        return outs
    return [_off(eqn, ins, out, target, take) if is_float(out) else out for out in outs]


def _off(eqn, ins: list, out, target: Format, take: Callable):
    spread = SUMS.get(eqn.primitive.name, _elementary)(eqn, ins, out, target)
    return out + jnp.asarray(spread, out.dtype) * take(out.shape)


def _unit(target: Format) -> float:
    """No smaller than what float64 can show: its own roundings are drawn a few times as large."""
    return max(target.unit, LOST_BELOW)


def _elementary(eqn, ins, out, target: Format):
    ulps = ULPS.get(eqn.primitive.name, lambda x: 1.0)(ins[0])
    size = abs(out) * ulps + (jnp.exp(ins[0]) if eqn.primitive.name == "expm1" else 0.0)
    return size * (_unit(target) / 3.0**0.5)  # e^x - 1, as many write it: as 1 - b^t of Adam


def _product(eqn, ins, out, target: Format):
    a, b = ins
    (axes, _), _ = eqn.params["dimension_numbers"]
    count = math.prod(a.shape[axis] for axis in axes)
    squares = lax.dot_general(a * a, b * b, eqn.params["dimension_numbers"])
    return _sum(target, count, out, squares, True)


def _total(eqn, ins, out, target: Format):
    (x,) = ins
    axes = tuple(eqn.params["axes"])
    return _sum(target, math.prod(x.shape[a] for a in axes), out, (x * x).sum(axes), False)


def _sum(target: Format, count: int, out, squares, products: bool):
    wide = _unit(target) / target.unit
    return wide * sum_spread(target, count, abs(out), jnp.sqrt(squares), products)


def _recalled(eqn, ins, out, target: Format):
    """What a slope that is read back from a stored value is off by: see arithmetic/recalled.py."""
    _, above, at = ins
    coarse = target._replace(unit=_unit(target))
    return abs(above) * room(coarse, bounds(coarse), at, eqn.params["program"]) / 3.0**0.5


SUMS: dict[str, Callable] = {"dot_general": _product, "reduce_sum": _total, "recalled": _recalled}


def written_twice(target: Format, draws, leaves: list, weights: int) -> list:
    """The leaves, the first of which are weights: rounded once more, as where decay comes first."""
    take, out = 0, []
    for leaf in leaves[:weights]:
        own = draws[:, take : take + leaf[0].size].reshape(leaf.shape)
        out.append(leaf + abs(leaf) * (_unit(target) / 3.0**0.5) * own)
        take += leaf[0].size
    return [*out, *leaves[weights:]]
