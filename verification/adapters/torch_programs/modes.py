"""PyTorch's and JAX's state while a program is traced: who is asked for each operator."""

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax

from . import random_numbers


@contextmanager
def tracing() -> Iterator[Any]:
    """PyTorch's and JAX's state while a program runs without numbers, and as it was after."""
    import torch  # pyright: ignore[reportMissingImports]
    from torch._subclasses.fake_tensor import (  # pyright: ignore[reportMissingImports]
        FakeTensorMode,
    )

    fast = torch.backends.mha.get_fastpath_enabled()
    mkldnn = torch._C._get_mkldnn_enabled()
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with FakeTensorMode(allow_non_fake_inputs=True), loose[0], loose[1]:
        torch.backends.mha.set_fastpath_enabled(False)
        torch._C._set_mkldnn_enabled(False)
        try:
            yield torch
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
            torch._C._set_mkldnn_enabled(mkldnn)


@contextmanager
def running(inside: Any) -> Iterator[None]:
    """Every operator goes to `inside` first; random numbers come from the held seed."""
    dispatch, functions = _modes()
    quiet, seed = warnings.catch_warnings(), random_numbers.held(inside.torch)
    with quiet, seed, dispatch(inside), functions(inside):
        yield


@functools.cache
def _modes() -> tuple[Any, Any]:
    """What PyTorch calls for each operator, and for each function of its Python interface."""
    import torch  # pyright: ignore[reportMissingImports]
    from torch.overrides import TorchFunctionMode  # pyright: ignore[reportMissingImports]
    from torch.utils._python_dispatch import (  # pyright: ignore[reportMissingImports]
        TorchDispatchMode,
    )

    cuts = (torch.Tensor.detach, torch.Tensor.detach_, vars(torch._C.TensorBase)["data"].__get__)

    class Dispatch(TorchDispatchMode):
        def __init__(self, inside: Any):
            super().__init__()
            self.inside = inside

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return self.inside.call(self, func, args, kwargs or {})

    class Functions(TorchFunctionMode):
        """Where the person's own code cuts slopes: detach, .data, and no_grad."""

        def __init__(self, inside: Any):
            super().__init__()
            self.inside = inside

        def __torch_function__(self, func, types, args=(), kwargs=None):
            before = self.inside.cut
            if func is torch._C._set_grad_enabled:
                self.inside.cut = not args[0]
                return func(*args, **(kwargs or {}))
            self.inside.cut = before or func in cuts
            try:
                return func(*args, **(kwargs or {}))
            finally:
                self.inside.cut = before

    return Dispatch, Functions
