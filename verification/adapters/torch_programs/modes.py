"""PyTorch's and JAX's state while a program is traced: who is asked for each operator."""

import functools
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax

from . import random_numbers, read_numbers
from .higher_order import into_programs


@contextmanager
def tracing() -> Iterator[Any]:
    """PyTorch's and JAX's state while a program runs without numbers, and as it was after."""
    import torch  # pyright: ignore[reportMissingImports]
    from torch._subclasses.fake_tensor import (  # pyright: ignore[reportMissingImports]
        FakeTensorMode,
    )

    fast = torch.backends.mha.get_fastpath_enabled()
    mkldnn = torch._C._get_mkldnn_enabled()
    log = logging.getLogger(FakeTensorMode.__module__)  # it has a traceback of what is raised here
    heard = log.disabled
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with FakeTensorMode(allow_non_fake_inputs=True), loose[0], loose[1]:
        torch.backends.mha.set_fastpath_enabled(False)
        torch._C._set_mkldnn_enabled(False)
        log.disabled = True
        try:
            yield torch
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
            torch._C._set_mkldnn_enabled(mkldnn)
            log.disabled = heard


@contextmanager
def running(inside: Any) -> Iterator[None]:
    """Every operator goes to `inside` first; random numbers come from the held seed."""
    dispatch, functions = _modes()
    quiet, seed = warnings.catch_warnings(), random_numbers.held(inside.torch)
    eager = inside.torch.compiler.set_stance("force_eager")
    with quiet, seed, eager, dispatch(inside), functions(inside):
        yield


@functools.cache
def _modes() -> tuple[Any, Any]:
    """What PyTorch calls for each operator, and for each function of its Python interface."""
    import torch  # pyright: ignore[reportMissingImports]
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

    class Functions(into_programs()):
        """Where the person's own code cuts slopes: detach, .data, and no_grad."""

        def __init__(self, inside: Any):
            super().__init__()
            self.inside = inside

        def called(self, func, args, kwargs):
            args, kwargs = read_numbers.as_tensors(self.inside, (args, kwargs))
            if func is torch.Tensor.item:
                found = read_numbers.taken(self.inside, args[0])
                return func(*args) if found is None else found
            if (parts := packed(func, args, self.inside)) is not None:
                return self.inside.apart(self, parts, args, kwargs)
            inside, before = self.inside, self.inside.cut
            if func is torch.Tensor.requires_grad_ and not inside.records:
                inside.asked_for_slopes(args[0])
            is_on = torch.is_grad_enabled()
            if func is torch._C._set_grad_enabled:
                inside.switched(is_on, args[0])
                return func(*args, **kwargs)
            inside.cut = before or func in cuts and is_on  # off: in the forward pass of a rule
            inside.in_torchs = getattr(func, "__module__", "") == "torch.nn.functional"
            try:
                return func(*args, **kwargs)
            finally:
                inside.cut, inside.in_torchs = before, False

    return Dispatch, Functions


PACKED = {"lstm": "lstm_data_impl", "gru": "gru_impl_data"}
UNPACKED = "_pad_packed_sequence"
PACKED |= {name: f"{name}_data" for name in ("rnn_tanh", "rnn_relu")}


def packed(func: Any, args: tuple, inside: Any) -> Callable | None:
    """What reads how many sequences there are in a kernel that asks nobody, by other means."""
    import torch._decomp.decompositions as parts  # pyright: ignore[reportMissingImports]

    called = getattr(func, "__name__", "")
    if called == UNPACKED:
        return functools.partial(inside.by_line, called)
    is_packed = called in PACKED and len(args) > 3 and isinstance(args[3], list | tuple)
    return getattr(parts, PACKED[called], None) if is_packed else None
