"""Outputs to which nothing comes back: their cotangents are undefined, which means 0."""

from collections.abc import Callable
from typing import Any


def filled(torch: Any, slopes: tuple, wanted: list) -> list:
    """None is 0."""
    return [torch.zeros_like(x) if g is None else g for g, x in zip(slopes, wanted, strict=True)]


def undefined_gradients(torch: Any, func: Callable, tensors: tuple) -> str:
    """What differs where the cotangents of all outputs but one are left out; empty where nothing.

    A cotangent of zeros adds zeros, so that the two answers are the same numbers.
    """
    outs = func(*tensors)
    if isinstance(outs, torch.Tensor):
        return ""
    wanted = [x for x in tensors if isinstance(x, torch.Tensor) and x.requires_grad]
    heads = [x for x in outs if isinstance(x, torch.Tensor) and x.requires_grad]
    for k, head in enumerate(heads if len(heads) > 1 else ()):
        zeros = [torch.ones_like(x) if x is head else torch.zeros_like(x) for x in heads]
        asked: dict[str, Any] = {"retain_graph": True, "allow_unused": True}
        try:
            alone = torch.autograd.grad(head, wanted, torch.ones_like(head), **asked)
        except Exception as error:  # somebody's backward, where a cotangent is None
            return f"with only output {k} used, its backward raised {type(error).__name__}: {error}"
        whole = torch.autograd.grad(heads, wanted, zeros, **asked)
        if not all(map(torch.equal, filled(torch, alone, wanted), filled(torch, whole, wanted))):
            return f"with only output {k} used, its gradient is not that with zeros for the others"
    return ""
