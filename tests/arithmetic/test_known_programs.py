"""A program that was run on the grid is known, and no other is taken for it."""

import jax
import jax.numpy as jnp
import numpy as np

from verification.arithmetic import one_way
from verification.arithmetic.one_way import on_the_grid


def test_a_program_is_run_once_and_one_with_other_numbers_again(monkeypatch):
    ran = []
    monkeypatch.setattr(one_way, "_KNOWN", {})
    plain = one_way._ran
    monkeypatch.setattr(one_way, "_ran", lambda *args: ran.append(args) or plain(*args))
    for factor in (2.0, 2.0, 3.0):
        value = on_the_grid(lambda x, c=factor: c * jnp.tanh(x), (2,))[1].value
        assert np.allclose(np.abs(value).max(), factor)
    assert len(ran) == 2


def test_arrays_inside_of_a_program_tell_it_from_others():
    def inside(array):
        held = jax.jit(lambda x: jnp.asarray(array) * x)
        return on_the_grid(lambda x: held(x), (2,))[1].value

    one, other = (inside(np.array(row)) for row in ((1.0, 2.0), (1.0, 3.0)))
    assert not np.array_equal(one, other)


def test_no_more_are_kept_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(one_way, "_KNOWN", {})
    monkeypatch.setattr(one_way, "MOST", 2)
    for k in range(4):
        on_the_grid(lambda x, k=k: x + float(k), (1,))
    assert len(one_way._KNOWN) == 2
