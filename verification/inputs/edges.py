"""The values that draws stay away from, visited on purpose: where formulas lose their digits."""

from collections.abc import Callable
from typing import Any

import jax
import ml_dtypes
import numpy as np

from ..vocabulary import Case

# 17, 37: where 1 - sigmoid(z) becomes 0 in float32, float64; 88, 709: where e^z overflows;
# 104, 745: where e^-z becomes 0.  float16: 7.7, 11.1 and 17.4; bfloat16: 5.6, and as float32.
SATURATION = {
    "float16": (8.0, 11.0, 11.125, 17.5, 1e3),
    "bfloat16": (6.0, 17.0, 37.0, 88.0, 89.0, 104.0, 1e4),
    "float32": (17.0, 37.0, 88.0, 89.0, 104.0, 1e4),
    "float64": (17.0, 37.0, 88.0, 104.0, 709.0, 710.0, 745.0, 1e4),
}
HUGE = {
    "float16": (120.0, 255.0, 6e4),
    "bfloat16": (1e15, 1e19, 3e38),
    "float32": (1e15, 1e19, 3e38),
    "float64": (1e103, 1e154, 1e308),
}
SMALL = {
    "float16": (1e-7, 1e-5),
    "bfloat16": (1e-40, 1e-20),
    "float32": (1e-40, 1e-20),
    "float64": (1e-310, 1e-200),
}
TURNS = (0.5, 1.0, 1.5, 2.0, 5.0)  # halves and integers, and both sides of gelu's and silu's lows
WIDTH = 4


def name_of(dtype) -> str:
    """The name of a format whose edges are listed; any other is looked at where float32 is."""
    name = np.dtype(dtype).name
    return name if name in SATURATION else "float32"


def tiny(dtype) -> float:
    """The smallest normal number."""
    return float(ml_dtypes.finfo(name_of(dtype)).smallest_normal)


def held(values, dtype) -> Any:
    """The values as `dtype` holds them, in float64."""
    return np.asarray(values, np.float64).astype(np.dtype(name_of(dtype))).astype(np.float64)


def scalars(dtype) -> tuple[float, ...]:
    """Every edge of a function of one real variable, without the zeros: +-1, tiny, huge, ..."""
    name = name_of(dtype)
    sizes = (*SMALL[name], tiny(dtype), *TURNS, *SATURATION[name], *HUGE[name])
    return tuple(sign * size for size in held(sizes, dtype).tolist() for sign in (1.0, -1.0))


def elementwise(dtype) -> tuple[Case, ...]:
    """The scalars in arrays of one shape, (4,), and each zero alone among ordinary numbers."""
    zeros = (("0", [0.0, 0.75, -1.25, 3.0]), ("-0", [-0.75, -0.0, 1.25, -3.0]))
    cases = [Case(label, (np.array(z),)) for label, z in zeros]
    values = scalars(dtype)
    rows = [values[i : i + WIDTH] for i in range(0, len(values), WIDTH)]
    rows = [row + (0.75,) * (WIDTH - len(row)) for row in rows]
    labels = [", ".join(f"{z:.3g}" for z in row) for row in rows]
    return (*cases, *(Case(name, (np.array(z),)) for name, z in zip(labels, rows, strict=True)))


def scaled(draw: Callable, scales: tuple[float, ...], seed: int = 1) -> tuple[Case, ...]:
    """One ordinary draw, its first argument multiplied by each scale (powers of two: exact)."""

    def case(scale: float) -> Case:
        first, *rest = draw(np.random.default_rng(seed))
        return Case(f"times {scale:.3g}", (jax.tree.map(lambda x: x * scale, first), *rest))

    return tuple(case(scale) for scale in scales)
