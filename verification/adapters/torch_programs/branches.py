"""Branches on numbers: the way a program goes at a point, and the same way while it is traced.

A check such as `if (x < 0).any(): raise` reads one boolean of a tensor.  PyTorch says what it is at
a point; the trace goes on with it, and is no number wherever it would be another.  A program that
goes several ways is traced once for each.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..torch_function import array
from . import boundaries
from .boundaries import Seen
from .higher_order import into_programs
from .memory import NotTraced

READS = ("aten._local_scalar_dense.default", "aten.equal.default")
SIZED = {  # how large they make a result is read of these arguments
    "aten.nonzero.default": 0,
    "aten.nonzero_static.default": 0,
    "aten.argwhere.default": 0,
    "aten.masked_select.default": 1,
    "aten.index.Tensor": 1,
    "aten._unsafe_index.Tensor": 1,
    "aten.index_put.default": 1,
    "aten.index_put_.default": 1,
    "aten._index_put_impl_.default": 1,
    "aten.bincount.default": 0,
    "aten.repeat_interleave.Tensor": 0,
    "aten._unique2.default": 0,
    "aten.unique_dim.default": 0,
    "aten.unique_consecutive.default": 0,
    "aten._embedding_bag.default": 2,
    "aten._embedding_bag_forward_only.default": 2,
    "aten._pack_padded_sequence.default": 1,
}
DRAWN: dict[str, int | None] = {  # random numbers that hang on others: the result, or an argument
    "aten.multinomial.default": None,
    "aten.bernoulli.default": None,
    "aten.poisson.default": None,
    "aten.rrelu_with_noise.default": 1,
}
UNKNOWN = "it branches on numbers"
CONSTANT = "it takes a number out of a tensor, so that no slope goes through it"


class Way:
    """The answers to what a program reads of its numbers, in turn, and what must hold for them."""

    def __init__(self, answers: tuple):
        self.left, self.held = list(answers), []

    def read(self, value: Any) -> Any:
        """The next answer; `value` is what it should be, None for a constant of the program.

        Raises NotTraced where none is known, or it is no boolean or integer.
        """
        answer = self.next()
        if value is not None:
            if not isinstance(answer, bool | int):
                raise NotTraced(CONSTANT)
            self.held.append(jnp.all(jnp.asarray(value) == answer))
        return answer

    def known(self, value: Any) -> np.ndarray:
        """The same of a whole array that says how large others are."""
        if isinstance(value, np.ndarray):  # a constant of the program, which needs no answer
            del self.left[:1]
            return value
        answer = np.asarray(self.next())
        self.held.append(jnp.array_equal(value, answer))
        return answer

    def drawn(self) -> np.ndarray:
        """Random numbers at the point of the trace.  Raises NotTraced where they are not known."""
        return np.asarray(self.next())

    def dtype(self) -> str:
        """Of what is drawn next; empty where it is not known."""
        return self.left.pop(0) if self.left and isinstance(self.left[0], str) else ""

    def next(self) -> Any:
        """The next answer.  Raises NotTraced where there is none."""
        while self.left and isinstance(self.left[0], str):
            self.left.pop(0)
        if not self.left:
            raise NotTraced(UNKNOWN)
        return self.left.pop(0)

    def kept(self, out: Any) -> Any:
        """An output where the program goes this way, NaN where it goes another."""
        out = jnp.asarray(out)
        for held in self.held if jnp.issubdtype(out.dtype, jnp.inexact) else ():
            out = jnp.where(held, out, jnp.nan)
        return out


def deciding(torch: Any, name: str, args: tuple) -> list:
    """The tensors that decide how large a result is: integers and masks."""
    if name not in SIZED:
        return []
    one = args[SIZED[name]]
    tensors = one if isinstance(one, list | tuple) else [one]
    is_listed = isinstance(one, list | tuple)
    masks = (torch.bool, torch.uint8)
    return [x for x in tensors if x is not None and (not is_listed or x.dtype in masks)]


def drawn(func: Any, args: tuple, out: Any) -> list:
    """What an operator has drawn, where that hangs on numbers."""
    place = DRAWN.get(str(func), False)
    return [] if place is False else [out if place is None else args[place]]


def in_dtype(torch: Any, func: Any, args: tuple, out: Any) -> list[str]:
    """The dtype of what an operator has drawn: other numbers are drawn in others."""
    is_seeded = torch.Tag.nondeterministic_seeded in getattr(func, "tags", ())
    if str(func) in DRAWN or not is_seeded or "attention" in str(func):
        return []
    first = out[0] if isinstance(out, list | tuple) else out
    return [str(first.dtype).removeprefix("torch.")]


def reads(way: tuple) -> bool:
    """Whether numbers are read on it, and not only drawn."""
    return any(not isinstance(x, str) for x in way)


def turns(way: tuple) -> bool:
    """Whether what is read may send the program another way."""
    return any(not isinstance(x, str | Seen | float) for x in way)


def taken(torch: Any, run: Callable[[], Any], stops: frozenset = frozenset()) -> tuple:
    """What the program reads of its numbers at a point, in turn, by PyTorch itself.

    And what the operators of `stops` do there.
    """
    from torch.utils._python_dispatch import (  # pyright: ignore[reportMissingImports]
        TorchDispatchMode,
    )

    found, looks = [], [True]

    def forward(rule: Any, own: Callable, *args: Any, **kwargs: Any) -> Any:
        if boundaries.label(rule) not in stops or not looks[0]:
            return own(*args, **kwargs)
        looks[0] = False
        try:
            out = own(*args, **kwargs)
            given = boundaries.inputs_of(torch, rule, args), kwargs
            found.append(boundaries.seen(torch, rule.apply, given, out))
        finally:
            looks[0] = True
        return out

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            if not looks[0]:
                return func(*args, **(kwargs or {}))
            if str(func) in stops:
                out, given = func(*args, **(kwargs or {})), (args, kwargs or {})
                found.append(boundaries.seen(torch, func, given, out))
                return out
            found.extend(array(torch, x.clone()) for x in deciding(torch, str(func), args))
            out = func(*args, **(kwargs or {}))
            if str(func) in READS:
                found.append(out)
            found.extend(array(torch, x.clone()) for x in drawn(func, args, out))
            found.extend(in_dtype(torch, func, args, out))
            return out

    eager, apart = torch.compiler.set_stance("force_eager"), into_programs()()
    with eager, apart, Watch(), boundaries.forwards(torch, forward):
        run()
    return tuple(found)


def key(way: tuple) -> tuple:
    """What two equal ways have in common; NaN is like itself."""
    arrays = [np.asarray(x.beside and x.beside.x if isinstance(x, Seen) else x) for x in way]
    return tuple((x.shape, x.dtype.str, x.tobytes()) for x in arrays)
