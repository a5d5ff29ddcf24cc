"""Which operations of a program are tied at a point, and that nothing else is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import ctx

from verification.arithmetic import sweep
from verification.arithmetic.ball_slopes import slopes
from verification.arithmetic.balls import BALLS, UNIT
from verification.arithmetic.ties import Followed, Recorded
from verification.oracles.question import ask
from verification.vocabulary import Undecided


def watched(function, point, watch):
    question = ask(function, (np.asarray(point, float),))
    args = [BALLS.lift(leaf) for leaf in question.leaves]
    with ctx.workprec(128):
        sweep.value_and_gradient(
            question.program, args, question.wanted, BALLS, slopes(UNIT, []), watch
        )
    return watch


TIED = {
    "max": lambda x: jnp.maximum(x, 0.0).sum(),
    "abs": lambda x: jnp.abs(x).sum(),
    "where": lambda x: jnp.where(x > 0, x, 0.1 * x).sum(),
    "equality": lambda x: jnp.where(x == 0, 0.0, x).sum(),
    "clip": lambda x: jnp.clip(x, 0.0, 9.0).sum(),
    "sign": lambda x: jnp.sign(x).sum(),
    "floor": lambda x: jnp.floor(x).sum(),
    "round": lambda x: jnp.round(x + 0.5).sum(),
    "all entries": lambda x: x.min(),
    "hidden": lambda x: jnp.maximum(jnp.exp(x), jnp.exp(0.0 * x)).sum(),
}


@pytest.mark.parametrize("name", TIED)
def test_a_tie_is_met_at_the_point_and_beside_it_there_is_none(name):
    at = watched(TIED[name], [0.0, 0.0, 2.25], Recorded()).ties
    assert sum(tie.left.size for tie in at.values()) == (1 if name == "all entries" else 2)

    assert not watched(TIED[name], [0.125, 0.25, 2.25], Recorded()).ties


def test_numbers_that_nothing_wanted_moves_are_no_tie():
    mask = np.array([0.0, 1.0])
    masked = lambda x: jnp.where(mask == 0.0, 0.0, x).sum() + jnp.where(x != x, 0.0, x).sum()
    assert not watched(masked, [0.0, 1.0], Recorded()).ties


def test_differences_are_followed_to_another_point():
    ties = watched(TIED["max"], [0.0, 2.0, 0.0], Recorded()).ties
    followed = watched(TIED["max"], [0.5, 2.0, -0.25], Followed(ties))
    assert [float(d.mid()) for d in followed.rows()] == [0.5, -0.25]


def test_a_run_that_goes_another_way_is_not_followed():
    two = lambda x: jax.lax.cond(x.sum() > 1.0, lambda: x.max(), lambda: jnp.abs(x).sum())
    ties = watched(two, [0.0, 0.0], Recorded()).ties
    with pytest.raises(Undecided):
        watched(two, [2.0, 2.0], Followed(ties)).rows()
