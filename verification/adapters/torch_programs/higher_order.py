"""Operators on programs, such as torch.cond: run in Python, where PyTorch would compile them.

So each operator inside is seen by itself, and which branch is taken is a number that is read.
"""

import functools
from collections.abc import Callable
from typing import Any


def branch(pred: Any, true: Callable, false: Callable, operands: tuple = ()) -> Any:
    return true(*operands) if bool(pred) else false(*operands)


def scan(step: Callable, init: list, rows: list, more: tuple = ()) -> Any:
    from torch._higher_order_ops.scan import (  # pyright: ignore[reportMissingImports]
        generic_scan,
    )

    return generic_scan(step, init, rows, additional_inputs=more)


IN_PYTHON = {  # whose own Python wants nobody to look on
    "cond": branch,
    "scan": scan,
    "invoke_subgraph": lambda program, name, *operands: program(*operands),
}


@functools.cache
def into_programs() -> Any:
    """A mode of PyTorch in which such operators are run in Python; all others go to `called`."""
    import torch  # pyright: ignore[reportMissingImports]
    from torch.overrides import TorchFunctionMode  # pyright: ignore[reportMissingImports]

    eager = torch._C.DispatchKey.CompositeExplicitAutograd

    def python_of(func: Any) -> Callable | None:
        if not isinstance(func, torch._ops.HigherOrderOperator):
            return None
        return IN_PYTHON.get(func.name()) or func.py_kernels.get(eager)

    class Programs(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            if (own := python_of(func)) is None:
                return self.called(func, args, kwargs or {})
            with self:
                return own(*args, **(kwargs or {}))

        def called(self, func, args, kwargs):
            return func(*args, **kwargs)

    return Programs
