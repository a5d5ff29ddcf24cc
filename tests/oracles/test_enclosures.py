"""Balls of flint as balls of float64, many at once: as one would be."""

import math

import numpy as np
import pytest
from flint import arb, ctx

from verification.oracles import enclosures
from verification.oracles.enclosures import FLOOR, THIN, fatness, to_ball

POWER = arb(2)
ODD = (
    *(arb(0), arb(1), arb(1) / 3, arb(0, 1), arb(3, 1e-10), arb(1, 1e-300)),
    *(arb.nan(), arb("inf"), arb(0) + arb(0, "inf")),  # nothing known
    *(
        POWER**5000,
        POWER**1024,
        -(POWER**1024),
        arb(2.0**1023) + POWER**960,
    ),  # too large, or nearly
    *(POWER**-5000, POWER**-5000 * arb(1, 0.5), POWER**-1074, POWER**-1080 / 3),  # and too small
)


@pytest.fixture(scope="module")
def entries() -> np.ndarray:
    """Odd ones, and numbers of all sizes with more digits than float64."""
    rng = np.random.default_rng(3)
    with ctx.workprec(128):
        sizes = zip(rng.normal(size=200).tolist(), rng.integers(-1100, 1000, 200), strict=True)
        usual = [arb(x) * POWER ** int(p) / 7 for x, p in sizes]
    out = np.empty(len(ODD) + len(usual), object)
    out[:] = [*ODD, *usual]
    return out


def alone(x: arb) -> tuple[float, float, float]:
    """Middle, tail and radius of one ball, step by step."""
    mid = float(x.mid())
    if not x.is_finite() or math.isinf(mid):
        return 0.0, 0.0, math.inf
    tail = float((x - mid).mid())
    rest = (x - mid - tail).abs_upper()
    return mid, tail, 0.0 if rest == 0 else math.nextafter(float(rest), math.inf)


def lacking(x: arb) -> float:
    if not x.is_finite():
        return math.inf
    return 0.0 if abs(x) < FLOOR else max(float(THIN - x.rel_accuracy_bits()), 0.0)


@pytest.mark.parametrize("part", [1, 7, 2**16])
def test_each_entry_is_what_it_is_alone(part, entries, monkeypatch):
    monkeypatch.setattr(enclosures, "PART", part)
    with ctx.workprec(128):
        found = to_ball(entries)
        assert list(zip(*map(np.ndarray.tolist, found[:3]), strict=True)) == [*map(alone, entries)]
        assert [fatness([entries[k : k + 1]]) for k in range(len(entries))] == [
            *map(lacking, entries)
        ]
        known = np.array([x for x in entries if x.is_finite()])
        assert fatness([known[:1], known]) == max(map(lacking, known)) > 0.0


def test_a_radius_that_is_not_rounded_up_does_not_cover_the_rest(entries):
    """Why it is the next number above."""
    with ctx.workprec(128):
        x = entries[-1]
        mid, tail, rad = alone(x)
        rest = abs(x - mid - tail)
        assert 0.0 < rest < arb(rad) and not rest < arb(math.nextafter(rad, 0.0))


def test_no_entries_have_a_shape_and_no_fatness():
    assert to_ball(np.zeros((0, 3), object)).mid.shape == (0, 3)
    assert to_ball(np.array(arb(1), object)).mid.shape == ()
    assert fatness([]) == fatness([np.zeros((0,), object)]) == 0.0
