"""A normalizer that was rounded when it was stored is inside the budget, and little more is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic.bounds import bounds
from verification.arithmetic.formats import format_of
from verification.arithmetic.normalizers import Shift, normalized
from verification.arithmetic.shifts import stilled
from verification.measurement import budget as budgets
from verification.measurement.budget import budget, running, running_bound
from verification.measurement.opened import other_spellings
from verification.selftest.spellings.normalizers import (
    divided_late,
    lse,
    masked,
    pulled,
    stored,
    through_the_largest,
)

Z = 20.0 * np.random.default_rng(1).normal(size=(24, 5)).astype(np.float32)
G = np.random.default_rng(2).normal(size=(24, 5)).astype(np.float32)
UNIT = format_of("float32").unit


def pullback(f):
    return lambda z, d: jax.vjp(f, z)[1](d)[0]


def truth(f, z=Z):
    with jax.enable_x64(True):
        return np.asarray(pullback(f)(jnp.asarray(z, float), jnp.asarray(G, float)))


def in_float64(f):
    """What the slopes of f are off by in float64."""
    (allowed,) = running_bound(pullback(f), (Z, G), "float64")
    return allowed


def outside(got, f, z=Z):
    """Entries further from the slope of f than its budget, three rows at a time."""
    wide, apart = truth(f, z), []
    for k in range(0, len(Z), 3):
        few = slice(k, k + 3)
        (allowed,) = budget(pullback(f), (z[few], G[few]), "float32").allowed
        apart.append(abs(got[few] - wide[few]) > allowed)
    return np.concatenate(apart)


def one_by_one(z):
    def row(_, x):
        e = jnp.exp(x)
        return (), e / e.sum()

    return jax.lax.scan(row, (), z)[1]


def composed(z):
    e = jnp.exp(z - jax.lax.stop_gradient(z.max(-1, keepdims=True)))
    return e / e.sum(-1, keepdims=True)


def by_a_power(z):
    e = jnp.exp(z - jax.lax.stop_gradient(z.max(-1, keepdims=True)))
    return e * e.sum(-1, keepdims=True) ** -1


def shares(exponent, chosen=lambda e: e):
    def f(z):
        e = chosen(jnp.exp(exponent(z)))
        return e / e.sum(-1, keepdims=True)

    return f


def test_the_room_is_that_of_the_logarithm_the_normalizer_the_difference_and_the_argument():
    (log_sum,), z = np.log([1 + np.exp(-3.0)]), np.array([[20.0, 17.0, -np.inf]])
    room = Shift((-1,)).room(format_of("float32"), z)
    total = 20.0 + log_sum
    wanted = UNIT * (log_sum + total + np.array([[total, total, 0.0]]))  # |z - lse| + |z|
    np.testing.assert_allclose(room[:, :2], wanted[:, :2], rtol=16 * np.finfo(float).eps)
    assert room[0, 2] == 0.0


WAYS = {"JAX": jax.nn.softmax, "composed": composed, "by rows": jax.vmap(jax.nn.softmax)}
WAYS |= {"one by one": one_by_one, "by a power": by_a_power}


@pytest.mark.parametrize("f", WAYS.values(), ids=WAYS)
def test_a_stored_normalizer_is_inside(f):
    assert not outside(pulled(stored(Z), G), f).any()
    if f is not one_by_one:  # it has no shift: e^88 overflows
        assert not outside(pulled(stored(3 * Z), G), f, 3 * Z).any()


def test_without_the_room_it_is_outside(monkeypatch):
    monkeypatch.setattr(budgets, "normalized", lambda program: program)
    budgets._trace.cache_clear()
    assert outside(pulled(stored(3 * Z), G), composed, 3 * Z).any()
    budgets._trace.cache_clear()


COLUMN, ROW, FULL = np.float64(30 + Z[:, :1]), np.array([30.0, -30, 60, 0, 9]), np.float64(30 + Z)
MASK = np.arange(5) < 3
ONE_BY_ONE = lambda z: jax.lax.map(shares(lambda x: x), z)
ADDED = {  # the program, z, and the exponents that have the room: shifts are taken off
    "itself": (shares(lambda z: z), G, G),
    "a shift of each row": (shares(lambda z: z - COLUMN), G + COLUMN, G + COLUMN),
    "a shift that is one number": (shares(lambda z: z - 30.0), G + 30.0, G + 30.0),
    "no shift, by columns": (shares(lambda z: z - (0.0 * z[:1] + ROW[None])), G + ROW, G),
    "no shift, by entries": (shares(lambda z: z - FULL), G + FULL, G),
    "a mask": (shares(lambda z: z, lambda e: jnp.where(MASK[None], e, 0.0)), G, G),
    "in a loop": (ONE_BY_ONE, G, G),
}


@pytest.mark.parametrize("name", ADDED)
def test_the_room_is_all_that_is_added(name):
    """p times that of the exponent; bounds are of first order, the rest is one of them squared."""
    f, z, at = ADDED[name]
    program, target = jax.make_jaxpr(f)(np.float64(z)), format_of("float32")
    before, found = (
        running(one, [np.float64(z)], bounds(target))[0][1]
        for one in (program, normalized(program))
    )
    p = np.asarray(f(jnp.asarray(z, float)))
    kept = p > 0.0
    added = (p * Shift((-1,)).room(target, np.float64(at)))[kept]
    second, gained = found[kept] * (found[kept] / p[kept]).max(), (found - before)[kept]
    assert (abs(gained - added) <= second).all()
    assert (abs(gained - 1.01 * added) > second).any()


def test_a_normalizer_that_is_off_by_more_is_outside():
    """Sixteen roundings of it: four times what its own roundings may do."""
    off = np.exp(Z - lse(Z) * np.float32(1 + 16 * UNIT))
    assert outside(pulled(off, G), composed).any()


def test_masks_have_no_room_where_nothing_is():
    (allowed,) = running_bound(pullback(masked), (Z, G), "float32")
    assert (allowed[:, 3:] == 0.0).all() and (allowed[:, :3] > 0.0).all()


@pytest.mark.parametrize("f", [jnp.tanh, jnp.exp, jnp.cosh], ids=["tanh", "exp", "cosh"])
def test_what_is_not_normalized_stays_as_it_is(f):
    program = jax.make_jaxpr(lambda z: jax.tree.leaves(jax.grad(lambda x: f(x).sum())(z)))(Z)
    assert normalized(program) is program


# --- shifts whose slope is 0 -----------------------------------------------------------------


@pytest.mark.parametrize("call", [lambda f: f, jax.jit], ids=["plain", "jit"])
def test_a_shift_with_a_slope_has_another_spelling(call):
    f = call(through_the_largest)
    (still,) = other_spellings(f, (Z,))
    assert (abs(truth(still) - truth(f)) <= in_float64(still) + in_float64(f)).all()
    assert (abs(truth(still) - 1.001 * truth(f)) > in_float64(still) + in_float64(f)).any()
    right = np.asarray(pulled(stored(Z), G))
    assert outside(right, f).any()  # as autodiff of f rounds, p (g - sum p g) is a loss
    assert not outside(right, still).any()


def test_inside_of_loops_too():
    rows = lambda z: jax.lax.map(through_the_largest, z)
    (still,) = other_spellings(rows, (Z,))
    assert (abs(truth(still) - truth(rows)) <= in_float64(still) + in_float64(rows)).all()


def test_others_have_none():
    reversed_shift = lambda z: jnp.exp(z.max(-1, keepdims=True) - z)  # it is what is shifted
    for f in (composed, jax.nn.softmax, lambda z: z - z.max(), jnp.max, reversed_shift):
        assert other_spellings(f, (Z,)) == []
        program = jax.make_jaxpr(f)(Z)
        assert stilled(program) is program


def test_attention_that_divides_late():
    assert len(other_spellings(divided_late, (G, G, G))) == 1
