"""A function, and right gradients of it as people write them: an entry of the corpus."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...derivations import ALL
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
    known: Derivation = ALL[name]
    return Spelled(known.function, known.draw, right, known.argnums, **options)


class ByTorch(NamedTuple):
    """PyTorch's own derivative of a function of tensors; raises ImportError without PyTorch."""

    function: Callable
    argnums: tuple[int, ...]
    needs = "torch"

    def __call__(self, *args: Any) -> tuple:
        import torch  # pyright: ignore[reportMissingImports]

        number = self.function.__code__.co_argcount
        tensors = list(jax.tree.map(_tensor, args))
        leaves, structure = jax.tree.flatten([tensors[i] for i in self.argnums])
        leaves = [leaf.requires_grad_() for leaf in leaves]
        for i, arg in zip(self.argnums, jax.tree.unflatten(structure, leaves), strict=True):
            tensors[i] = arg
        out = jax.tree.leaves(self.function(*tensors[:number]))
        above = jax.tree.leaves(tensors[number]) if len(args) > number else None
        found = torch.autograd.grad(out, leaves, above)
        likes = jax.tree.leaves([args[i] for i in self.argnums])
        arrays = [_array(tensor, like) for tensor, like in zip(found, likes, strict=True)]
        return tuple(jax.tree.unflatten(structure, arrays))


def torch_of(function: Callable, argnums: tuple[int, ...] = (0,)) -> ByTorch:
    return ByTorch(function, argnums)


def jax_of(function: Callable, argnums: tuple[int, ...] = (0,)) -> Callable:
    """JAX's own derivative of a function of arrays, compiled once for a shape and dtype."""

    @jax.jit
    def gradient(*args):
        number = function.__code__.co_argcount
        out, pull = jax.vjp(function, *args[:number])
        pulled = pull(args[number] if len(args) > number else jax.tree.map(jnp.ones_like, out))
        return tuple(pulled[i] for i in argnums)

    return gradient


def _tensor(array):
    import torch  # pyright: ignore[reportMissingImports]

    array = np.asarray(array)
    if str(array.dtype) == "bfloat16":
        return torch.tensor(array.astype(np.float32)).to(torch.bfloat16)
    return torch.tensor(array)


def _array(tensor, like):
    import torch  # pyright: ignore[reportMissingImports]

    wide = tensor.detach()
    wide = wide.to(torch.float32) if wide.dtype == torch.bfloat16 else wide
    return wide.numpy().astype(np.asarray(like).dtype)
