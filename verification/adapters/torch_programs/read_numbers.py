"""A number that a program takes out of a tensor (`.item()`), while it is traced.

It has PyTorch's own number at the point, and the value in the trace, without its slope: as PyTorch
says.  Arithmetic with it is traced, a comparison is a branch of the way that the program goes, and
printing shows the number.  What wants a bare float of it (`math.sqrt`) gets none.
"""

import operator
from collections.abc import Callable
from numbers import Real
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .branches import CONSTANT, Way
from .memory import NotTraced


class Number:
    """One real number: `at` the point, and its `value` in the trace."""

    __slots__ = ("at", "value", "way")
    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __init__(self, at: float, value: Any, way: Way):
        self.at, self.value, self.way = at, jax.lax.stop_gradient(value.reshape(())), way

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        """PyTorch takes it for a tensor; modes.py makes it one."""
        return NotImplemented

    def __bool__(self) -> bool:
        return self != 0.0

    def __float__(self) -> float:
        raise NotTraced(CONSTANT)

    __int__ = __index__ = __float__

    def __format__(self, how: str) -> str:
        return format(self.at, how)

    def __repr__(self) -> str:
        return repr(self.at)


def parts(x: Any) -> tuple[Any, Any]:
    return (x.at, x.value) if isinstance(x, Number) else (x, x)


def combined(f: Callable, is_turned: bool = False) -> Callable:
    """f(self, other), or f(other, self) where it `is_turned`; of a tensor PyTorch is asked."""

    def rule(self: Number, *others: Any) -> Any:
        if not all(isinstance(x, Number | Real) for x in others):
            return NotImplemented
        pairs = [parts(x) for x in ((*others, self) if is_turned else (self, *others))]
        at, value = (f(*each) for each in zip(*pairs, strict=True))
        return Number(at, value, self.way)

    return rule


def compared(f: Callable) -> Callable:
    def rule(self: Number, other: Any) -> Any:
        if not isinstance(other, Number | Real):
            return NotImplemented
        (at, value), (other_at, other_value) = parts(self), parts(other)
        answer = bool(f(at, other_at))
        self.way.held.append(f(value, other_value) == answer)
        return answer

    return rule


for _name in ("add", "sub", "mul", "truediv", "pow"):
    setattr(Number, f"__{_name}__", combined(getattr(operator, _name)))
    setattr(Number, f"__r{_name}__", combined(getattr(operator, _name), is_turned=True))
for _name in ("neg", "pos", "abs"):
    setattr(Number, f"__{_name}__", combined(getattr(operator, _name)))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Number, f"__{_name}__", compared(getattr(operator, _name)))


def taken(inside: Any, tensor: Any) -> Number | None:
    """What .item() takes out of a tensor; None of what has no slope, or is a constant."""
    if not tensor.is_floating_point() or isinstance(value := inside.value(tensor), np.ndarray):
        return None
    return Number(inside.way.next(), value, inside.way)


def as_tensors(inside: Any, given: Any) -> Any:
    """The arguments of a function, with tensors for what was taken out of others."""
    is_number = lambda x: isinstance(x, Number)
    as_tensor = lambda x: inside.made(jnp.asarray(x.value)) if is_number(x) else x
    return inside.torch.utils._pytree.tree_map(as_tensor, given, is_leaf=is_number)
