"""Random numbers of a program: drawn once from a held seed, and constants of it from then on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..torch_function import array
from .branches import DRAWN
from .memory import NotTraced

SEED = 0


@contextmanager
def held(torch) -> Iterator[None]:
    """PyTorch's generator at the held seed, and as it was after."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        yield


def drawn(inside: Any, func: Any, args: tuple, kwargs: dict) -> Any:
    """What the operator draws: by PyTorch itself, where it reads no numbers of the program.

    Raises NotTraced where it does.
    """
    torch = inside.torch
    if (place := DRAWN.get(str(func), False)) is not False:
        found = inside.way.drawn()
        return found if place is None else inside.value(args[0]) * found
    if str(func) in MASKED:
        return MASKED[str(func)](inside, *args, **kwargs)
    if str(func) not in BLIND and any(
        isinstance(x, torch.Tensor) and inside.memory.has(x) for x in args
    ):
        raise NotTraced(f"its random operator {func} reads numbers of the program")
    dtype = float_of(inside)
    if dtype is not None and kwargs.get("dtype") is not None:
        kwargs = kwargs | {"dtype": dtype}
    with torch._C._DisableTorchDispatch():
        real = [blank(torch, x, dtype) if isinstance(x, torch.Tensor) else x for x in args]
        found = func(*real, **{k: v for k, v in kwargs.items() if k != "generator"})
        return np.array(array(torch, found))


def float_of(inside: Any) -> Any:
    """The floating-point dtype that is drawn in next; None where it is none, or as it is said."""
    dtype = getattr(inside.torch, inside.way.dtype() or "int64")
    return dtype if dtype.is_floating_point else None


def blank(torch: Any, x: Any, dtype: Any = None) -> Any:
    """Zeros in the strides of x: numbers are drawn in the order in which they lie in memory."""
    return torch.empty_strided(tuple(x.shape), x.stride(), dtype=dtype or x.dtype).zero_()


def _native_dropout(inside: Any, x: Any, p: float, train: bool | None) -> Any:
    """x times a mask of 0 and 1 / (1 - p), and whether it is not 0."""
    if train is False or p == 0.0:
        return inside.value(x), jnp.ones(tuple(x.shape), bool)
    if p == 1.0:
        return jnp.zeros(tuple(x.shape)), jnp.zeros(tuple(x.shape), bool)
    torch, dtype = inside.torch, float_of(inside)
    with torch._C._DisableTorchDispatch():
        kept = blank(torch, x, dtype).bernoulli_(1.0 - p).bool()
        mask = np.array(array(torch, kept))
    return inside.value(x) * mask * (1.0 / (1.0 - p)), mask


def _normal(inside: Any, mean: Any, std: Any, **_: Any) -> Any:
    """mean + std z; PyTorch says that a sample has no slope."""
    torch = inside.torch
    parts = [inside.value(x) for x in (mean, std)]
    shape = np.broadcast_shapes(*(np.shape(x) for x in parts))
    dtype = next(x.dtype for x in (mean, std) if isinstance(x, torch.Tensor))
    dtype = float_of(inside) or dtype
    with torch._C._DisableTorchDispatch():
        z = np.array(array(torch, torch.empty(shape, dtype=dtype).normal_()))
    first, second = (jax.lax.stop_gradient(x) for x in parts)
    return first + second * z


MASKED = {
    "aten.native_dropout.default": _native_dropout,
    "aten.normal.Tensor_Tensor": _normal,
    "aten.normal.Tensor_float": _normal,
    "aten.normal.float_Tensor": _normal,
}
BLIND = {  # they read the shape and the dtype of their tensor alone
    "aten.bernoulli_.float",
    "aten.bernoulli.p",
    "aten.uniform_.default",
    "aten.normal_.default",
    "aten.exponential_.default",
    "aten.geometric_.default",
    "aten.cauchy_.default",
    "aten.log_normal_.default",
    "aten.random_.default",
    "aten.random_.to",
    "aten.random_.from",
    "aten.rand_like.default",
    "aten.randn_like.default",
    "aten.randint_like.default",
    "aten.randint_like.low_dtype",
}
