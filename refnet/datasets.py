"""Data: small, embedded or drawn by key, the same on every machine; each is a Split.

`key` is None for jax.random.key(0).  Statistics used to standardise are those of the training
part alone, taken in float64: column -> (column - mean) / standard deviation, and a column that
is constant there becomes 0 in both parts.
"""

import math
from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Num

MaybeKey = Key[Array, ""] | None


class Examples(NamedTuple):
    """Inputs and targets, one row per example: the `data` of refnet.train."""

    x: Float[Array, "examples features"]
    y: Num[Array, "examples ..."]


class Split(NamedTuple):
    """What is learned from, and what is kept to look at."""

    train: Examples
    validation: Examples


def breast_cancer(key: MaybeKey = None, fraction: float = 0.8, dtype=jnp.float32) -> Split:
    """569 tumours: x (n, 30) standardised, y (n, 1) floats, 1 benign and 0 malignant.

    `fraction` of them train.  Raises ValueError unless 0 < fraction < 1, ImportError without
    scikit-learn.  Street, Wolberg & Mangasarian 1993, UCI.
    """
    x, label = _embedded().load_breast_cancer(return_X_y=True)
    return _split(key, fraction, dtype, x, label[:, None].astype(np.float64))


def diabetes(key: MaybeKey = None, fraction: float = 0.8, dtype=jnp.float32) -> Split:
    """442 patients: x (n, 10) standardised, y (n, 1) their progress, standardised the same way.

    Arguments and errors as `breast_cancer`.  Efron et al. 2004, Least Angle Regression.
    """
    x, progress = _embedded().load_diabetes(return_X_y=True)
    return _split(key, fraction, dtype, x, progress[:, None], standardise_y=True)


def digits(key: MaybeKey = None, fraction: float = 0.8, dtype=jnp.float32) -> Split:
    """1,797 images of 8 by 8: x (n, 64) standardised, y (n,) int32 labels 0 to 9.

    Arguments and errors as `breast_cancer`.  Alpaydin & Kaynak 1998, UCI.
    """
    x, label = _embedded().load_digits(return_X_y=True)
    return _split(key, fraction, dtype, x, label.astype(np.int32))


def digit_images(key: MaybeKey = None, fraction: float = 0.8, dtype=jnp.float32) -> Split:
    """The same images as images: x (n, 8, 8, 1) from 0 to 1, y (n,) int32 labels 0 to 9.

    Not standardised: a convolution wants a stroke to look alike wherever it is.  Split as
    `digits`; arguments and errors as `breast_cancer`.
    """
    x, label = _embedded().load_digits(return_X_y=True)
    images = x.reshape(-1, 8, 8, 1) / 16.0
    return _split(key, fraction, dtype, images, label.astype(np.int32), standardise_x=False)


def iris(key: MaybeKey = None, fraction: float = 0.8, dtype=jnp.float32) -> Split:
    """150 flowers: x (n, 4) standardised, y (n,) int32 species 0 to 2.

    Arguments and errors as `breast_cancer`.  Fisher 1936.
    """
    x, label = _embedded().load_iris(return_X_y=True)
    return _split(key, fraction, dtype, x, label.astype(np.int32))


def wine(key: MaybeKey = None, fraction: float = 0.8, dtype=jnp.float32) -> Split:
    """178 wines: x (n, 13) standardised, y (n,) int32 growers 0 to 2.

    Arguments and errors as `breast_cancer`.  Aeberhard & Forina 1992, UCI.
    """
    x, label = _embedded().load_wine(return_X_y=True)
    return _split(key, fraction, dtype, x, label.astype(np.int32))


def friedman(key: MaybeKey = None, n: int = 256, noise: float = 1.0, dtype=jnp.float32) -> Split:
    """y = 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5 + noise N(0, 1).  x (n, 10), even.

    Five columns do not matter; y (n, 1).  The parts are drawn apart; errors as `xor`.
    Friedman 1991, Multivariate adaptive regression splines, eq. 61.
    """
    _check_noise("friedman", n, noise)
    return Split(*(_friedman(k, n, noise, dtype) for k in part_keys(key)))


def two_spirals(key: MaybeKey = None, n: int = 194, noise: float = 0.0, dtype=jnp.float32) -> Split:
    """x (n, 2): even rows on a spiral of three half turns, y = 0; odd ones opposite, y = 1.

    The radius shrinks evenly from 1 to 1/16; y (n, 1).  Noise, parts and errors as `xor`.
    Lang & Witbrock 1988.
    """
    row = np.arange(n)
    share = (row // 2) / max((n - 1) // 2, 1)
    angle, radius = 3.0 * np.pi * share + np.pi * (row % 2), 1.0 - 15.0 / 16.0 * share
    point = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
    return _noisy("two_spirals", key, n, noise, point, row[:, None] % 2, dtype)


def xor(key: MaybeKey = None, n: int = 4, noise: float = 0.0, dtype=jnp.float32) -> Split:
    """x (n, 2): the corners (0,0) (0,1) (1,0) (1,1) in turn, plus noise N(0, 1);  y (n, 1): xor.

    Both parts have n examples, with noise of their own.  Raises ValueError for n < 1 or
    noise < 0.
    """
    corner = np.arange(n) % 4
    bits = np.stack([corner // 2, corner % 2], axis=1)
    return _noisy("xor", key, n, noise, bits, bits[:, :1] ^ bits[:, 1:], dtype)


def circles(key: MaybeKey = None, n: int = 256, noise: float = 0.1, dtype=jnp.float32) -> Split:
    """x (n, 2): even rows on the unit circle, y = 0; odd rows at radius 1/2, y = 1;  y (n, 1).

    Angles are evenly spaced; noise, parts and errors as `xor`.
    """
    row = np.arange(n)
    angle = (row // 2) * 4.0 * np.pi / max(n, 1)
    label = row[:, None] % 2
    point = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (1.0 - 0.5 * label)
    return _noisy("circles", key, n, noise, point, label, dtype)


def _noisy(name: str, key: MaybeKey, n: int, noise: float, x, y, dtype) -> Split:
    _check_noise(name, n, noise)
    points, labels = jnp.asarray(x, dtype), jnp.asarray(y, dtype)
    parts = (points + noise * jax.random.normal(k, x.shape, dtype) for k in part_keys(key))
    return Split(*(Examples(part, labels) for part in parts))


def _friedman(key, n: int, noise: float, dtype) -> Examples:
    even, normal = jax.random.split(key)
    x = jax.random.uniform(even, (n, 10), dtype)
    a, b, c, d, e = np.asarray(x, np.float64)[:, :5].T
    y = 10.0 * np.sin(np.pi * a * b) + 20.0 * (c - 0.5) ** 2 + 10.0 * d + 5.0 * e
    y = y + noise * np.asarray(jax.random.normal(normal, (n,), dtype), np.float64)
    return Examples(x, jnp.asarray(y[:, None], dtype))


def key_of(key: MaybeKey) -> Key[Array, ""]:
    return jax.random.key(0) if key is None else key


def part_keys(key: MaybeKey) -> Key[Array, "2"]:
    """The keys of what is learned from and of what is looked at, where these are drawn apart."""
    return jax.random.split(key_of(key))


def _check_noise(name: str, n: int, noise: float) -> None:
    if n < 1 or not 0.0 <= noise < math.inf:
        raise ValueError(f"n, noise are {n}, {noise}; {name} wants n >= 1 and a finite noise >= 0")


def _split(
    key: MaybeKey,
    fraction: float,
    dtype,
    x,
    y,
    standardise_x: bool = True,
    standardise_y: bool = False,
) -> Split:
    if not 0.0 < fraction < 1.0:
        raise ValueError(f"fraction is {fraction}; the training part wants 0 < fraction < 1")
    order = np.asarray(jax.random.permutation(key_of(key), len(x)))
    count = min(max(round(fraction * len(x)), 1), len(x) - 1)
    rows = order[:count], order[count:]
    xs, ys = ([whole[part] for part in rows] for whole in (x, y))
    xs = _standardised(*xs) if standardise_x else xs
    ys = _standardised(*ys) if standardise_y else ys
    cast = lambda a: jnp.asarray(a, dtype if np.issubdtype(a.dtype, np.floating) else None)
    return Split(*(Examples(cast(x), cast(y)) for x, y in zip(xs, ys, strict=True)))


def _standardised(train: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    constant = (train == train[0]).all(axis=0)  # exactly: its computed deviation may be 1e-17
    scale = np.where(constant, np.inf, train.std(axis=0))
    mean = train.mean(axis=0)
    return (train - mean) / scale, (rest - mean) / scale


def _embedded() -> ModuleType:
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError(
            "this data set is a file inside scikit-learn; install it with `pip install "
            "'refnet[report]'`, or use refnet.xor or refnet.circles"
        ) from error
    return datasets


DATASETS: dict[str, Callable[..., Split]] = {
    "breast_cancer": breast_cancer,
    "diabetes": diabetes,
    "digits": digits,
    "iris": iris,
    "wine": wine,
    "friedman": friedman,
    "two_spirals": two_spirals,
    "xor": xor,
    "circles": circles,
}
