"""How far arrays are scaled: into saturation, to where exponentials overflow, next to nothing."""

import ml_dtypes
import numpy as np

SCALES = {  # powers of two, exact: into saturation, beyond it, and next to nothing
    "float64": (2.0**5, 2.0**10, 2.0**-30),
    "float32": (2.0**5, 2.0**7, 2.0**-20),
    "bfloat16": (2.0**5, 2.0**7, 2.0**-20),
    "float16": (2.0**2, 2.0**4, 2.0**-6),
}
VANISHING = {"float64": 768.0, "float32": 112.0, "bfloat16": 112.0, "float16": 20.0}  # e^-z is 0
MORE = 4.0  # powers of two, at most, for numbers that are smaller than 1


def scales(arrays: list[np.ndarray], dtype: str) -> tuple[float, ...]:
    """Powers of two for these arrays: as far as numbers of about 1 come by those of the table.

    By the largest both ends of the widest come as far from its middle, too: from one of them to any
    entry e^x overflows.
    """
    overflow = float(np.log(float(ml_dtypes.finfo(dtype).max)))  # of e^x, from there on
    wide = [np.asarray(x, np.float64).reshape(-1) for x in arrays]
    centred = [x - (x.max() + x.min()) / 2.0 for x in wide if np.isfinite(x).all()]
    farthest = max(SCALES[dtype])
    more = reaching(centred, farthest, overflow) if centred else farthest
    found = ((n, reaching(wide, n, overflow)) for n in SCALES[dtype])
    return tuple(max(scale, more) if n == farthest else scale for n, scale in found)


def reaching(arrays: list[np.ndarray], nominal: float, enough: float = np.inf) -> float:
    """The scale, or as much more as it takes for both signs to come as far as it says.

    `enough` is as far as any has to come.
    """
    if nominal < 1.0:
        return nominal
    every = np.concatenate([np.asarray(x, np.float64).reshape(-1) for x in arrays])
    sides = [side for side in (every.max(), -every.min()) if 0.0 < side < np.inf]
    wanted = min(nominal, enough) / nominal
    more = np.ceil(np.log2(wanted / min(sides))) if sides else 0.0
    return float(nominal * 2.0 ** np.clip(more, 0.0, MORE))
