"""Where underflow was not seen, the walk without it comes to the same; where it was, to less."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic.bounds import bounds
from verification.arithmetic.formats import format_of
from verification.arithmetic.recalled import room
from verification.arithmetic.watched import Watched, added
from verification.measurement import budget as budgets
from verification.measurement.subject import with_stored

FLOAT64 = format_of("float64")
SMALL, NORMAL = 1e-154, np.linspace(-1.5, 2.0, 6)


def loop(x):
    step = lambda h, row: (jnp.tanh(h + row) * jax.nn.sigmoid(row), h * h)
    return jnp.sum(jax.lax.scan(step, jnp.zeros(()), x)[1])


norm = lambda x: jnp.sum(x / jnp.sqrt(jnp.mean(x * x) + 1e-5))
masked = lambda x: jnp.sum(jnp.where(x > 0.0, x @ jnp.eye(6), 0.0) * x)
squares = lambda x: jnp.sum(jnp.cumsum(x * x * 0.1)) * 1e10
product = lambda x: (x @ x[::-1]) * 1e10
PROGRAMS = {
    "a loop": (loop, NORMAL, False),
    "a mask": (masked, NORMAL, False),
    "a product": (product, NORMAL, False),
    "a root": (norm, NORMAL, None),
    "a small loop": (loop, SMALL * NORMAL, True),
    "a small mask": (masked, SMALL * NORMAL, True),
    "a small product": (product, SMALL * NORMAL, True),
    "small squares": (squares, SMALL * NORMAL, True),
    "an argument that is flushed": (lambda x: x * 2.0**60, 1e-310 * NORMAL, True),
}


def walked(f, x, target):
    program, leaves = budgets.traced(f, (x,))
    return [out for pair in budgets.running(program, leaves, bounds(target)) for out in pair]


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_was_not_seen_has_added_nothing(name):
    f, x, underflows = PROGRAMS[name]
    for of in (f, with_stored(f), jax.grad(lambda x: jnp.sum(with_stored(f)(x)))):
        watched = Watched(*FLOAT64)
        with_it, plain = walked(of, x, watched), walked(of, x, FLOAT64)
        without = walked(of, x, FLOAT64._replace(tiny=0.0))
        same = all(map(np.array_equal, with_it, without))
        assert all(map(np.array_equal, with_it, plain))  # watching changes nothing
        assert watched.seen or same
        assert underflows is not False or not watched.seen
    of = walked(f, x, watched := Watched(*FLOAT64))
    without = walked(f, x, FLOAT64._replace(tiny=0.0))
    assert not underflows or (watched.seen and not all(map(np.array_equal, of, without)))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_budget_is_that_of_two_walks(name, monkeypatch):
    f, x, _ = PROGRAMS[name]
    monkeypatch.setattr(budgets, "is_sharp", lambda *_: False)  # else it needs no second walk
    found = budgets.budget(f, (x,), "float64")
    rigorous = budgets._rigorous
    monkeypatch.setattr(budgets, "_rigorous", lambda *asked: (rigorous(*asked)[0], None))
    again = budgets.budget(f, (x,), "float64")
    assert found.kinds == again.kinds and all(map(np.array_equal, found.allowed, again.allowed))


def test_a_walk_that_has_seen_underflow_is_not_taken_for_one_without(monkeypatch):
    """The control: taken so, nothing is allowed for what float64 flushes."""
    ask = lambda: budgets.budget(squares, (np.full(6, SMALL),), "float64").allowed[0]
    monkeypatch.setattr(budgets, "is_sharp", lambda *_: False)
    right = ask()
    monkeypatch.setattr("verification.arithmetic.bounded.added", lambda *_: None)
    monkeypatch.setattr("verification.arithmetic.bounded_sums.added", lambda *_: None)
    assert ask() < right / 2


def test_who_reads_the_smallest_number_is_told_and_a_step_in_the_dark_is_too():
    reader, quiet, told, exact = (Watched(*FLOAT64) for _ in range(4))
    assert reader.unit == FLOAT64.unit and not reader.seen
    assert reader.tiny == FLOAT64.tiny and reader.seen
    one, more = np.array([1.0, np.inf, np.nan]), np.array([2.0, np.inf, np.nan])
    added(quiet, one, one)
    added(told, one, more)
    added(exact, one, more, one == 1.0)
    assert (quiet.seen, told.seen, exact.seen) == (False, True, False)
    assert bounds(quiet) is not bounds(FLOAT64) and quiet != Watched(*FLOAT64)


def test_underflow_in_a_room_that_is_remembered_is_seen_again():
    program, _ = budgets.traced(jax.grad(with_stored(jnp.tanh)), (np.float64(0.5),))
    (known,) = [e.params["program"] for e in program.jaxpr.eqns if e.primitive.name == "recalled"]

    def seen(z: float) -> list[bool]:
        looks = [Watched(*FLOAT64) for _ in range(2)]
        assert len({float(room(one, bounds(one), np.array(z), known)) for one in looks}) == 1
        return [one.seen for one in looks]

    assert seen(0.5) == [False, False] and seen(1e-310) == [True, True]
