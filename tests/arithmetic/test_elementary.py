"""Elementary functions in floating point: libraries within their ulps, shifts within spreads."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx
from jax import lax

from verification.arithmetic.balls import BALLS
from verification.arithmetic.elementary import (
    ELEMENTARY,
    JUMPS,
    nearest,
    spread_of_angle,
    spread_of_jumps,
)

COUNT = 4000
BOUNDED = ("atanh", "asin", "acos", "erf_inv")  # defined on (-1, 1)


def points(name: str, rng) -> np.ndarray:
    """All sizes, both signs, and close to the edges of the domain."""
    size = np.exp(rng.uniform(np.log(1e-6), np.log(60.0), COUNT)) * rng.choice([-1, 1], COUNT)
    near = rng.choice([-1, 1], COUNT) * (1.0 - np.exp(rng.uniform(np.log(1e-5), 0.0, COUNT)))
    if name in BOUNDED:
        return near
    return {"acosh": 1.0 + abs(size), "log2": np.where(size > 0, size, 1.0 + 0.9 * near)}.get(
        name, size
    )


def truth(name: str, x: np.ndarray) -> np.ndarray:
    with ctx.workprec(160):
        return BALLS.rules[name](BALLS.lift(x))


def worst(got: np.ndarray, want: np.ndarray, allowed) -> float:
    """The largest error, in what is allowed."""
    with ctx.workprec(120):
        return max(
            float(abs(arb(float(g)) - w) / (arb(float(a)) * abs(w)))
            for g, w, a in zip(got, want, allowed, strict=True)
            if w != 0
        )


@pytest.mark.parametrize("name", ELEMENTARY)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_libraries_stay_within_their_ulps_but_not_within_a_hundredth(name, dtype):
    rng, f = np.random.default_rng(len(name)), ELEMENTARY[name]
    x = points(name, rng)[: COUNT // (1 if dtype == "float32" else 4)].astype(dtype)
    want = truth(name, x)
    xla = getattr(lax, name) if hasattr(lax, name) else getattr(jnp, name)
    unit = float(np.finfo(dtype).eps) / 2
    allowed = unit * np.broadcast_to(f.ulps(x.astype(np.float64)), x.shape)
    for answer in (np.asarray(jax.jit(xla)(x)), np.asarray(f.value(np, x))):
        assert answer.dtype == x.dtype
        assert worst(answer, want, allowed) <= 1.0
    assert worst(np.asarray(xla(x)), want, allowed / 100) > 1.0
    assert not f.fixed or float(xla(x[0] * 0)) == 0.0


@pytest.mark.parametrize("name", ELEMENTARY)
@pytest.mark.parametrize("xp", [np, jnp])
def test_no_shift_leaves_its_spread(name, xp):
    """x and e are short dyadic numbers, so that |x| + e and 1 - |x| - e are not rounded."""
    rng, f = np.random.default_rng(7), ELEMENTARY[name]
    x = np.round(points(name, rng)[:200] * 2**12) / 2**12
    e = 2.0 ** rng.integers(-12, -4, 200)
    inside = np.isfinite(spread := np.asarray(f.spread(xp, xp.asarray(x), xp.asarray(e))))
    tight = 0.0
    for d in (-e, e):
        here, there = truth(name, x[inside]), truth(name, (x + d)[inside])
        for s, a, b in zip(spread[inside], here, there, strict=True):
            moved = float(abs(b - a).abs_upper())
            # a spread is made of at most 32 roundings in float64
            assert moved <= s * (1.0 + 64 * 2.0**-53)
            tight = max(tight, moved / s)
    assert inside.sum() > 20 and tight > 0.5  # not a bound that any fault would satisfy
    assert np.isinf(spread).any() == (name in (*BOUNDED, "acosh", "tan", "log2"))


def test_angles_turn_within_their_spread_and_cross_the_cut_only_when_told():
    rng = np.random.default_rng(5)
    y, x, shift = rng.normal(size=(3, 200))
    e = 2.0 ** rng.integers(-12, -3, 200)
    spread = spread_of_angle(np, y, x, e, e)
    for dy, dx in ((e, e), (e, -e), (-e, e), (-e, -e)):
        moved = abs(np.arctan2(y + dy, x + dx) - np.arctan2(y, x))
        assert (moved <= spread * (1.0 + 64 * 2.0**-53)).all()
    turn = spread_of_angle(np, np.array([1e-9, 1.0]), np.array([-1.0, -1.0]), 1e-8, 0.0)
    assert turn[0] == 2 * np.pi and turn[1] < 1e-7


@pytest.mark.parametrize("name", JUMPS)
def test_a_jump_costs_what_is_jumped(name):
    how = {"rounding_method": 1} if name == "round" else {}
    f = lambda v: JUMPS[name](np, v, **how)
    at = 0.5 if name == "round" else 1.0
    x = np.array([at - 0.001, at + 0.001, at + 0.25])
    assert spread_of_jumps(np, f, x, 0.002).tolist() == [1.0, 1.0, 0.0]
    assert spread_of_jumps(np, f, x, 0.0005).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("method", list(lax.RoundingMethod))
def test_nearest_is_xlas(method):
    x = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, -7.25, 3.75])
    want = np.asarray(lax.round(x, method))
    for xp in (np, jnp):
        assert (np.asarray(nearest(xp, xp.asarray(x), method)) == want).all()
    other = next(m for m in lax.RoundingMethod if m != method)
    assert not (np.asarray(nearest(np, x, other)) == want).all()
