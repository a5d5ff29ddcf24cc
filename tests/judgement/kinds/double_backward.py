"""x^3 as a Function of PyTorch, whose backward is differentiated again or holds x still."""

from collections.abc import Callable

import pytest


def cubes_of_pytorch() -> Callable:
    """cube(keep): the slope 3 keep(x)^2; skips the test where PyTorch is missing."""
    torch = pytest.importorskip("torch")

    def cube(keep):
        class Cube(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x**3

            @staticmethod
            def backward(ctx, d):
                (x,) = ctx.saved_tensors
                return 3 * keep(x) ** 2 * d

        return Cube

    return cube
