"""The derivative of a function that can only be called: three estimates, each with its own error.

complex step   im F(x + ih) / h, h = 2^-100: no truncation above rounding; its rounding is measured
               from fourth differences of itself along a line.  It counts only where the function
               takes complex numbers, keeps its real part, and agrees with the differences
differences    central, with Richardson's extrapolation and its own error estimate
polynomial     of degree 7 through 8 Chebyshev points around each coordinate, at the best of a few
               radii; its error is the distance to the fit of degree 5, and noise

Before anything else the noise of F is measured: see function_noise.py.  Where F raises or is no
number at one of the points that an estimate takes, that point is left out.  Rank: witnesses.
"""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..vocabulary import Silent
from . import finite_difference, taylor
from .function_noise import Noise, deviation, noise_of, scale_of

ENTRIES = 256  # coordinates that are worth so many calls
STEP = 2.0**-100
NEAR = 2.0**-20  # a relative step beside which the complex step differs by its noise alone
DEGREES = 3  # of freedom in the fourth differences of seven numbers
NODES = np.cos((2 * np.arange(8) + 1) * np.pi / 16)
RADII = 2.0 ** -np.array([2.0, 4.0, 6.0, 9.0, 12.0])
SIGMAS = 4.0  # of the measured noise that one value may be off by
# F of every row of real coordinates, NaN where it is none; of complex ones F may raise
Flat = Callable[[np.ndarray], np.ndarray]


class Estimate(NamedTuple):
    """One estimate of every partial derivative, and how far off it may be."""

    name: str
    mid: np.ndarray
    rad: np.ndarray


class Measured(NamedTuple):
    """The best estimate first; the noise of the function, and of the first estimate's entries."""

    estimates: tuple[Estimate, ...]
    noise: Noise
    sigma: np.ndarray
    note: str


def measured(
    f: Flat, x: np.ndarray, rng: np.random.Generator, quantile: float, size: float, known: float
) -> Measured:
    """Every estimate of the gradient of f at x; `quantile` is how many sigma an entry may be off.

    `size` is that of the terms that f sums; `known` the noise, relative to it, that f was seen to
    have elsewhere: where it saturates none shows.

    Raises Silent where f is not finite around x, or has more than ENTRIES coordinates.
    """
    if x.size > ENTRIES:
        raise Silent(f"{x.size} entries are more than a black box is asked for; {ENTRIES} at most")
    with np.errstate(all="ignore"):
        value = float(f(x[None])[0])
        if not np.isfinite(value):
            raise Silent("the function is inf or NaN")
        noise = max(noise_of(f, x, rng), known * size, np.finfo(float).eps * abs(value) / 2)
        differences = central(f, x, value, noise)
        fit = polynomial(f, x, noise)
        step, why = complex_step(f, x, rng, quantile)
        found = (differences, fit)
        sigma = _rounding(noise, size, differences.mid)
        if step is not None and meets(step[0], differences) and meets(step[0], fit):
            first = step[0]._replace(rad=np.maximum(step[0].rad, _parted(differences)))
            found, sigma = (first, *found), step[1]
        elif step is not None:
            why = "the complex step is another number than the differences: not analytic"
        reach = float(np.sum(np.abs(differences.mid) * scale_of(x)))
    return Measured(found, Noise(noise, size, reach), sigma, why)


def by_noise(found: Measured, quantile: float) -> Measured:
    """Its rounding by the noise of the function: at a kink the complex step has other digits."""
    first, differences = found.estimates[0], found.estimates[-2]
    sigma = _rounding(*found.noise[:2], differences.mid)
    if first.name == "complex_step":
        first = first._replace(rad=np.maximum(quantile * sigma, _parted(differences)))
    return found._replace(estimates=(first, *found.estimates[1:]), sigma=sigma)


def _parted(differences: Estimate) -> np.ndarray:
    """How far one-sided slopes are apart, where that is as large as a slope."""
    return np.where(differences.rad > np.abs(differences.mid), differences.rad, 0.0)


def _rounding(noise: float, size: float, mid: np.ndarray) -> np.ndarray:
    return noise / max(size, np.finfo(float).tiny) * _size(mid)


def _size(mid: np.ndarray) -> np.ndarray:
    return np.abs(mid) + np.sqrt(np.mean(mid * mid)) if mid.size else mid


def meets(one: Estimate, other: Estimate) -> bool:
    """Whether no entry is further apart than both admit."""
    return bool((np.abs(one.mid - other.mid) <= one.rad + other.rad).all())


# --- estimates ------------------------------------------------------------------------------------


def central(f: Flat, x: np.ndarray, value: float, noise: float) -> Estimate:
    above, below, forward, backward = finite_difference.points(x)
    up, down = along(f, x, above), along(f, x, below)
    rounding = SIGMAS * np.full_like(up, noise)
    mid, rad = finite_difference.slopes(value, up, down, forward, backward, rounding)
    return Estimate("finite_difference", mid, rad)


def along(f: Flat, x: np.ndarray, places: np.ndarray) -> np.ndarray:
    """f with one coordinate at a time put in each of its places: (place, coordinate)."""
    moved = np.tile(x, (*places.shape, 1))
    each = np.arange(x.size)
    moved[:, each, each] = places
    return f(moved.reshape(-1, x.size)).reshape(places.shape)


def polynomial(f: Flat, x: np.ndarray, noise: float) -> Estimate:
    return fitted(lambda places: along(f, x, places), x, scale_of(x), noise)


def fitted(values_at: Callable, x: np.ndarray, scale: np.ndarray, noise: Any) -> Estimate:
    """The slope at the middle of a polynomial fit, at the radius that admits the smallest error.

    values_at(places) has the values of every slope, (node, slope), at places (node, slope).
    """
    fine, coarse = _weights(7), _weights(5)
    mids, errors = [], []
    for radius in RADII:
        width = radius * scale
        places = x + NODES[:, None] * width
        values = values_at(places)
        offsets = (places - x) / width
        mid = fine @ values / width
        moved = np.abs(offsets - NODES[:, None]).max(axis=0) * np.abs(mid)
        rounding = SIGMAS * noise * np.sqrt(np.sum(fine * fine)) / width
        errors.append(np.abs(mid - coarse @ values / width) + rounding + moved)
        mids.append(mid)
    error = np.where(np.isfinite(errors) & np.isfinite(mids), errors, np.inf)
    best = np.argmin(error, axis=0), np.arange(x.size)
    rad = error[best]
    mid = np.where(np.isfinite(rad), np.array(mids)[best], 0.0)
    return Estimate("polynomial", mid, finite_difference.SPARE * rad)


def _weights(degree: int) -> np.ndarray:
    """What the slope at 0 of the least squares polynomial makes of values at NODES."""
    return np.linalg.pinv(np.vander(NODES, degree + 1, increasing=True))[1]


def complex_step(
    f: Flat, x: np.ndarray, rng: np.random.Generator, quantile: float
) -> tuple[tuple[Estimate, np.ndarray] | None, str]:
    """The estimate and the deviation of its entries; or why there is none."""
    d = rng.choice([-1.0, 1.0], x.size) * scale_of(x)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy.exceptions.ComplexWarning: a part is thrown away
            rows = [_imaginary(f, x + k * NEAR * d) for k in range(-3, 4)]
    except Silent as said:
        return None, str(said)
    except Exception as error:  # the function was written for real numbers
        return None, f"it does not take complex numbers ({type(error).__name__})"
    sigma = deviation(np.array(rows), 4)
    sigma = np.maximum(sigma, np.sqrt(np.mean(sigma * sigma)))
    sigma = np.maximum(sigma, np.finfo(float).eps * np.abs(rows[3]) / 2)
    return (Estimate("complex_step", rows[3], quantile * sigma), sigma), ""


def _imaginary(f: Flat, x: np.ndarray) -> np.ndarray:
    out = f(x + 1j * STEP * np.eye(x.size))
    if not np.iscomplexobj(out):
        raise Silent("it makes real numbers of complex ones")
    if not np.isfinite(out).all():
        raise Silent("it is not finite for complex numbers")
    return np.imag(out) / STEP


def order(f: Flat, x: np.ndarray, claimed: np.ndarray, noise: float, rng) -> taylor.Order:
    """How fast the remainder of the claimed gradient falls along a line: 2 if it is right."""
    d = rng.choice([-1.0, 1.0], x.size) * scale_of(x) * rng.uniform(0.5, 1.0, x.size)
    points = x + taylor.STEPS[:, None] * d
    with np.errstate(all="ignore"):
        linear = (points - x) @ claimed
        remainder = np.abs(f(points) - f(x[None]) - linear)
        room = SIGMAS * noise + np.finfo(float).eps * (np.abs(points - x) @ np.abs(claimed))
    return taylor.judged(remainder, room)
