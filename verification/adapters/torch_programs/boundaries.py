"""Operators that leave PyTorch: measured where a program comes to them, and one node of the trace.

What cannot be traced through is a custom operator (NumPy, a kernel), the forward pass of an
autograd.Function, an ATen operator without a line.  At each point its value is what it answers
there, and its slopes are measured (oracles/jacobian.py); all that is around it is traced as ever.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...oracles.beside import beside
from ...oracles.jacobian import Local, local
from ...vocabulary import Silent
from ..torch_function import array, tensor
from .memory import NotTraced

SAID = "{} is measured where the program comes to it, by differences; the rest is traced"


class Boundary(NotTraced):
    """An operator that cannot be traced through, by name."""

    def __init__(self, name: str, said: str):
        super().__init__(said)
        self.name = name


class Seen(NamedTuple):
    """What an operator did at a point: beside it, and the shapes of what it answers."""

    why: str  # why it is not known beside the point; empty where it is
    beside: Local | None
    outs: list  # its outputs: an array, or for floating-point ones (shape, dtype)
    tree: Any


def tensors_in(torch: Any, given: Any) -> list:
    return [x for x in torch.utils._pytree.tree_leaves(given) if isinstance(x, torch.Tensor)]


def is_real(x: Any) -> bool:
    return x.is_floating_point() and x.numel() > 0


# --- seen ---------------------------------------------------------------------------------------


def seen(torch: Any, call: Callable, given: tuple, out: Any) -> Seen:
    """What the operator call(*args, **kwargs) is beside the point (args, kwargs)."""
    from torch.utils._python_dispatch import (  # pyright: ignore[reportMissingImports]
        _disable_current_modes,
    )

    leaves, tree = torch.utils._pytree.tree_flatten(out)
    known = [
        (tuple(x.shape), x.dtype) if isinstance(x, torch.Tensor) and is_real(x) else x
        for x in leaves
    ]
    known = [array(torch, x) if isinstance(x, torch.Tensor) else x for x in known]
    complex_ones = [x for x in (*tensors_in(torch, given), *leaves) if is_complex(torch, x)]
    try:
        if complex_ones:
            raise Silent("it has complex numbers")
        with _disable_current_modes(), torch.no_grad():
            flat, x = flattened(torch, call, given)
            found = local(flat, x, np.random.default_rng(0))
    except Silent as said:
        return Seen(str(said), None, known, tree)
    return Seen("", found, known, tree)


def is_complex(torch: Any, x: Any) -> bool:
    return isinstance(x, torch.Tensor) and x.is_complex()


def flattened(torch: Any, call: Callable, given: tuple) -> tuple[Callable, np.ndarray]:
    """The operator as a function of the numbers of its tensors in one row, and these.

    In float64, where it answers float64 then; else in the dtypes of its tensors.
    """
    leaves, tree = torch.utils._pytree.tree_flatten(given)
    moving = [k for k, x in enumerate(leaves) if isinstance(x, torch.Tensor) and is_real(x)]
    own = [leaves[k].detach().clone() for k in moving]
    ends = np.cumsum([0, *(x.numel() for x in own)])

    def at(point: np.ndarray, dtypes: list) -> np.ndarray:
        put = list(leaves)
        for k, like, dtype, low in zip(moving, own, dtypes, ends[:-1], strict=True):
            part = tensor(torch, point[low : low + like.numel()].copy())
            put[k] = part.reshape(like.shape).to(dtype)
        args, kwargs = torch.utils._pytree.tree_unflatten(put, tree)
        outs = [x for x in tensors_in(torch, call(*args, **kwargs)) if is_real(x)]
        if dtypes is wide and any(x.dtype != torch.float64 for x in outs):
            raise Silent("it answers fewer digits than it is given")
        rows = [np.asarray(array(torch, x.detach()), np.float64).ravel() for x in outs]
        return np.concatenate([np.zeros(0), *rows])

    wide, as_given = [torch.float64] * len(own), [x.dtype for x in own]
    rows = [np.asarray(array(torch, x), np.float64).ravel() for x in own]
    here = np.concatenate([np.zeros(0), *rows])
    dtypes = wide if answers(at, here, wide) is not None else as_given
    if (first := answers(at, here, dtypes)) is None:
        raise Silent("it raises at the numbers that it was seen with")
    none = np.full(first.size, np.nan)
    values = lambda point: none if (found := answers(at, point, dtypes)) is None else found
    return lambda points: np.array([values(point) for point in points]), here


def answers(at: Callable, point: np.ndarray, dtypes: list) -> np.ndarray | None:
    try:
        return at(point, dtypes)
    except Exception:  # somebody's operator, where it was never meant to go
        return None


# --- traced -------------------------------------------------------------------------------------


def traced(inside: Any, name: str, given: tuple) -> Any:
    """The tensors that it answers: y + J d + d H d / 2, d how far the numbers are from the point.

    Raises NotTraced where it is not known beside the point.
    """
    torch, known = inside.torch, inside.way.next()
    assert isinstance(known, Seen)
    if known.beside is None:
        raise NotTraced(f"it cannot be traced through {name}, and {known.why}")
    rows = [jnp.ravel(inside.value(x)) for x in tensors_in(torch, given) if is_real(x)]
    dtype = jax.dtypes.canonicalize_dtype(np.float64)
    flat = beside(known.beside, jnp.concatenate([row.astype(dtype) for row in rows]))
    flat = jax.lax.stop_gradient(flat) if inside.cut else flat
    outs, low = [], 0
    for one in known.outs:
        if isinstance(one, tuple):
            shape, kind = one
            part = flat[low : low + int(np.prod(shape))].reshape(shape)
            low, one = low + part.size, inside.made(part.astype(inside.dtype_of(kind)))
        outs.append(inside.made(one))
    return torch.utils._pytree.tree_unflatten(outs, known.tree)


# --- autograd.Function --------------------------------------------------------------------------


def label(rule: type) -> str:
    return f"{rule.__module__}.{rule.__qualname__}"


def names_of(original: Any) -> set[str]:
    """What a boundary would be called that is all of the program."""
    if isinstance(original, type):
        return {label(original)}
    own = getattr(original, "_opoverload", original)
    return {str(own), f"{own}.default"}


@contextmanager
def forwards(torch: Any, instead: Callable) -> Iterator[None]:
    """instead(rule, forward, *args) for the forward pass of every autograd.Function of a person."""
    found = [rule for rule in subclasses(torch.autograd.Function) if is_persons(rule)]
    before = {rule: vars(rule)["forward"] for rule in found}

    def around(rule: type, forward: Callable) -> staticmethod:
        ask = functools.wraps(forward)(lambda *args, **kw: instead(rule, forward, *args, **kw))
        return staticmethod(ask)

    try:
        for rule, forward in before.items():
            rule.forward = around(rule, getattr(forward, "__func__", forward))
        yield
    finally:
        for rule, forward in before.items():
            rule.forward = forward


def subclasses(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def is_persons(rule: type) -> bool:
    return "forward" in vars(rule) and rule.__module__.partition(".")[0] != "torch"


def inputs_of(torch: Any, rule: Any, args: tuple) -> tuple:
    """What a forward pass takes beside its context."""
    has_setup = rule.setup_context is not torch.autograd.function._SingleLevelFunction.setup_context
    return args if has_setup else args[1:]
