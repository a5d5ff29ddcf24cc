"""The Jacobian of a function of vectors that can only be called, measured at one point.

y(x + d) = y + J d + d H d / 2, entry by entry of what depends on what:

J    by central differences with Richardson's extrapolation, and by a polynomial fit; each admits an
     error, and the entry has no less than both are apart (see black_box.py)
H    by mixed second differences, to a few digits: it says how far J moves where x is rounded

Coordinates that no output shares are moved together (Curtis, Powell and Reid 1974), so that what
works entry by entry, or row by row, costs as many calls as one entry does.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..vocabulary import Silent
from . import black_box, finite_difference
from .function_noise import NARROW, noises_of, scale_of

COORDINATES, CALLS, BENDS = 2**11, 2**15, 2**16
PROBES = np.array([-8.0, -1.0, -0.125, 0.125, 1.0, 8.0])  # of the size of a coordinate
BEND = 2.0**-7  # relative step of second differences, and a quarter of it
DOUBLE, SINGLE = 2.0**-53, 2.0**-24
ROOM = 4.0  # times the measured noise that another right program may be off by
# points (k, n) -> values (k, m), NaN where the function raises
Flat = Callable[[np.ndarray], np.ndarray]


class Local(NamedTuple):
    """A function beside one point: value, slopes and bends, and what they may be off by.

    rows, columns       output and coordinate of each slope
    bends, at           H, its errors, its output and its two coordinates
    units               that a program rounds y and the slopes by, in its format's unit roundoff
    """

    x: np.ndarray
    y: np.ndarray
    y_errors: np.ndarray
    y_units: np.ndarray
    slopes: np.ndarray
    errors: np.ndarray
    units: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    bends: np.ndarray
    bend_errors: np.ndarray
    at: tuple[np.ndarray, np.ndarray, np.ndarray]


def local(f: Flat, x: np.ndarray, rng: np.random.Generator) -> Local:
    """f beside x, without slopes where it is not finite.  Raises Silent where f is too large."""
    if x.size > COORDINATES:
        raise Silent(f"its {x.size} numbers are more than are measured; {COORDINATES} at most")
    with np.errstate(all="ignore"):
        y = f(x[None])[0]
        depends = dependence(f, x, y) & bool(np.isfinite(y).all())
        groups = grouped(depends)
        if _calls(len(groups)) > CALLS:
            raise Silent("its numbers hang together too much to be measured")
        rows, columns = np.nonzero(depends)
        noise = np.maximum(noises_of(f, x, rng), DOUBLE * np.abs(y) / 2)
        relative = noise / _size(y)
        unit = SINGLE if (relative > NARROW).any() else DOUBLE
        slopes, errors = _slopes(f, x, y, noise, unit, (rows, columns, groups))
        bends, off, at = _bends(f, x, y, depends, groups)
    y_units, units = _units(y, slopes, relative / unit, rows)
    return Local(x, y, ROOM * noise, y_units, slopes, errors, units, rows, columns, bends, off, at)


def _calls(groups: int) -> int:
    places = 2 * len(finite_difference.STEPS) + len(black_box.NODES) * len(black_box.RADII)
    return groups * places + 4 * groups * (groups + 1)


def dependence(f: Flat, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether output i changes where coordinate j is moved, near or far: (i, j)."""
    found, known = np.zeros((y.size, x.size), bool), np.zeros(x.size, bool)
    size = np.maximum(scale_of(x), 1.0)
    for probe in PROBES:
        values = f(x + np.diag(probe * size))
        answers = np.asarray(~np.isnan(values).all(axis=1))  # it may raise, or have no value there
        found |= ((values != y) & answers[:, None]).T
        known |= answers
    return found | ~known


def grouped(depends: np.ndarray) -> list[np.ndarray]:
    """Coordinates that no output shares, together; those that move nothing are in none."""
    groups: list[list[int]] = []
    taken: list[np.ndarray] = []
    for j in np.flatnonzero(depends.any(axis=0)):
        column = depends[:, j]
        k = next((k for k, rows in enumerate(taken) if not (rows & column).any()), len(groups))
        if k == len(groups):
            groups.append([])
            taken.append(np.zeros(len(column), bool))
        groups[k].append(int(j))
        taken[k] |= column
    return [np.array(group) for group in groups]


def _slopes(f: Flat, x, y, noise, unit: float, pattern: tuple) -> tuple[np.ndarray, np.ndarray]:
    """J where it is not 0, and its errors; f rounds by `unit`, wherever it is asked.

    Where y is 0, or small, its noise says nothing of that of larger values beside it.
    """
    rows, columns, groups = pattern
    if not rows.size:
        return np.zeros(0), np.zeros(0)
    values_at = lambda places: _moved(f, x, y.size, places, pattern)
    above, below, forward, backward = finite_difference.points(x)
    up, down = (values_at(places[:, columns]) for places in (above, below))
    own = np.maximum(np.maximum(np.abs(up), np.abs(down)), np.abs(y[rows]))
    rounding = np.maximum(
        black_box.SIGMAS * noise[rows], finite_difference.NOISE * 2.0 * unit * own
    )
    steps = forward[:, columns], backward[:, columns]
    mid, rad = finite_difference.slopes(y[rows], up, down, *steps, rounding)
    near = np.maximum(noise[rows], unit * np.nanmax(own, axis=0, initial=0.0))
    fit = black_box.fitted(values_at, x[columns], scale_of(x)[columns], near)
    is_finer = fit.rad < rad
    parted = np.where(rad > np.abs(mid), rad, 0.0)  # a fit that is as steep on both sides sees none
    best, error = np.where(is_finer, fit.mid, mid), np.where(is_finer, fit.rad, rad)
    both = np.isfinite(rad) & np.isfinite(fit.rad)
    error = np.maximum(error, parted)
    return best, np.where(both, np.maximum(error, np.abs(mid - fit.mid)), error)


def _moved(f: Flat, x, outputs: int, places: np.ndarray, pattern: tuple) -> np.ndarray:
    """Of each slope its output, where its coordinate is at places (step, slope)."""
    rows, columns, groups = pattern
    where = np.empty((len(places), x.size))
    where[:, columns] = places
    found = np.empty_like(places)
    for group in groups:
        points = np.tile(x, (len(places), 1))
        points[:, group] = where[:, group]
        mine = np.isin(columns, group)
        found[:, mine] = f(points)[:, rows[mine]]
    return found


def _bends(f: Flat, x, y, depends: np.ndarray, groups: list) -> tuple:
    """H where it shows, its errors, its output and its coordinates, j before k and k before j.

    At two steps, h and h / 4; the error in h^2 is cancelled, and both are apart by it.
    """
    h = BEND * np.maximum(scale_of(x), 2.0**-20)
    found, errors, at = [], [], []
    for a, first in enumerate(groups):
        for second in groups[a:]:
            ends = [_own(depends, group) for group in (first, second)]
            steps = [step[ends[0]] * step[ends[1]] for step in (h, h / 4)]
            pairs = [_mixed(f, x, y, (first, second), step) for step in (h, h / 4)]
            (coarse, _), (fine, noise) = (
                (v / s, n / s) for (v, n), s in zip(pairs, steps, strict=True)
            )
            shows = (ends[0] >= 0) & (ends[1] >= 0) & ((coarse != 0.0) | (fine != 0.0))
            keep = np.flatnonzero(shows & np.isfinite(coarse) & np.isfinite(fine))
            both = [(keep, ends[0][keep], ends[1][keep]), (keep, ends[1][keep], ends[0][keep])]
            for place in both[: 1 + (first is not second)]:
                found.append((fine + (fine - coarse) / 15.0)[keep])
                errors.append((np.abs(fine - coarse) + noise)[keep])
                at.append(place)
    none = np.zeros(0, int)
    values, off = np.concatenate([none, *found]), np.concatenate([none, *errors])
    if values.size > BENDS:
        raise Silent("its numbers hang together too much to be measured")
    i, j, k = (np.concatenate([none, *(one[p] for one in at)]) for p in range(3))
    return values, off, (i, j, k)


def _own(depends: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The coordinate of the group that each output depends on; -1 where there is none."""
    own = depends[:, group]
    return np.where(own.any(axis=1), group[own.argmax(axis=1)], -1)


def _mixed(f: Flat, x, y, pair: tuple, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """h h H of each output, along one coordinate of each of the two groups, and its rounding.

    0 where none shows.
    """
    one, other = np.zeros_like(x), np.zeros_like(x)
    one[pair[0]], other[pair[1]] = h[pair[0]], h[pair[1]]
    if pair[0] is pair[1]:
        up, down = f(np.stack([x + one, x - one]))
        terms = np.stack([up, -y, -y, down])
    else:
        points = np.stack([x + one + other, x + one - other, x - one + other, x - one - other])
        terms = f(points) * np.array([[0.25], [-0.25], [-0.25], [0.25]])
    total = terms.sum(axis=0)
    rounding = finite_difference.NOISE * np.finfo(float).eps * np.abs(terms).sum(axis=0)
    return np.where(np.abs(total) <= rounding, 0.0, total), rounding


def _size(y: np.ndarray) -> np.ndarray:
    size = np.abs(y) + (np.sqrt(np.mean(y * y)) if y.size else 0.0)
    return np.where(size > 0, size, 1.0)


def _units(y, slopes, roundings, rows) -> tuple[np.ndarray, np.ndarray]:
    """What a program in another format rounds y and its slopes by: as f rounds in its own."""
    units = ROOM * np.maximum(roundings, 0.5)
    mean = np.sqrt(np.mean(slopes * slopes)) if slopes.size else 0.0
    return units * np.abs(y), units[rows] * (np.abs(slopes) + mean)
