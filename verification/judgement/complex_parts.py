"""A function of complex tensors as one of their real and imaginary parts, for forward mode."""

from collections.abc import Callable, Iterator
from typing import Any


def in_parts(torch: Any, func: Callable, tensors: tuple) -> tuple[Callable, tuple]:
    """func of two real tensors for each complex one, with two for a complex result; and those."""
    is_complex = [isinstance(x, torch.Tensor) and x.is_complex() for x in tensors]

    def whole(parts: Iterator) -> tuple:
        return tuple(
            torch.complex(next(parts), next(parts)) if pair else next(parts) for pair in is_complex
        )

    def real(*parts):
        outs = func(*whole(iter(parts)))
        outs = (outs,) if isinstance(outs, torch.Tensor) else outs
        split = lambda x: torch.view_as_real(x) if x.is_complex() else x
        return torch.utils._pytree.tree_map_only(torch.Tensor, split, outs)

    def apart(x: Any) -> tuple:
        leaves = (part.detach().clone() for part in (x.real, x.imag))
        return tuple(leaf.requires_grad_(x.requires_grad) for leaf in leaves)

    pairs = zip(tensors, is_complex, strict=True)
    return real, tuple(part for x, pair in pairs for part in (apart(x) if pair else (x,)))
