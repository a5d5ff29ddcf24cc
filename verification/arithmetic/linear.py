"""Values in float64 and their linear maps, forward and back, operation by operation in NumPy.

    push    tangents of the operands -> tangent of each output (directions on a first axis)
    pull    cotangent of each output -> cotangent of each operand

What has no rule in float_rules.py is asked of JAX, one operation at a time.
"""

from collections.abc import Callable
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from .arrays import moved
from .float_rules import LINEAR, PULLS, SLOPES, VALUES, WITH_PARAMS, dot, fitted, ties
from .integers import INTEGERS
from .moves import MOVES, carried


class _Else:
    """The primitives that have no rule here."""

    def __contains__(self, name: str) -> bool:
        return not (name in SLOPES or name in WITH_PARAMS or name in VALUES or name in INTEGERS)


JAX = _Else()


def values(operation, ins: list) -> list:
    """The outputs, floats as float64."""
    name, params = operation.name, operation.params
    ins = [as_float(x) for x in ins]
    integers = all(x.dtype.kind != "f" for x in ins)
    if integers and name in INTEGERS and name != "convert_element_type":
        outs = [INTEGERS[name](*ins, **params)]
    elif name in VALUES:
        outs = [VALUES[name](*ins)]
    elif name in WITH_PARAMS:
        outs = [WITH_PARAMS[name](*ins, **params)]
    elif name in INTEGERS:
        outs = [INTEGERS[name](*ins, **params)]
    else:
        with jax.enable_x64(True):
            outs = bind(operation.eqns[-1], ins)
    return [as_float(y) for y in outs]


def as_float(x) -> np.ndarray:
    x = np.asarray(x)
    if x.dtype == np.float64:
        return x
    return x.astype(np.float64) if jnp.issubdtype(x.dtype, jnp.floating) else x


def bind(eqn, ins: list) -> list:
    """The outputs of an equation, by JAX."""
    given = eqn.primitive.get_bind_params(eqn.params)  # JAX 0.12 has no functions among them
    functions, params = given if isinstance(given, tuple) else ((), given)
    outs = eqn.primitive.bind(*functions, *ins, **params)
    return list(outs) if eqn.primitive.multiple_results else [outs]


def _dot_push(ins, rates, dimension_numbers, **_):
    """Directions are one more free axis, the first of the operand that moves."""
    (contract, batch), total = dimension_numbers, 0.0
    later = lambda axes: tuple(a + 1 for a in axes)
    for i, rate in _some(rates):
        pick = lambda pair, i=i: tuple(later(p) if k == i else tuple(p) for k, p in enumerate(pair))
        out = dot(*_with(ins, i, rate), dimension_numbers=(pick(contract), pick(batch)))
        free = ins[0].ndim - len(contract[0]) - len(batch[0])
        total = total + np.moveaxis(out, len(batch[0]) + (free if i else 0), 0)
    return total


# the tangents of one operand, directions first: what is done to the other axes
ALL_AT_ONCE: dict[str, Callable] = {
    "convert_element_type": lambda r, x, **_: r,
    "enter": lambda r, x, **_: r,
    "copy": lambda r, x, **_: r,
    "neg": lambda r, x, **_: -r,
    "row": lambda r, x, index, **_: r[:, index],
    "reduce_sum": lambda r, x, axes, **_: r.sum(axis=tuple(a + 1 for a in axes)),
    "transpose": lambda r, x, permutation, **_: r.transpose(0, *(a + 1 for a in permutation)),
    "squeeze": lambda r, x, dimensions, **_: r.squeeze(tuple(a + 1 for a in dimensions)),
    "broadcast_in_dim": lambda r, x, shape, broadcast_dimensions, **_: LINEAR["broadcast_in_dim"](
        r, (len(r), *shape), (0, *(a + 1 for a in broadcast_dimensions))
    ),
}


def push(operation, ins: list, outs: list, rates: list) -> list:
    """Tangents of the outputs, with an axis for directions in front; None is a tangent of 0."""
    name, params = operation.name, operation.params
    count = next(len(r) for r in rates if r is not None)
    if name in SLOPES:
        found = SLOPES[name](outs[0], *ins, **params)
        pairs = zip(rates, found, strict=True)
        terms = [_spread(r, outs[0].ndim) * s for r, s in pairs if r is not None and s is not None]
        total = sum(terms) if terms else 0.0
        return [np.broadcast_to(total, (count, *outs[0].shape))]
    if name in ALL_AT_ONCE:
        return [ALL_AT_ONCE[name](rates[0], ins[0], **params)]
    if name in LINEAR:
        return [np.stack([_moved_rate(name, params, ins, rates, k) for k in range(count)])]
    if name == "dot_general":
        return [_dot_push(ins, rates, **params)]
    if name in ("reduce_max", "reduce_min"):
        weights = ties(ins[0], outs[0], params["axes"])
        return [(rates[0] * weights).sum(axis=tuple(a + 1 for a in params["axes"]))]
    if name == "sign" or all(y.dtype.kind != "f" for y in outs):
        return [None if y.dtype.kind != "f" else np.zeros((count, *y.shape)) for y in outs]
    return _by_jax(operation, ins, outs, rates)


def _spread(rate, rank: int):
    """A scalar operand of an array: its tangents get the axes that it lacks, after directions."""
    return rate.reshape(len(rate), *[1] * (rank + 1 - rate.ndim), *rate.shape[1:])


def _some(rates):
    return [(i, r) for i, r in enumerate(rates) if r is not None]


def _with(ins, i, x):
    return [*ins[:i], x, *ins[i + 1 :]]


def _moved_rate(name, params, ins, rates, k):
    leading = set(carried(name, len(ins))) if name in MOVES else set(range(len(ins)))
    given = [
        rates[i][k] if rates[i] is not None else np.zeros(x.shape) if i in leading else x
        for i, x in enumerate(ins)
    ]
    return LINEAR[name](*given, **params)


def _by_jax(operation, ins, outs, rates):
    where = [i for i, _ in _some(rates)]

    def one(*some):
        def of(*moving):
            merged = dict(enumerate(ins)) | dict(zip(where, moving, strict=True))
            return list(bind(operation.eqns[-1], [merged[i] for i in range(len(ins))]))

        return jax.jvp(of, [ins[i] for i in where], list(some))[1]

    with jax.enable_x64(True):
        moved = jax.vmap(one)(*(rates[i] for i in where))
    return [
        np.asarray(m) if y.dtype.kind == "f" else None for m, y in zip(moved, outs, strict=True)
    ]


def pull(operation, ins: list, outs: list, above: list) -> list:
    """Cotangents of the operands; None is a cotangent of 0."""
    name, params, d = operation.name, operation.params, above[0]
    if name in SLOPES:
        found = SLOPES[name](outs[0], *ins, **params)
        pairs = zip(found, ins, strict=True)
        return [None if s is None else fitted(d * s, x.shape) for s, x in pairs]
    if name in PULLS:
        return list(PULLS[name](d, outs[0], *ins, **params))
    if name == "stop_gradient" or name == "sign" or all(y.dtype.kind != "f" for y in outs):
        return [None] * len(ins)
    if name in MOVES and name != "scatter":
        return _pull_move(d, name, ins, params)
    return _pulled_by_jax(operation, ins, outs, above)


def _pull_move(d, name: str, ins, params) -> list:
    operands, positions = moved(name, ins, params)
    size = sum(v.size for v in operands)
    pool = np.bincount(positions.ravel(), d.ravel(), size)
    pieces = np.split(pool, np.cumsum([v.size for v in operands])[:-1])
    found = dict(zip(carried(name, len(ins)), pieces, strict=True))
    return [found[i].reshape(x.shape) if i in found else None for i, x in enumerate(ins)]


def _pulled_by_jax(operation, ins, outs, above):
    where = [i for i, x in enumerate(ins) if x.dtype.kind == "f"]
    real = [k for k, y in enumerate(outs) if y.dtype.kind == "f"]
    back = _linearized(_At(operation.eqns[-1], tuple(ins)))
    with jax.enable_x64(True):
        given = [np.zeros(outs[k].shape) if above[k] is None else above[k] for k in real]
        found = dict(zip(where, back([jnp.asarray(g) for g in given]), strict=True))
    return [np.asarray(found[i]) if i in found else None for i in range(len(ins))]


class _At:
    """An equation at these arrays: the same where all of them are the same objects."""

    def __init__(self, eqn, ins: tuple):
        self.eqn, self.ins = eqn, ins

    def __eq__(self, other) -> bool:
        same = len(self.ins) == len(other.ins) and self.eqn is other.eqn
        return same and all(a is b for a, b in zip(self.ins, other.ins, strict=True))

    def __hash__(self) -> int:
        return hash((id(self.eqn), *map(id, self.ins)))


@lru_cache(maxsize=64)
def _linearized(at: _At) -> Callable:
    """JAX's pullback there: explanations ask it for a hundred cotangents."""
    where = [i for i, x in enumerate(at.ins) if x.dtype.kind == "f"]

    def of(*moving):
        merged = dict(enumerate(at.ins)) | dict(zip(where, moving, strict=True))
        made = bind(at.eqn, [merged[i] for i in range(len(at.ins))])
        return [y for y in made if jnp.issubdtype(y.dtype, jnp.floating)]

    with jax.enable_x64(True):
        return jax.vjp(of, *(at.ins[i] for i in where))[1]
