"""What goes into a PyTorch program and what comes out: arrays as tensors, and back."""

import dataclasses
import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..torch_function import array, tensor
from ..trees import outward


def is_narrow(leaf: Any) -> bool:
    kind = np.asarray(leaf).dtype
    return jnp.issubdtype(kind, jnp.floating) and kind != np.float64


def narrowed(leaf: Any) -> Any:
    return np.asarray(leaf, np.float32) if np.asarray(leaf).dtype == np.float64 else leaf


def widened(leaf: Any) -> Any:
    return np.asarray(leaf, np.float64) if is_narrow(leaf) else leaf


def given(torch: Any, leaves: list, tree: Any, records: bool = False) -> tuple:
    """The arguments of a program, of arrays."""
    tensors = [tensor(torch, np.array(leaf, order="C")) for leaf in leaves]
    for one in tensors if records else ():
        one.requires_grad_(one.is_floating_point() or one.is_complex())
    return outward(jax.tree.unflatten(tree, tensors))


def parameters(original: Any, is_module: bool) -> list[inspect.Parameter]:
    """What it takes, by name: of a module its parameters and what `forward` takes."""
    free = inspect.Parameter.POSITIONAL_ONLY
    is_rule = isinstance(original, type)
    called = original.forward if is_module or is_rule else original
    try:
        known = list(inspect.signature(called).parameters.values())
    except (TypeError, ValueError):  # some callables tell nobody
        return [inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)]
    if is_rule and "setup_context" not in vars(original):
        known = known[1:]  # the context
    first = ["params"] if is_module and "params" not in {p.name for p in known} else []
    return [*(inspect.Parameter(name, free) for name in first), *known]


def outputs(outs: Any, torch: Any, is_complex: bool = False) -> Any:
    return jax.tree.map(lambda x: array(torch, x), numbers_of(outs, torch, is_complex))


def numbers_of(outs: Any, torch: Any, is_complex: bool = False) -> Any:
    """The outputs that have a derivative: not indices, masks or None.

    Of complex ones both parts, along a last axis, but where the arguments are complex, too.
    """
    if isinstance(outs, torch.Tensor):
        return _numbers(outs, torch, is_complex)
    return jax.tree.map(lambda x: _numbers(x, torch, is_complex), opened(outs))


def _numbers(x: Any, torch: Any, is_complex: bool) -> Any:
    if not isinstance(x, torch.Tensor):
        return None
    if x.is_complex():
        return x if is_complex else torch.view_as_real(x.resolve_conj())
    return x if x.is_floating_point() else None


def opened(outs: Any) -> Any:
    """The named results of PyTorch, such as those of max along an axis, as tuples.

    And an instance of a dataclass as the dict of its fields.
    """
    if dataclasses.is_dataclass(outs) and not isinstance(outs, type):
        outs = {field.name: getattr(outs, field.name) for field in dataclasses.fields(outs)}
    return jax.tree.map(lambda x: tuple(x) if isinstance(x, tuple) else x, outs)
