"""Values in float64 and their linear maps, forward and back, operation by operation in NumPy.

    push    tangents of the operands -> tangent of each output (any number of them, on a first axis)
    pull    cotangent of each output -> cotangent of each operand

An elementwise primitive has one slope for each operand; what only moves or adds entries is its own
tangent; everything else is asked of JAX, one operation at a time.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import special

from .arrays import moved
from .integers import INTEGERS
from .moves import MOVES, carried

Array = Any


def _dot_parts(x, y, dimension_numbers):
    """The operands as stacks of matrices, and how their axes were laid out."""
    (contract_x, contract_y), (batch_x, batch_y) = dimension_numbers
    free = lambda a, *gone: [i for i in range(a.ndim) if i not in {*gone[0], *gone[1]}]
    order_x = [*batch_x, *free(x, contract_x, batch_x), *contract_x]
    order_y = [*batch_y, *contract_y, *free(y, contract_y, batch_y)]
    tx, ty = x.transpose(order_x), y.transpose(order_y)
    n, k = len(batch_x), len(contract_x)
    batch, free_x, inner = tx.shape[:n], tx.shape[n : x.ndim - k], tx.shape[x.ndim - k :]
    free_y = ty.shape[n + k :]
    size = lambda shape: int(np.prod(shape, dtype=int))
    ax = tx.reshape(size(batch), size(free_x), size(inner))
    ay = ty.reshape(size(batch), size(inner), size(free_y))
    return ax, ay, (*batch, *free_x, *free_y), (order_x, tx.shape), (order_y, ty.shape)


def dot(x, y, dimension_numbers, **_):
    ax, ay, shape, *_ = _dot_parts(x, y, dimension_numbers)
    return (ax @ ay).reshape(shape)


def _pull_dot(d, out, x, y, dimension_numbers, **_):
    ax, ay, _, (order_x, sx), (order_y, sy) = _dot_parts(x, y, dimension_numbers)
    d = d.reshape(ax.shape[0], ax.shape[1], ay.shape[2])
    dx = (d @ ay.swapaxes(1, 2)).reshape(sx).transpose(np.argsort(order_x))
    dy = (ax.swapaxes(1, 2) @ d).reshape(sy).transpose(np.argsort(order_y))
    return dx, dy


def _convert(x, new_dtype, **_):
    return x.astype(np.float64 if jnp.issubdtype(new_dtype, jnp.floating) else new_dtype)


def _cumsum(x, axis, reverse=False, **_):
    return np.flip(np.cumsum(np.flip(x, axis), axis), axis) if reverse else np.cumsum(x, axis)


def _sum(x, axes, **_):
    return x.sum(axis=tuple(axes))


def _ties(x, out, axes):
    tied = x == np.expand_dims(out, tuple(axes))
    return tied / tied.sum(axis=tuple(axes), keepdims=True)


LINEAR: dict[str, Callable] = {name: rule for name, rule in MOVES.items() if name != "scatter"} | {
    "convert_element_type": _convert,
    "enter": lambda x, **_: x,
    "stop_gradient": lambda x, **_: x,
    "row": lambda x, index, **_: x[index],
    "rows": lambda *xs, **_: np.stack(xs),
    "reduce_sum": _sum,
    "cumsum": _cumsum,
    "neg": lambda x, **_: -x,
}
STILL = ("gather", "dynamic_slice", "dynamic_update_slice", "select_n")  # led by integers


def _row_back(d, out, x, index, **_):
    back = np.zeros(x.shape)
    back[index] = d
    return (back,)


PULLS: dict[str, Callable] = {
    "convert_element_type": lambda d, *_, **__: (d,),
    "enter": lambda d, *_, **__: (d,),
    "neg": lambda d, *_, **__: (-d,),
    "copy": lambda d, *_, **__: (d,),
    "row": _row_back,
    "rows": lambda d, *_, **__: tuple(d),
    "reshape": lambda d, out, x, **_: (d.reshape(x.shape),),
    "squeeze": lambda d, out, x, **_: (d.reshape(x.shape),),
    "transpose": lambda d, out, x, permutation, **_: (d.transpose(np.argsort(permutation)),),
    "broadcast_in_dim": lambda d, out, x, shape, broadcast_dimensions, **_: (
        fitted(
            d.sum(axis=tuple(i for i in range(d.ndim) if i not in broadcast_dimensions)), x.shape
        ),
    ),
    "reduce_sum": lambda d, out, x, axes, **_: (
        np.broadcast_to(np.expand_dims(d, tuple(axes)), x.shape),
    ),
    "cumsum": lambda d, out, x, axis, reverse=False, **_: (_cumsum(d, axis, not reverse),),
    "dot_general": _pull_dot,
    "reduce_max": lambda d, out, x, axes, **_: (
        np.expand_dims(d, tuple(axes)) * _ties(x, out, axes),
    ),
    "reduce_min": lambda d, out, x, axes, **_: (
        np.expand_dims(d, tuple(axes)) * _ties(x, out, axes),
    ),
}
# slopes(out, *ins, **params): one for each operand, None for one that has none
ROOT_PI = np.sqrt(np.pi)
SLOPES: dict[str, Callable] = {
    "add": lambda out, x, y, **_: (1.0, 1.0),
    "add_any": lambda out, x, y, **_: (1.0, 1.0),
    "sub": lambda out, x, y, **_: (1.0, -1.0),
    "mul": lambda out, x, y, **_: (y, x),
    "div": lambda out, x, y, **_: (1.0 / y, -x / y / y),
    "max": lambda out, x, y, **_: (_half(x > y, x == y), _half(y > x, x == y)),
    "min": lambda out, x, y, **_: (_half(x < y, x == y), _half(y < x, x == y)),
    "pow": lambda out, x, y, **_: (y * x ** (y - 1.0), np.log(np.where(x > 0, x, 1.0)) * out),
    "integer_pow": lambda out, x, y, **_: (y * np.asarray(x, float) ** (y - 1),),
    "square": lambda out, x, **_: (2.0 * x,),
    "exp": lambda out, x, **_: (out,),
    "exp2": lambda out, x, **_: (out * np.log(2.0),),
    "expm1": lambda out, x, **_: (np.exp(x),),
    "log": lambda out, x, **_: (1.0 / x,),
    "log1p": lambda out, x, **_: (1.0 / (1.0 + x),),
    "sqrt": lambda out, x, **_: (0.5 / out,),
    "rsqrt": lambda out, x, **_: (-0.5 * out / x,),
    "cbrt": lambda out, x, **_: (out / x / 3.0,),
    "tanh": lambda out, x, **_: (1.0 / np.cosh(np.clip(x, -350, 350)) ** 2,),
    "logistic": lambda out, x, **_: (special.expit(x) * special.expit(-x),),
    "sin": lambda out, x, **_: (np.cos(x),),
    "cos": lambda out, x, **_: (-np.sin(x),),
    "tan": lambda out, x, **_: (1.0 + out * out,),
    "asin": lambda out, x, **_: (1.0 / np.sqrt((1.0 - x) * (1.0 + x)),),
    "acos": lambda out, x, **_: (-1.0 / np.sqrt((1.0 - x) * (1.0 + x)),),
    "atan": lambda out, x, **_: (1.0 / (1.0 + x * x),),
    "sinh": lambda out, x, **_: (np.cosh(x),),
    "cosh": lambda out, x, **_: (np.sinh(x),),
    "asinh": lambda out, x, **_: (1.0 / np.sqrt(1.0 + x * x),),
    "acosh": lambda out, x, **_: (1.0 / np.sqrt((x - 1.0) * (x + 1.0)),),
    "atanh": lambda out, x, **_: (1.0 / ((1.0 - x) * (1.0 + x)),),
    "atan2": lambda out, x, y, **_: (y / (x * x + y * y), -x / (x * x + y * y)),
    "erf": lambda out, x, **_: (2.0 / ROOT_PI * np.exp(-x * x),),
    "erfc": lambda out, x, **_: (-2.0 / ROOT_PI * np.exp(-x * x),),
    "abs": lambda out, x, **_: (np.sign(x),),
    "clamp": lambda out, low, x, high, **_: (None, _half((x > low) & (x < high), False), None),
}
VALUES: dict[str, Callable] = {
    "add": np.add,
    "add_any": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "max": np.maximum,
    "min": np.minimum,
    "pow": np.power,
    "square": np.square,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "tanh": np.tanh,
    "logistic": special.expit,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "erf": special.erf,
    "erfc": special.erfc,
    "abs": np.abs,
    "sign": np.sign,
}
WITH_PARAMS: dict[str, Callable] = LINEAR | {
    "integer_pow": lambda x, y, **_: np.asarray(x, float) ** y,
    "rsqrt": lambda x, **_: 1.0 / np.sqrt(x),
    "dot_general": dot,
    "reduce_max": lambda x, axes, **_: x.max(axis=tuple(axes)),
    "reduce_min": lambda x, axes, **_: x.min(axis=tuple(axes)),
}


class _Else:
    """The primitives that have no rule here."""

    def __contains__(self, name: str) -> bool:
        return not (name in SLOPES or name in WITH_PARAMS or name in VALUES or name in INTEGERS)


JAX = _Else()


def _half(inside, at):
    return np.where(at, 0.5, np.where(inside, 1.0, 0.0))


def fitted(d, shape: tuple[int, ...]) -> np.ndarray:
    """Summed back along the axes that an operand was stretched along."""
    d = np.asarray(d)
    d = d.sum(axis=tuple(range(d.ndim - len(shape)))) if d.ndim > len(shape) else d
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and d.shape[i] != 1)
    return d.sum(axis=axes, keepdims=True) if axes else d


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
        terms = [
            r * s for r, s in zip(rates, found, strict=True) if r is not None and s is not None
        ]
        total = sum(terms) if terms else 0.0
        return [np.broadcast_to(total, (count, *outs[0].shape))]
    if name in ALL_AT_ONCE:
        return [ALL_AT_ONCE[name](rates[0], ins[0], **params)]
    if name in LINEAR:
        return [np.stack([_moved_rate(name, params, ins, rates, k) for k in range(count)])]
    if name == "dot_general":
        return [_dot_push(ins, rates, **params)]
    if name in ("reduce_max", "reduce_min"):
        weights = _ties(ins[0], outs[0], params["axes"])
        return [(rates[0] * weights).sum(axis=tuple(a + 1 for a in params["axes"]))]
    if name == "sign" or all(y.dtype.kind != "f" for y in outs):
        return [None if y.dtype.kind != "f" else np.zeros((count, *y.shape)) for y in outs]
    return _by_jax(operation, ins, outs, rates)


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

    def of(*moving):
        merged = dict(enumerate(ins)) | dict(zip(where, moving, strict=True))
        made = bind(operation.eqns[-1], [merged[i] for i in range(len(ins))])
        return [made[k] for k in real]

    with jax.enable_x64(True):
        _, back = jax.vjp(of, *(ins[i] for i in where))
        given = [np.zeros(outs[k].shape) if above[k] is None else above[k] for k in real]
        found = dict(zip(where, back([jnp.asarray(g) for g in given]), strict=True))
    return [np.asarray(found[i]) if i in found else None for i in range(len(ins))]
