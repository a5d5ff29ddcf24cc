"""Textbook forms that lose their digits, each with its stable twin and a wrong one."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import ml_dtypes
import numpy as np
from jax.scipy.special import logsumexp

from refnet import sigmoid, tanh

from ..inputs import grids
from . import naive


class Form(NamedTuple):
    """Three gradients (x, cotangent) -> dx of one function `of`, and where to look at them.

    What is swept is one number t, the `variable`: `grid(dtype)` are its values in ascending
    order, exact in the dtype; `rows(t)` is the x of each.  A `stored` form reads its slope from a
    stored output: the digits it loses are within the budget of the function.
    """

    name: str
    latex: str
    of: Callable
    lossy: Callable
    right: Callable
    wrong: Callable
    grid: Callable[[str], np.ndarray]
    rows: Callable[[np.ndarray], np.ndarray] = lambda t: t
    variable: str = "z"
    stored: bool = False


BINADES = {"float16": (-6, 4.4), "bfloat16": (-4, 7), "float32": (-4, 7), "float64": (-4, 10)}
SPREAD = np.array([0.0, -1.25, 0.75])


def exponents(dtype: str) -> np.ndarray:
    """Both signs of sizes up to where e^z has overflowed."""
    low, high = BINADES[dtype]
    return grids.both_sides(grids.binades(dtype, 2.0**low, 2.0**high))


def shifts(dtype: str) -> np.ndarray:
    """Both signs of shifts, to past where their squares' digits end; the entries still differ."""
    bits = -int(np.log2(ml_dtypes.finfo(dtype).eps))
    high = min(bits // 2 + 4, bits - 3)
    return grids.both_sides(grids.binades(dtype, 0.25, 2.0**high, 8))


def sizes(dtype: str) -> np.ndarray:
    """Up to 48 numbers, from the smallest normal one to an eighth of the largest, log-spaced."""
    info = ml_dtypes.finfo(dtype)
    e = np.linspace(info.minexp + 1, info.maxexp - 3, 48)
    return np.exp2(np.unique(np.floor(e))) * 1.375


FORMS: tuple[Form, ...] = (
    Form(
        "cross-entropy through probabilities, label 1",
        r"-\log a \;\to\; -\tfrac{1}{a} \cdot a (1 - a), \quad a = \sigma(z)",
        lambda z: jax.nn.softplus(-z),
        naive.log_of_probability,
        lambda z, d: -naive.stable_sigmoid(-z) * d,
        lambda z, d: naive.log_of_probability(z, d, 1),
        exponents,
    ),
    Form(
        "cross-entropy through probabilities, label 0",
        r"-\log(1 - a) \;\to\; \tfrac{1}{1 - a} \cdot a (1 - a), \quad a = \sigma(z)",
        jax.nn.softplus,
        naive.log_of_other_probability,
        lambda z, d: naive.stable_sigmoid(z) * d,
        lambda z, d: naive.log_of_other_probability(z, d, -1),
        exponents,
    ),
    Form(
        "cross-entropy through probabilities, softmax",
        r"-\log p_0 \;\to\; p \odot (dp - \textstyle\sum p \, dp), \quad dp = (-1 / p_0, 0, 0)",
        naive.label_first,
        naive.through_probabilities,
        naive.softmax_less_label,
        naive.diagonal_only,
        lambda dtype: exponents(dtype) / 2.0,
        lambda t: np.stack([t, t / 4, -t / 2], axis=-1),
    ),
    Form(
        "slope of the logistic function from its value",
        r"a (1 - a), \quad a = \sigma(z)",
        sigmoid,
        naive.one_minus_a,
        lambda z, d: naive.stable_sigmoid(z) * naive.stable_sigmoid(-z) * d,
        naive.one_minus_a_twice,
        exponents,
        stored=True,
    ),
    Form(
        "autodiff of the naive logistic function",
        r"\tfrac{1}{1 + e^{-z}} \;\to\; \tfrac{e^{-z}}{(1 + e^{-z})^2}",
        sigmoid,
        naive.naive_logistic,
        lambda z, d: naive.stable_sigmoid(z) * naive.stable_sigmoid(-z) * d,
        naive.not_squared,
        exponents,
    ),
    Form(
        "slope of tanh from its value",
        r"1 - a^2, \quad a = \tanh z",
        tanh,
        naive.one_minus_square,
        naive.stable_tanh_slope,
        naive.one_minus_tanh,
        exponents,
        stored=True,
    ),
    Form(
        "naive softplus",
        r"\log(1 + e^z) \;\to\; \tfrac{e^z}{1 + e^z}",
        jax.nn.softplus,
        naive.naive_softplus,
        lambda z, d: naive.stable_sigmoid(z) * d,
        lambda z, d: naive.naive_softplus(-z, d),
        exponents,
    ),
    Form(
        "log of a sum of exponentials without the shift",
        r"\log \textstyle\sum e^{z_i} \;\to\; \tfrac{e^{z}}{\sum e^{z_i}}",
        lambda z: logsumexp(z, axis=-1),
        naive.unshifted,
        naive.shifted,
        naive.unshifted_mean,
        exponents,
        lambda t: t[..., None] + SPREAD,
    ),
    Form(
        "variance as mean of squares less square of mean",
        r"s = \sqrt{\overline{x^2} - \bar{x}^2} \;\to\; \tfrac{x - \bar{x}}{n s}",
        naive.deviation,
        naive.of_squares,
        naive.in_two_passes,
        naive.of_squares_summed,
        shifts,
        lambda t: t[..., None] + SPREAD,
        "the shift",
    ),
    Form(
        "length as the root of a sum of squares",
        r"|x| = \sqrt{\textstyle\sum x_i^2} \;\to\; \tfrac{x}{|x|}",
        naive.length,
        naive.over_root_of_squares,
        naive.scaled_length,
        naive.half_of_it,
        sizes,
        lambda t: t[..., None] * np.array([1.0, -1.75, 1.25]),
        "the size",
    ),
)
