"""Values and slopes of each primitive in float64, in NumPy: one line for one rule.

An elementwise primitive has one slope for each operand, None for one that has none; what only
moves or adds entries is its own tangent, and has a transpose.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy import special

from .moves import MOVES
from .special_floats import SLOPES as SPECIAL_SLOPES
from .special_floats import TABLE as SPECIAL

Array = Any
MATRICES = (((1,), (0,)), ((), ()))  # x @ y


def _dot_parts(x, y, dimension_numbers):
    """The operands as stacks of matrices, and how their axes were laid out."""
    if dimension_numbers == MATRICES and x.ndim == y.ndim == 2:  # a tape has many of them
        return x[None], y[None], (len(x), y.shape[1]), ((0, 1), x.shape), ((0, 1), y.shape)
    (contract_x, contract_y), (batch_x, batch_y) = dimension_numbers
    free = lambda a, *gone: [i for i in range(a.ndim) if i not in {*gone[0], *gone[1]}]
    order_x = [*batch_x, *free(x, contract_x, batch_x), *contract_x]
    order_y = [*batch_y, *contract_y, *free(y, contract_y, batch_y)]
    tx, ty = x.transpose(order_x), y.transpose(order_y)
    n, k = len(batch_x), len(contract_x)
    batch, free_x, inner = tx.shape[:n], tx.shape[n : x.ndim - k], tx.shape[x.ndim - k :]
    free_y = ty.shape[n + k :]
    ax = tx.reshape(prod(batch), prod(free_x), prod(inner))
    ay = ty.reshape(prod(batch), prod(inner), prod(free_y))
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


def ties(x, out, axes):
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
        np.expand_dims(d, tuple(axes)) * ties(x, out, axes),
    ),
    "reduce_min": lambda d, out, x, axes, **_: (
        np.expand_dims(d, tuple(axes)) * ties(x, out, axes),
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
    "max": lambda out, x, y, **_: (half(x > y, x == y), half(y > x, x == y)),
    "min": lambda out, x, y, **_: (half(x < y, x == y), half(y < x, x == y)),
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
    "clamp": lambda out, low, x, high, **_: (None, half((x > low) & (x < high), False), None),
} | SPECIAL_SLOPES
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
} | {name: f.value for name, f in SPECIAL.items()}
WITH_PARAMS: dict[str, Callable] = LINEAR | {
    "integer_pow": lambda x, y, **_: np.asarray(x, float) ** y,
    "rsqrt": lambda x, **_: 1.0 / np.sqrt(x),
    "dot_general": dot,
    "reduce_max": lambda x, axes, **_: x.max(axis=tuple(axes)),
    "reduce_min": lambda x, axes, **_: x.min(axis=tuple(axes)),
}


def half(inside, at):
    return np.where(at, 0.5, np.where(inside, 1.0, 0.0))


def fitted(d, shape: tuple[int, ...]):
    """Summed back along the axes that an operand was stretched along."""
    d = np.asarray(d)
    if d.shape == shape:
        return d
    d = d.sum(axis=tuple(range(d.ndim - len(shape)))) if d.ndim > len(shape) else d
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and d.shape[i] != 1)
    return d.sum(axis=axes, keepdims=True) if axes else d
