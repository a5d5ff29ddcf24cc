"""X <- a X + (b A + c A^2) X, A = X X^T, matrix by matrix: exactly, in floats, and its error.

The error is bounded by norms.  p(s) = a s + b s^3 + c s^5 acts on singular values; what an error E
of X becomes is at most max |p'| |E|, p' taken up to the largest singular value (Frobenius norms:
every divided difference of an odd p is a mean of p').  A step rounds each of its products by a unit
for each addition and multiplication, of |a| |X| + |b| |X|^3 + |c| |X|^5.
Source: Higham, Functions of Matrices (2008), chapters 3 and 8.
"""

from typing import Any

import numpy as np

from .vectors import Slices


def as_matrices(where: Slices) -> list[tuple[slice, int, int]]:
    """Of each leaf its place, rows and columns: one row below two axes, the first axis above."""
    rows = (shape[0] if len(shape) > 1 else 1 for shape in where.shapes)
    return [(s, n, (s.stop - s.start) // n) for s, n in zip(where, rows, strict=True) if n]


def iterated(x: np.ndarray, where: Slices, coefficients: tuple, steps: int) -> np.ndarray:
    """The iteration, in the numbers that x is made of."""
    out, (a, b, c) = x.copy(), coefficients
    for s, rows, columns in as_matrices(where):
        m = x[..., s].reshape(*x.shape[:-1], rows, columns)
        for _ in range(steps):
            square = m @ m.swapaxes(-1, -2)
            m = a * m + (b * square + c * (square @ square)) @ m
        out[..., s] = m.reshape(*x.shape[:-1], -1)
    return out


def bounded(
    x: np.ndarray, error: np.ndarray, where: Slices, coefficients: tuple, steps: int, unit: float
) -> tuple[np.ndarray, np.ndarray]:
    """What float64 answers, and what it may be off by in a format of this unit; inf for unknown."""
    errors = np.full_like(error, np.inf)
    for s, rows, columns in as_matrices(where):
        shape = (*x.shape[:-1], rows, columns)
        off = np.sqrt((error[..., s] ** 2).sum(axis=-1))
        m = np.nan_to_num(x[..., s].reshape(shape), posinf=0.0, neginf=0.0)
        alone = Slices([slice(0, rows * columns)])
        alone.shapes = ((rows, columns),)
        for _ in range(steps):
            off = _one_step(m, off, coefficients, unit)
            m = iterated(m.reshape(*x.shape[:-1], -1), alone, coefficients, 1).reshape(shape)
        errors[..., s] = np.where(np.isfinite(x[..., s]), np.asarray(off)[..., None], np.inf)
    return iterated(x, where, coefficients, steps), errors


def _one_step(m: np.ndarray, off: Any, coefficients: tuple, unit: float) -> Any:
    """The error after a step from that before it, one number for each matrix."""
    norm = np.sqrt((m * m).sum(axis=(-1, -2)))
    top = np.linalg.norm(m.astype(np.float64), 2, axis=(-1, -2))
    a, b, c = map(abs, coefficients)
    slips = 2 * (m.shape[-1] + m.shape[-2]) + 6  # of the longest chain: two products more than A X
    size = norm + off
    rounded = slips * unit * (a * size + b * size**3 + c * size**5)
    return _steepest(coefficients, top + off) * off + rounded


def _steepest(coefficients: tuple, top: Any) -> Any:
    """max |a + 3 b s^2 + 5 c s^4| over [0, top]: at an end, or where 6 b s + 20 c s^3 = 0."""
    a, b, c = coefficients
    turn = np.minimum(np.sqrt(max(-3.0 * b / (10.0 * c), 0.0)), top)
    slope = lambda s: np.abs(a + 3.0 * b * s**2 + 5.0 * c * s**4)
    return np.maximum(np.maximum(slope(top), slope(turn)), abs(a))
