"""A function, and right gradients of it as people write them: an entry of the corpus."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...derivations import ALL
from ...derivations.layers import LAYERS
from ...vocabulary import Derivation


class Spelled(NamedTuple):
    """One function, where it is looked at, and its gradients by many hands.

    of       in JAX
    draw     draw(rng) -> its arguments
    right    who wrote it -> gradient(*args), or gradient(*args, cotangent) where `of` is an array
    scales   the arguments `scaled` are multiplied by each: large ones saturate
    """

    of: Callable
    draw: Callable[[np.random.Generator], tuple]
    right: Mapping[str, Callable]
    argnums: tuple[int, ...] = (0,)
    scales: tuple[float, ...] = (0.25, 1.0)
    scaled: tuple[int, ...] = (0,)


def derived(name: str, right: Mapping[str, Callable], **options: Any) -> Spelled:
    """Spellings of a function that is derived by hand here."""
    known: Derivation = {**ALL, **LAYERS}[name]
    return Spelled(known.function, known.draw, right, known.argnums, **options)


def torch_of(function: Callable, argnums: tuple[int, ...] = (0,)) -> Callable:
    """PyTorch's own derivative of a function of tensors; raises ImportError without PyTorch."""

    def gradient(*args):
        import torch  # pyright: ignore[reportMissingImports]

        tensors = [_tensor(a) for a in args]
        chosen = [tensors[i].requires_grad_() for i in argnums]
        number = function.__code__.co_argcount
        out = function(*tensors[:number])
        above = tensors[number] if len(args) > number else None
        return tuple(
            map(_array, torch.autograd.grad(out, chosen, above), [args[i] for i in argnums])
        )

    return gradient


def _tensor(array):
    import torch  # pyright: ignore[reportMissingImports]

    array = np.asarray(array)
    if str(array.dtype) == "bfloat16":
        return torch.tensor(array.astype(np.float32)).to(torch.bfloat16)
    return torch.tensor(array)


def _array(tensor, like):
    wide = tensor.detach()
    import torch  # pyright: ignore[reportMissingImports]

    wide = wide.to(torch.float32) if wide.dtype == torch.bfloat16 else wide
    return wide.numpy().astype(np.asarray(like).dtype)
