"""The band: how far rounding alone takes a run, at every step, and where it takes it anywhere.

RUNS runs of the reference in float64, each with random roundings of the dtype at every operation of
every step, and one without, side by side under one scan.  A weight may be off by K of their
deviation (K as for a gradient: tolerance.py, with no deviation less than the usual one of its
tensor).  Where that is as wide as the weights, the run is chaotic, and the step says nothing.
Nothing is first order: after each operation that rounds, the result is off by a random number of
the deviation that arithmetic/noise.py gives it.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from jax.extend.core import ClosedJaxpr, Literal

from ..arithmetic.formats import Format, format_of
from ..arithmetic.noise import sum_spread
from ..arithmetic.ulps import ULPS
from ..measurement.tolerance import allowance
from .local import Reference, begun, loose, wide
from .narrow import path
from .steps import Step

UNROUNDED = {
    *(
        "reshape",
        "broadcast_in_dim",
        "transpose",
        "squeeze",
        "slice",
        "dynamic_slice",
        "rev",
        "pad",
    ),
    *("concatenate", "gather", "scatter", "dynamic_update_slice", "select_n", "split", "sort"),
    *("neg", "abs", "sign", "max", "min", "reduce_max", "reduce_min", "cummax", "cummin", "clamp"),
    *("stop_gradient", "copy", "convert_element_type", "iota", "floor", "ceil", "round"),
    *("optimization_barrier", "unstack", "argmax", "argmin"),
}
BODIES = ("jaxpr", "call_jaxpr", "fun_jaxpr")
CALLS = {
    *("jit", "pjit", "closed_call", "checkpoint", "remat2"),
    *("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"),
}
LOST_BELOW = 2.0**-50  # a smaller relative change of a float64 is rounded away, or to a step
RUNS = 32
QUICKLY = {"xla_backend_optimization_level": 0}  # compiled once for a few hundred steps


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
            count += needed(_body(eqn))
        elif eqn.primitive.name not in UNROUNDED:
            count += sum(math.prod(v.aval.shape) for v in eqn.outvars if _is_float(v.aval))
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
            outs = _perturbed(_body(eqn), target, take, ins)
        elif eqn.primitive.name == "cond":
            outs = _chosen(eqn, target, take, ins)
        else:
            outs = _rounded(eqn, ins, target, take)
        env |= zip(eqn.outvars, outs, strict=True)
    return [read(atom) for atom in jaxpr.outvars]


def _body(eqn) -> ClosedJaxpr:
    body = next(eqn.params[k] for k in BODIES if k in eqn.params)
    return body if isinstance(body, ClosedJaxpr) else ClosedJaxpr(body, ())


def _is_float(x) -> bool:
    return bool(jnp.issubdtype(x.dtype, jnp.floating))


def _chosen(eqn, target: Format, take: Callable, ins: list) -> list:
    """The branch that the index says; all of them draw the same numbers."""
    branches, (index, *operands) = eqn.params["branches"], ins
    draws = take((max(map(needed, branches)),))
    wide = lambda x: jnp.asarray(x, float) if _is_float(jnp.asarray(x)) else x
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
    widened = [jnp.asarray(x, float) if _is_float(jnp.asarray(x)) else x for x in ins]
    return eqn.primitive.bind(*widened, **params)


def _rounded(eqn, ins: list, target: Format, take: Callable) -> list:
    outs = _bound(eqn, ins)
    outs = list(outs) if eqn.primitive.multiple_results else [outs]
    if eqn.primitive.name in UNROUNDED:
        return outs
    return [_off(eqn, ins, out, target, take) if _is_float(out) else out for out in outs]


def _off(eqn, ins: list, out, target: Format, take: Callable):
    spread = SUMS.get(eqn.primitive.name, _elementary)(eqn, ins, out, target)
    return out + jnp.asarray(spread, out.dtype) * take(out.shape)


def _unit(target: Format) -> float:
    """No smaller than what float64 can show: its own roundings are drawn a few times as large."""
    return max(target.unit, LOST_BELOW)


def _elementary(eqn, ins, out, target: Format):
    ulps = ULPS.get(eqn.primitive.name, lambda x: 1.0)(ins[0])
    return abs(out) * ulps * (_unit(target) / 3.0**0.5)


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


SUMS: dict[str, Callable] = {"dot_general": _product, "reduce_sum": _total}


class Band(NamedTuple):
    """Step by step: the largest distance of each tensor in bands, and the band's width.

    The width is the root mean square of the band over that of the weights; 1 is chaos.
    """

    distance: np.ndarray  # (steps, tensors); NaN where the candidate is not finite
    width: np.ndarray  # (steps,)

    @property
    def open_from(self) -> int | None:
        """The first step whose band is as wide as the weights, or is none."""
        chaos = ~(self.width < 1.0)
        return int(chaos.argmax()) + 1 if chaos.any() else None

    def left(self) -> tuple[int, int] | None:
        """The first step and tensor outside the band, of the steps before it opens."""
        known = (self.open_from or len(self.width) + 1) - 1
        outside = ~(self.distance[:known] <= 1.0)
        if not outside.any():
            return None
        step = int(outside.any(axis=1).argmax())
        return step + 1, int(outside[step].argmax())


NOTHING = Band(np.zeros((0, 1)), np.zeros(0))


def band(reference: Reference, steps: Sequence[Step], seed: int, runs: int = RUNS) -> Band:
    """The candidate's weights beside the ensemble, for as many steps as it made."""
    with loose():
        params = wide(reference.params)
        state = begun(reference)
        kinds = tuple(x.dtype for x in jax.tree.leaves((params, state)))
        float64 = lambda x: jnp.asarray(x, float) if _is_float(x) else x
        alike = lambda x: jnp.broadcast_to(float64(x), (runs + 1, *jnp.shape(x)))
        carry = jax.tree.map(alike, (params, state))
        keys = jax.random.split(jax.random.key(seed), runs + 1)
        out, own = [], path(reference, len(steps))
        for first, last in _segments(reference.batches[: len(steps)]):
            rows = [wide(batch) for batch in reference.batches[first:last]]
            batches = jax.tree.map(lambda *xs: jnp.stack(xs), *rows)
            got = [[np.asarray(x, np.float64) for x in step.weights] for step in steps[first:last]]
            got = [np.stack(column) for column in zip(*got, strict=True)]
            also = got if own is None else [np.stack(x) for x in zip(*own[first:last], strict=True)]
            numbers = jnp.arange(first, last)
            run = _run(reference.slopes, reference.rule, reference.dtype, kinds, own is not None)
            carry, found = run(carry, keys, (numbers, batches, got, also))
            out.append(jax.tree.map(np.asarray, found))
    distance, width = zip(*out, strict=True)
    return Band(np.concatenate(distance), np.concatenate(width))


def _segments(batches: Sequence[tuple]) -> Iterator[tuple[int, int]]:
    """Neighbouring steps whose batches have one shape."""
    shapes = [tuple(map(np.shape, jax.tree.leaves(batch))) for batch in batches]
    first = 0
    for _, group in groupby(shapes):
        last = first + len(list(group))
        yield first, last
        first = last


@lru_cache(maxsize=32)
def _run(slopes, rule: Any, dtype: str, kinds: tuple, narrow: bool):
    """One segment of the ensemble, compiled once for its length and shapes."""

    def step(params, state, *batch):
        _, gradient = slopes(params, *batch)
        change, state = rule.update(gradient, state, params)
        return optax.apply_updates(params, change), state

    def segment(carry, keys, xs):
        tree = jax.tree.structure(carry)
        row = lambda tree: jax.tree.map(lambda x: x[0], tree)
        flat = lambda *leaves: jax.tree.leaves(step(*jax.tree.unflatten(whole, leaves)))
        first, batch = row(carry), row(xs[1])
        whole = jax.tree.structure((*first, *batch))
        own = [x.astype(kind) for x, kind in zip(jax.tree.leaves(first), kinds, strict=True)]
        program = jax.make_jaxpr(flat)(*own, *jax.tree.leaves(batch))
        disturbed = (jnp.arange(len(keys)) > 0)[:, None]  # the first of them is not
        target, count = format_of(dtype), needed(program)

        def one(carry, x):
            number, batch, got, also = x
            here = jax.vmap(jax.random.fold_in, (0, None))(keys, number)
            draw = lambda key: jax.random.uniform(key, (count,), jnp.float32, -(3.0**0.5), 3.0**0.5)
            draws = jnp.where(disturbed, jax.vmap(draw)(here).astype(float), 0.0)
            data = jax.tree.leaves(batch)
            shake = lambda draws, *own: perturbed(program, target, draws, [*own, *data])
            leaves = jax.vmap(shake)(draws, *jax.tree.leaves(carry))
            return jax.tree.unflatten(tree, leaves), _seen(
                leaves[: len(got)], got, also if narrow else None
            )

        return lax.scan(one, carry, xs)

    return jax.jit(segment, compiler_options=QUICKLY)


def _seen(weights: list, got: list, also: list | None) -> tuple[Any, Any]:
    """How far each tensor is, in bands, and how wide the band is, in weights."""
    entries = sum(leaf[0].size for leaf in weights)
    far, wide, size = [], 0.0, 0.0
    for leaf, answer, own in zip(weights, got, also or [None] * len(got), strict=True):
        middle = leaf[0]
        sigma = jnp.sqrt(((leaf[1:] - middle) ** 2).mean(axis=0))
        room = allowance(sigma, jnp.full_like(sigma, jnp.inf), entries)
        room = room if own is None else room + 2.0 * abs(own - middle)
        off = abs(answer - middle)
        far.append(jnp.max(jnp.where(off == 0.0, 0.0, off / room), initial=0.0))
        wide, size = wide + (room**2).sum(), size + (middle**2).sum()
    return jnp.stack(far), jnp.sqrt(wide / size)
