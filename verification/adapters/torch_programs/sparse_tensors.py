"""Sparse tensors while a program is traced: each is the dense one of the same numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..torch_function import array

MADE = {"aten::_sparse_coo_tensor_with_dims_and_tensors"}  # its line makes a dense one


class StandIns:
    """Dense tensors for the sparse ones that a program brought along, such as a graph's edges."""

    def __init__(self, torch: Any, made: Callable):
        self.torch, self.made = torch, made
        self.known: dict[int, tuple] = {}  # by identity; the sparse one is kept, so that it stays

    def of(self, args: tuple) -> tuple:
        return tuple(self._one(x) if self._is_sparse(x) else x for x in args)

    def _is_sparse(self, x: Any) -> bool:
        fake = self.torch._subclasses.fake_tensor.FakeTensor
        is_real = isinstance(x, self.torch.Tensor) and not isinstance(x, fake)
        return is_real and x.layout != self.torch.strided

    def _one(self, sparse: Any) -> Any:
        if id(sparse) not in self.known:
            with self.torch._C._DisableTorchDispatch():
                found = np.array(array(self.torch, sparse.detach().to_dense()))
            self.known[id(sparse)] = sparse, self.made(found)
        return self.known[id(sparse)][1]
