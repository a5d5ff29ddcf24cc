"""The floating-point formats that are judged, alone and mixed: what rounds where."""

from typing import Any, NamedTuple

import ml_dtypes
import numpy as np


class Precision(NamedTuple):
    """Where each dtype sits: arguments, what is differentiated, results, running sums."""

    inputs: str
    weights: str
    results: str
    sums: str


PRECISIONS = {
    "float64": Precision("float64", "float64", "float64", "float64"),
    "float32": Precision("float32", "float32", "float32", "float32"),
    "float16": Precision("float16", "float16", "float16", "float16"),
    "bfloat16": Precision("bfloat16", "bfloat16", "bfloat16", "bfloat16"),
    "bfloat16_float32": Precision("bfloat16", "bfloat16", "bfloat16", "float32"),
    "float16_float32": Precision("float16", "float32", "float32", "float32"),
}
DTYPES = tuple(PRECISIONS)


class Format(NamedTuple):
    """Unit roundoff, smallest normal number, largest number; the unit roundoff of its sums."""

    name: str
    unit: float
    tiny: float
    largest: float
    sums: float


def format_of(dtype: str) -> Format:
    """The format in which an operation rounds its result, for any name of PRECISIONS."""
    precision = PRECISIONS[str(dtype)]
    info = ml_dtypes.finfo(precision.results)
    unit = float(info.eps) / 2
    sums = float(ml_dtypes.finfo(precision.sums).eps) / 2
    return Format(precision.results, unit, float(info.smallest_normal), float(info.max), sums)


def extended() -> Format:
    """The widest floats here, NumPy's longdouble: of 64 bits on x86, of 113 or 53 elsewhere."""
    info = np.finfo(np.longdouble)
    unit = float(info.eps) / 2
    most, least = (ml_dtypes.finfo("float64").max, ml_dtypes.finfo("float64").smallest_normal)
    return Format("longdouble", unit, float(least), float(most), unit)


def has_digits(target: Format, array: np.ndarray) -> np.ndarray:
    """Whether the format has all significant digits of a number, whatever its size."""
    fraction = np.frexp(array)[0] / target.unit  # of the numbers held: an integer
    return np.asarray((fraction == np.rint(fraction)) | ~np.isfinite(array))


def are_plain(target: Format, array: np.ndarray) -> bool:
    """Whether every number of an array of float64 is 0 or a normal number that the format holds."""
    if not array.size:
        return True
    bits = np.ascontiguousarray(array).reshape(-1).view(np.uint64)
    spare = max(round(np.log2(target.unit / 2.0**-53)), 0)  # digits that the format has not
    if int(np.bitwise_or.reduce(bits)) & (2**spare - 1):
        return False
    size, tiny = np.abs(array), target[2]  # by its place: see watched.py
    if not size.max() <= target.largest:
        return False
    return bool(size.min() >= tiny) or bool(size[size > 0.0].min(initial=np.inf) >= tiny)


def rounded_to(dtype: str, array: Any) -> np.ndarray:
    """float64 numbers at their nearest neighbours in a plain dtype, as float64."""
    with np.errstate(over="ignore"):
        narrow = np.asarray(array, np.float64).astype(np.dtype(dtype))
    return narrow.astype(np.float64)
