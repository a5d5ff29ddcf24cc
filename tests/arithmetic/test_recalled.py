"""The room of a slope that is read back: as derived, and in every arithmetic that counts errors."""

from collections import OrderedDict

import jax
import jax.numpy as jnp
import numpy as np

from verification.arithmetic import recalled as remembered
from verification.arithmetic import rooms_ahead
from verification.arithmetic.bounds import bounds
from verification.arithmetic.formats import format_of
from verification.arithmetic.recalled import room
from verification.measurement.batch import judged
from verification.measurement.budget import deviations, running_bound, traced
from verification.measurement.subject import with_stored

Z = np.array([-6.0, -1.0, 0.5, 3.0, 6.0])
FLOAT32 = format_of("float32")


def pullback(f):
    return lambda z, d: jax.vjp(f, z)[1](d)[0]


def room_of(f, z):
    program, _ = traced(pullback(with_stored(f)), (z, np.ones_like(z)))
    (found,) = [e.params["program"] for e in program.jaxpr.eqns if e.primitive.name == "recalled"]
    return room(FLOAT32, bounds(FLOAT32), z, found)


def test_the_slope_of_tanh_moves_with_its_square():
    """d(1 - a^2) = 2 |a| da, and da is ten units of tanh, and |z| (1 - a^2) for its argument."""
    a = np.tanh(Z)
    off = 10 * np.abs(a) + np.abs(Z) * (1 - a**2)
    derived = 2 * np.abs(a) * off * FLOAT32.unit
    np.testing.assert_allclose(room_of(jnp.tanh, Z), derived, rtol=1e-6)


def test_the_room_of_a_root_is_the_same_share_of_its_slope_at_every_size():
    """A root has a rounding or two at any argument: it is no exponential of it."""
    z = 4.0 ** np.arange(-6, 7)
    share = room_of(jnp.sqrt, z) / (0.5 / np.sqrt(z))
    np.testing.assert_allclose(share, share[0], rtol=1e-12)
    assert FLOAT32.unit < share[0] < 8 * FLOAT32.unit


def test_where_nothing_is_left_of_the_argument_all_of_the_slope_is_room():
    z = np.array([-50.0, 50.0, 1.0])
    slope = 1.0 / np.cosh(z) ** 2
    found = room_of(jnp.tanh, z)
    assert (found[:2] < 1e-30).all()  # and so it is: tanh is 1 there in float64, too
    assert found[2] < slope[2]


def test_a_complement_is_its_limit_where_rounding_says_so():
    """1 - s(z) is 1 below z = log u, for everybody; above, its rounding is room on both sides."""
    z = np.array([-40.0, -20.0, -10.0, -3.0])
    s = 1 / (1 + np.exp(-z))
    found, slope = room_of(jax.nn.sigmoid, z), s * (1 - s)
    assert (found[:2] <= slope[:2]).all()
    assert (found[2:] >= FLOAT32.unit * (1 - 2 * s[2:])).all() and (found[2:] < slope[2:]).all()


def test_every_arithmetic_has_it():
    """Bounds, random rounding, and many cases at once."""
    z, d = Z.astype(np.float32), np.ones(5, np.float32)
    plain, stored = pullback(jnp.tanh), pullback(with_stored(jnp.tanh))
    wide, narrow = (running_bound(g, (z, d), "float32")[0] for g in (stored, plain))
    assert (wide > narrow).all()
    wide, narrow = (deviations(g, (z, d), "float32")[0] for g in (stored, plain))
    assert (wide[[0, -1]] > narrow[[0, -1]]).all()
    cases = (np.stack([z, z]), np.stack([d, d]))
    wide, narrow = (judged(g, (z, d), "float32")(cases).allowed[0] for g in (stored, plain))
    assert bool((wide[:, [0, -1]] > narrow[:, [0, -1]]).all())  # elsewhere both are draws alike


def test_a_room_is_remembered_for_its_arguments_program_and_format(monkeypatch):
    """The second look finds the first; other arguments, and another function, do not."""
    monkeypatch.setattr(remembered, "KNOWN", OrderedDict())
    program, _ = traced(pullback(with_stored(jnp.tanh)), (Z, np.ones_like(Z)))
    (known,) = [e.params["program"] for e in program.jaxpr.eqns if e.primitive.name == "recalled"]
    at = lambda z, target=FLOAT32: room(target, bounds(target), z, known)
    first = at(Z)
    assert at(Z.copy()) is first
    assert (at(Z / 2) != first).any() and (at(Z, format_of("float64")) != first).any()
    assert (room_of(jax.nn.sigmoid, Z) != first).any()
    many = [at(Z + k) for k in range(remembered.KEPT + 1)]
    assert len(many) > len(remembered.KNOWN) == remembered.KEPT


def rows_of(steps, seed=0):
    """A loop that keeps the slopes of two functions, and its arguments."""

    def loss(w, x):
        def step(h, row):
            h = jnp.tanh(w * h + row)
            return h, jax.nn.sigmoid(h - row)

        return jnp.sum(jax.lax.scan(step, jnp.zeros(3), x)[1] ** 2)

    rng = np.random.default_rng(seed)
    return jax.grad(with_stored(loss), (0, 1)), (rng.normal(size=3), rng.normal(size=(steps, 3)))


def both(steps, dtype="float32"):
    asked = rows_of(steps)
    return [*running_bound(*asked, dtype), *deviations(*asked, dtype)]


def test_the_rooms_of_a_loop_are_found_for_all_steps_at_once(monkeypatch):
    """To the last bit those of step by step, in as many walks for nine steps as for three."""
    found = {dtype: both(9, dtype) for dtype in ("float64", "float32", "bfloat16")}
    asked, one = [], remembered._room_at
    monkeypatch.setattr(remembered, "KNOWN", OrderedDict())
    monkeypatch.setattr(remembered, "_room_at", lambda *a: (asked.append(a), one(*a))[1])

    def walks(steps):
        asked.clear()
        both(steps)
        return len(asked)

    few = walks(3)
    assert few == walks(9)
    monkeypatch.setattr(rooms_ahead, "LARGE", 0)
    monkeypatch.setattr(remembered, "KNOWN", OrderedDict())
    assert few < walks(9) / 3  # step by step
    for dtype, ahead in found.items():
        assert all(map(np.array_equal, ahead, both(9, dtype)))


def test_rooms_of_other_rows_are_not_those(monkeypatch):
    """The control: with the rooms of the rows turned round the bounds are others."""
    right, rooms = both(9), rooms_ahead.rooms_of_rows
    monkeypatch.setattr(rooms_ahead, "rooms_of_rows", lambda *asked: rooms(*asked)[::-1])
    assert not all(map(np.array_equal, right, both(9)))
