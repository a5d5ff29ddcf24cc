"""PyTorch: functions of tensors, modules and autograd.Functions, by their own autograd.

Arrays become tensors and back through DLPack, without a copy; bfloat16 goes by its bits.  Modules
and autograd.Functions are known at sight; plain functions go through `derivative`, and gradients
written by hand on tensors through `on_tensors`.
"""

import contextlib
import inspect
import sys
import warnings
from collections.abc import Callable
from typing import Any

import jax
import ml_dtypes
import numpy as np

from .function import Function
from .jax_function import TANGENTS
from .trees import inward, mapped, outward


def derivative(f: Callable) -> Function:
    """The candidate that autograd's derivative of f is; f takes tensors and returns tensors.

    f may be a plain function, a subclass of torch.autograd.Function, or a module: its parameters,
    if it has any, come as the first argument, a dict with their names.
    Raises ImportError without PyTorch, TypeError for what is not callable.
    """
    import torch  # pyright: ignore[reportMissingImports]

    if isinstance(f, type) and issubclass(f, torch.autograd.Function):
        return _function(torch, f.apply, f.__name__)
    if isinstance(f, torch.nn.Module):
        return _function(torch, with_parameters(torch, f), type(f).__name__)
    if not callable(f):
        raise TypeError(f"f is {f!r}; pass a function of tensors, a module or a Function")
    return _function(torch, f, getattr(f, "__name__", "f"))


def _function(torch, f: Callable, name: str) -> Function:
    again = lambda argnums: _function(torch, pulled(torch, f, argnums), name)
    return Function(name, lambda argnums: answers(torch, f, argnums), again=again)


def on_tensors(gradient: Callable) -> Callable:
    """A gradient written by hand on tensors, as one on NumPy arrays."""

    def on_arrays(*args):
        torch = sys.modules["torch"]
        found = gradient(*mapped(lambda x: tensor(torch, x), args))
        return mapped(lambda x: array(torch, x), found)

    on_arrays.__name__ = getattr(gradient, "__name__", "on_tensors")
    vars(on_arrays)["of_tensors"] = gradient
    with contextlib.suppress(TypeError, ValueError):  # some callables tell nobody
        vars(on_arrays)["__signature__"] = inspect.signature(gradient)
    return on_arrays


def recognised(candidate: Any) -> Function | None:
    """Modules and autograd.Functions; PyTorch is not imported to find out."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    applied = getattr(candidate, "__name__", "") == "apply"
    own = getattr(candidate, "__self__", candidate) if applied else candidate
    is_function = isinstance(own, type) and issubclass(own, torch.autograd.Function)
    if isinstance(own, torch.autograd.Function):
        kind = type(own).__name__
        raise TypeError(f"gradient is an object of {kind}; hand over the class itself: {kind}")
    if isinstance(own, type) and issubclass(own, torch.nn.Module):
        raise TypeError(f"gradient is the class {own.__name__}; hand over a module that it makes")
    return derivative(own) if is_function or isinstance(own, torch.nn.Module) else None


def with_parameters(torch, module) -> Callable:
    """module(*inputs), or with its parameters first; raises ValueError for other names."""
    names = {name for name, _ in module.named_parameters()}

    def run(*args):
        if not names:
            return module(*args)
        first = args[0] if args else None
        if not isinstance(first, dict) or set(first) != names:
            said = ", ".join(sorted(names))
            raise ValueError(
                f"the first argument must be a dict of the module's parameters: {said}"
            )
        return torch.func.functional_call(module, first, args[1:])

    run.during = lambda args, body: _during(torch, module, names, args, body)
    return run


def _during(torch, module, names: set[str], args: tuple, body: Callable) -> Any:
    """body(the module), while its parameters are args[0]: a checkpoint runs it again on the way
    back, and must find them."""
    first = args[0] if args else None
    if not names or not isinstance(first, dict) or set(first) != names:
        return body(with_parameters(torch, module))
    return holding(torch, module, first, lambda: body(lambda _, *inputs: module(*inputs)))


def holding(torch, module, held: dict, body: Callable) -> Any:
    """body(), while the module has these tensors for its own."""
    around = torch.nn.Module()
    around.module, around.forward = module, body
    named = {f"module.{name}": x for name, x in held.items()}
    return torch.func.functional_call(around, named, ())


def answers(
    torch, f: Callable, argnums: tuple[int, ...], ahead: bool = False, batched: bool = False
) -> Callable:
    """(*args, cotangent) -> leaves of the value, and of the slopes that autograd has.

    By forward mode again where `ahead`; from a batch of two cotangents where `batched`.
    """

    slopes = on_tensors_of(torch, f, argnums, ahead, batched)
    return lambda *args: [array(torch, x) for x in slopes(*args)]


def on_tensors_of(
    torch, f: Callable, argnums: tuple[int, ...], ahead: bool = False, batched: bool = False
) -> Callable:
    """`answers`, of arrays or tensors, as tensors."""

    def answer(*args) -> list:
        *inputs, cotangent = args
        tensors = inward(mapped(lambda x: tensor(torch, x), tuple(inputs)))
        chosen = jax.tree.leaves([tensors[i] for i in argnums])
        picked = [x.requires_grad_() for x in chosen if x.is_floating_point() or x.is_complex()]
        above = [tensor(torch, c) for c in jax.tree.leaves(cotangent)]

        def body(f: Callable) -> tuple[list, tuple]:
            value = jax.tree.leaves(inward(f(*mapped(lambda x: x, tensors)), recorded=True))
            pairs = zip(above, value, strict=True)
            pairs = [(v, c.to(v.dtype)) for c, v in pairs if v.requires_grad]
            heads = [[*column] for column in zip(*pairs, strict=True)] or [[], []]
            return value, pulled_back(torch, heads[0], heads[1], picked, batched)

        during = getattr(f, "during", None)
        value, slopes = body(f) if during is None else during(outward(tensors), body)
        again = forward(torch, f, tensors, argnums, above) if ahead and small(picked) else []
        pairs = zip(picked, slopes, strict=True)
        return [*value, *(torch.zeros_like(x) if g is None else g for x, g in pairs), *again]

    return answer


def pulled(torch, f: Callable, argnums: tuple[int, ...]) -> Callable:
    """(*args, cotangent) -> leaves of the pullback, on tensors, to be differentiated again."""

    def slopes(*args) -> list:
        *inputs, cotangent = inward(args, recorded=True)
        picked = [x for i in argnums for x in jax.tree.leaves(inputs[i]) if x.is_floating_point()]
        value = jax.tree.leaves(inward(f(*outward(tuple(inputs))), recorded=True))
        above = jax.tree.leaves(cotangent)
        found = torch.autograd.grad(value, picked, above, create_graph=True, allow_unused=True)
        pairs = zip(picked, found, strict=True)
        return [torch.zeros_like(x) if g is None else g for x, g in pairs]

    return slopes


def pulled_back(torch, outs: list, above: list, picked: list, batched: bool) -> tuple:
    """Slopes by autograd; with a second cotangent beside each, -2 times it, where `batched`."""
    if not batched:
        return torch.autograd.grad(outs, picked, above, allow_unused=True)
    both = [torch.stack([c, -2.0 * c]) for c in above]
    found = torch.autograd.grad(outs, picked, both, allow_unused=True, is_grads_batched=True)
    return tuple(None if g is None else g[0] for g in found)


def small(picked: list) -> bool:
    """Whether forward mode is asked for every entry, which are real."""
    return sum(x.numel() for x in picked) <= TANGENTS and not any(x.is_complex() for x in picked)


def forward(*asked) -> list:
    """`ahead`, in spite of what PyTorch warns of in its own rules."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return tangents(*asked)


def tangents(torch, f: Callable, tensors: Any, argnums: tuple[int, ...], above: list) -> list:
    """d <value, above> in every entry, by one tangent each."""
    plain = jax.tree.map(lambda x: x.detach(), tensors)
    found = []
    leaves, tree = jax.tree.flatten([plain[i] for i in argnums])
    for k, leaf in enumerate(leaves):
        if not leaf.is_floating_point():
            continue
        slope = torch.zeros_like(leaf)
        for j in range(leaf.numel()):
            tangent = torch.zeros_like(leaf)
            tangent.view(-1)[j] = 1.0
            with torch.autograd.forward_ad.dual_level():
                dual = torch.autograd.forward_ad.make_dual(leaf, tangent)
                parts = jax.tree.unflatten(tree, [*leaves[:k], dual, *leaves[k + 1 :]])
                whole = dict(enumerate(plain)) | dict(zip(argnums, parts, strict=True))
                outs = f(*outward(tuple(whole[i] for i in range(len(plain)))))
                slope.view(-1)[j] = along(torch, jax.tree.leaves(outs), above)
        found.append(slope)
    return found


def along(torch, outs: list, above: list) -> Any:
    """<above, the tangents of outs>."""
    total = 0.0
    for out, c in zip(outs, above, strict=True):
        tangent = torch.autograd.forward_ad.unpack_dual(out).tangent
        total = total + (0.0 if tangent is None else (tangent * c.to(tangent.dtype)).sum())
    return total


def tensor(torch, x):
    """The array as a tensor that shares its memory."""
    if not isinstance(x, np.ndarray | np.generic | jax.Array | float):
        return x
    x = np.asarray(x)
    if x.dtype == ml_dtypes.bfloat16:
        return torch.from_dlpack(x.view(np.int16)).view(torch.bfloat16)
    return torch.from_dlpack(x)


def array(torch, x) -> Any:
    """The tensor as an array that shares its memory; anything else as it is."""
    if not isinstance(x, torch.Tensor):
        return x
    x = x.detach().to_dense() if x.layout is not torch.strided else x.detach()
    x = x.resolve_conj().resolve_neg()
    if x.dtype == torch.bfloat16:
        bits = np.from_dlpack(x.contiguous().view(torch.int16))
        return bits.view(ml_dtypes.bfloat16)
    return np.from_dlpack(x)
