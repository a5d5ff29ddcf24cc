"""PyTorch's autograd of a multilayer perceptron, on the CPU, with one thread.

Two spellings of the same functions:

careful     operations whose slopes, as autograd composes them, keep their digits everywhere
built in    torch.tanh, torch.sigmoid, softplus, gelu and the losses of torch.nn.functional: their
            slopes are 1 - a^2, a (1 - a), softplus linear beyond 20, 1 + erf and s(z) - y, which
            lose their digits where units saturate
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np

from refnet import Dense

ROOT_2 = 2.0**0.5


def gradient(activation: str, loss: str, built_in: bool = False) -> Callable:
    """gradient(params, x, y) -> d loss / d params of an mlp, as Dense of NumPy arrays.

    Raises ImportError without PyTorch, KeyError for a name that is not in the tables.
    """
    torch = _torch()
    f, of = ((BUILT_IN if built_in else CAREFUL) | SHARED)[activation], LOSSES[loss]
    value = BUILT_IN_LOSSES.get(loss, of) if built_in else of

    def backward(params: Sequence[Dense], x, y) -> tuple[Dense, ...]:
        leaves = [tensor(torch, part).requires_grad_() for layer in params for part in layer]
        a, y = (real(torch, data, leaves[0].dtype) for data in (x, y))
        for k in range(0, len(leaves), 2):
            a = torch.addmm(leaves[k + 1], f(torch, a) if k else a, leaves[k])
        slopes = torch.autograd.grad(value(torch, a, y), leaves)
        arrays: list[Any] = [array(torch, slope) for slope in slopes]
        return tuple(map(Dense, arrays[::2], arrays[1::2]))

    return backward


@functools.cache
def _torch():
    import torch  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)
    return torch


def tensor(torch, x):
    """A copy of a NumPy array; bfloat16 goes by its bits, which torch does not take from NumPy."""
    x = np.array(x)
    if x.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(x.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(x)


def real(torch, data, dtype):
    """Real data in the dtype of the weights; class labels as they are."""
    data = tensor(torch, data)
    return data.to(dtype) if data.is_floating_point() else data


def array(torch, x) -> np.ndarray:
    if x.dtype == torch.bfloat16:
        return x.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return x.numpy()


# --- careful ---------------------------------------------------------------------------------


def tanh(torch, z):
    """torch's own near 0; where its slope 1 - a^2 would cancel, (1 - e) / (1 + e), e = e^-2|z|."""
    near = z.abs() < 0.5
    e = torch.exp(-2.0 * torch.where(near, 1.0, z).abs())
    far = torch.sign(z) * ((1.0 - e) / (1.0 + e))
    return torch.where(near, torch.tanh(torch.where(near, z, 0.0)), far)


def sigmoid(torch, z):
    """1 - s(-z) where z > 0: the slope a (1 - a) of a small a keeps its digits."""
    small = torch.sigmoid(torch.where(z > 0, -z, z))
    return torch.where(z > 0, 1.0 - small, small)


def softplus(torch, z):
    return torch.where(z > 0, z, 0.0) + torch.log1p(torch.exp(torch.where(z > 0, -z, z)))


def gelu(torch, z):
    return z * (0.5 * torch.erfc(-z / ROOT_2))


SHARED: dict[str, Callable] = {"relu": lambda torch, z: torch.relu(z)}
CAREFUL: dict[str, Callable] = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "gelu": gelu,
}
BUILT_IN: dict[str, Callable] = {
    "tanh": lambda torch, z: torch.tanh(z),
    "sigmoid": lambda torch, z: torch.sigmoid(z),
    "softplus": lambda torch, z: torch.nn.functional.softplus(z),
    "gelu": lambda torch, z: torch.nn.functional.gelu(z),
}


def binary_cross_entropy_with_logits(torch, z, y):
    return ((1.0 - y) * softplus(torch, z) + y * softplus(torch, -z)).mean()


LOSSES: dict[str, Callable] = {
    "mse": lambda torch, z, y: torch.nn.functional.mse_loss(z, y),
    "softmax_cross_entropy_with_integer_labels": lambda torch, z, y: (
        torch.nn.functional.cross_entropy(z, y)
    ),
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
}
BUILT_IN_LOSSES: dict[str, Callable] = {
    "binary_cross_entropy_with_logits": lambda torch, z, y: (
        torch.nn.functional.binary_cross_entropy_with_logits(z, y)
    ),
}
