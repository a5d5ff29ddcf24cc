"""Whether the code of a function, or of one that it calls, names PyTorch."""

import functools
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any


def names_torch(of: Callable, torch: Any) -> bool:
    """By the globals and the closure that the code reads, through functions of the same people."""
    return _names(of, torch, set())


def _names(of: Any, torch: Any, seen: set[int]) -> bool:
    if id(of) in seen:
        return False
    seen.add(id(of))
    if is_torchs(of, torch):
        return True
    if isinstance(of, functools.partial):
        return any(_names(part, torch, seen) for part in (of.func, *of.args, *of.keywords.values()))
    wrapped = getattr(of, "__wrapped__", None)
    function = getattr(of, "__func__", of)
    if not isinstance(function, FunctionType):
        called = vars(type(of)).get("__call__")
        return isinstance(called, FunctionType) and _names(called, torch, seen)
    if (function.__module__ or "").partition(".")[0] in ("jax", "numpy", "verification"):
        return False
    return _names(wrapped, torch, seen) or any(_names(x, torch, seen) for x in read(function))


def is_torchs(x: Any, torch: Any) -> bool:
    """The module, one of its parts, a tensor or a module of its, or something it has made."""
    if isinstance(x, torch.Tensor | torch.nn.Module):
        return True
    if isinstance(x, type) and issubclass(x, torch.nn.Module | torch.autograd.Function):
        return True
    own = x.__name__ if isinstance(x, ModuleType) else getattr(x, "__module__", None)
    return isinstance(own, str) and own.partition(".")[0] == "torch"


def read(function: FunctionType) -> Iterator[Any]:
    """What the code of a function reads from outside."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a name that has no value yet
            continue
    names = set(_codes_names(function.__code__))
    yield from (function.__globals__[name] for name in names & set(function.__globals__))


def _codes_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _codes_names(const)


def is_compiled(of: Any, torch: Any) -> bool:
    """A function under torch.compile, or of TorchScript."""
    return hasattr(of, "_torchdynamo_orig_callable") or isinstance(of, torch.jit.ScriptFunction)
