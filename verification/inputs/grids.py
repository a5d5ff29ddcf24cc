"""Dense sweeps over |z|: the same number of floats in every binade, for figures."""

import ml_dtypes
import numpy as np


def binades(dtype: str, low: float, high: float, per_binade: int = 16) -> np.ndarray:
    """Positive floats of `dtype` from low to high, ascending, as float64.

    low <= z < high; each binade [2^e, 2^(e+1)) holds `per_binade` of them, evenly spaced from an
    odd start, so that no z but the first of a binade is a round number.
    """
    if not 0.0 < low < high:
        raise ValueError(f"low, high are {low}, {high}; a sweep wants 0 < low < high")
    first, last = np.floor(np.log2(low)), np.ceil(np.log2(high))
    exponents = np.arange(first, last)
    steps = (np.arange(per_binade) + np.where(np.arange(per_binade) > 0, 0.37, 0.0)) / per_binade
    z = (np.exp2(exponents)[:, None] * (1.0 + steps)).ravel()
    z = z.astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype).astype(np.float64)
    return z[(z >= low) & (z < high)]


def both_sides(z: np.ndarray) -> np.ndarray:
    """-z in descending size, then z: a sweep of the line without 0."""
    return np.concatenate([-z[::-1], z])
