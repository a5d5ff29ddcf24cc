"""Moves of drawn numbers: every draw moves as an array of its own would."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax, make_jaxpr

from verification.arithmetic import samples
from verification.arithmetic.moves import MOVES
from verification.arithmetic.samples import UNDER_DRAWS, Samples, move

X = np.arange(24.0).reshape(2, 1, 3, 4)
MOVED = {
    "squeeze": lambda x: jnp.squeeze(x, 1),
    "transpose": lambda x: jnp.transpose(x, (2, 0, 3, 1)),
    "rev": lambda x: lax.rev(x, (2,)),
    "broadcast_in_dim": lambda x: jnp.broadcast_to(x[0, 0], (5, 3, 4)),
    "slice": lambda x: x[:, :, 1:3, ::2],
}


def the_move(name):
    """The parameters of the primitive, and an array of the shape that it moves there."""
    eqns = make_jaxpr(MOVED[name])(X).jaxpr.eqns
    eqn = [e for e in eqns if e.primitive.name == name][-1]
    shape = eqn.invars[0].aval.shape
    return eqn.params, X.ravel()[: int(np.prod(shape))].reshape(shape)


def agrees(name) -> bool:
    params, x = the_move(name)
    draws = x + np.arange(7.0).reshape(-1, *(1,) * x.ndim) * 100.0
    found = move(name)(Samples(x, draws), **params)
    alone = [MOVES[name](draw, **params) for draw in draws]
    same = np.array_equal(found.value, MOVES[name](x, **params))
    return same and found.draws is not None and np.array_equal(found.draws, np.stack(alone))


def test_all_moves_are_tried():
    assert set(MOVED) == set(UNDER_DRAWS)


@pytest.mark.parametrize("name", MOVED)
def test_each_draw_moves_alone(name):
    assert agrees(name)


def test_a_flip_along_the_draws_is_seen(monkeypatch):
    unmoved = lambda count, dimensions, **_: {"dimensions": (dimensions[0],)}
    monkeypatch.setitem(samples.UNDER_DRAWS, "rev", unmoved)
    assert not agrees("rev")
