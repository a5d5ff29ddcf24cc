"""Update rules in plain floats of a dtype: what a mistake would have done, quickly."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .leaves import Slices, along, elsewhere


class Floats:
    """NumPy's own arithmetic, with leaves at `slices`."""

    def __init__(self, slices: Slices, dtype: str = "float64"):
        self.slices, self.dtype = slices, np.dtype(dtype)

    def scalar(self, x: float) -> Any:
        return self.dtype.type(x)

    def vector(self, x) -> np.ndarray:
        return np.asarray(x, self.dtype)

    sqrt, absolute, sign = staticmethod(np.sqrt), staticmethod(np.abs), staticmethod(np.sign)
    larger, power = staticmethod(np.maximum), staticmethod(np.power)

    def ratio(self, above, below):
        defined = (above != 0.0) & (below != 0.0)
        return np.where(defined, above / np.where(defined, below, 1.0), 1.0)

    def cosine(self, part: int, whole: int) -> Any:
        return self.dtype.type(np.cos(np.pi * part / whole))

    def exceeds(self, x, bound: int) -> bool:
        return bool(x > bound)

    def mix(self, beta, old, new):
        return beta * old + (1 - beta) * new

    def piled(self, total, new, count: int):
        return total + new

    def shrunk(self, w, by):
        return w - by * w

    def spelled(self, one, other: Callable):
        return one

    def either(self, one, other: Callable):
        return one

    def leaf_sum(self, x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)
        for leaf in self.slices:
            out[leaf] = x[leaf].sum()
        return out

    def axis_sum(self, x: np.ndarray, axis: int) -> np.ndarray:
        return along(x, self.slices, axis)

    def matrices(self, x: np.ndarray) -> np.ndarray:
        return elsewhere(x, self.slices, 1.0)

    def total(self, x: np.ndarray):
        return x.sum()
