"""PyTorch's version of every activation, loss and layer that refnet has."""

from collections.abc import Callable, Iterator
from typing import Any

import refnet

from ..adapters.torch_function import derivative
from ..inputs import draws

Piece = tuple[str, str, Any, Callable, Callable]  # implementation, function, candidate, of, sample


def pieces() -> Iterator[Piece]:
    """Raises ImportError without PyTorch."""
    import torch  # pyright: ignore[reportMissingImports]

    f = torch.nn.functional
    for name, theirs in activations(torch, f).items():
        yield f"torch {name}", name, derivative(theirs), refnet.ACTIVATIONS[name], ordinary
    for name, (theirs, sample) in losses(f).items():
        yield f"torch {name}", name, derivative(theirs), refnet.LOSSES[name], sample
    linear = derivative(lambda layer, x: f.linear(x, layer.w.T, layer.b))
    yield "torch linear", "dense", linear, refnet.dense, dense_sample


def ordinary(rng) -> tuple:
    """From 1/32 to 4: beyond, the slopes of tanh and gelu lose their digits in float64, too."""
    return (draws.reals(rng, 3, 5),)


def activations(torch, f) -> dict[str, Callable]:
    return {
        "identity": lambda z: z * 1.0,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": f.leaky_relu,
        "softplus": f.softplus,
        "gelu": f.gelu,
        "gelu_tanh": lambda z: f.gelu(z, approximate="tanh"),
        "silu": f.silu,
    }


def losses(f) -> dict[str, tuple[Callable, Callable]]:
    classes = lambda rng: (draws.reals(rng, 4, 3), draws.classes(rng, 4, count=3))
    return {
        "mse": (f.mse_loss, lambda rng: (draws.reals(rng, 4, 3), draws.reals(rng, 4, 3))),
        "binary_cross_entropy": (
            f.binary_cross_entropy,
            lambda rng: (draws.probabilities(rng, 6), draws.labels(rng, 6)),
        ),
        "binary_cross_entropy_with_logits": (
            f.binary_cross_entropy_with_logits,
            lambda rng: (draws.reals(rng, 6, high=8.0), draws.labels(rng, 6)),
        ),
        "softmax_cross_entropy": (
            f.cross_entropy,
            lambda rng: (draws.reals(rng, 4, 3), draws.targets(rng, 4, 3)),
        ),
        "softmax_cross_entropy_with_integer_labels": (f.cross_entropy, classes),
    }


def dense_sample(rng) -> tuple:
    layer = refnet.Dense(draws.reals(rng, 5, 3), draws.reals(rng, 3))
    return layer, draws.reals(rng, 4, 5)
