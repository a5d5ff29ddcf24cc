"""Arguments of functions that take functions, mapped axes and bounds; others where one is open."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.atlas import campaign, families, rows, tried
from verification.atlas.found import Found
from verification.vocabulary import Finding, Verdict

LOOPS = ("scan", "fori_loop", "map", "cond", "switch", "associative_scan")
PLACES = ("gather", "scatter_add", "reduce", "reduce_window", "ragged_dot", "slice_in_dim")
MAPPED = ("psum", "ppermute", "all_gather")


@pytest.mark.parametrize("name", [*LOOPS, *PLACES, *MAPPED])
def test_arguments_are_found_for_what_takes_functions_places_and_axes(name):
    place = tried.suited(Found(name, getattr(jax.lax, name)))
    assert isinstance(place, tried.Suited), place


def test_a_mapped_axis_is_one():
    summed = tried.suited(Found("psum", lambda x, axis_name: jax.lax.psum(x * x, axis_name)))
    assert isinstance(summed, tried.Suited)
    x = jnp.arange(5.0)
    assert summed.of(x)[0].tolist() == [30.0] * 5


def test_a_number_between_its_bounds_is_the_first_of_three():
    inside = lambda x, low, high: jnp.log(x - low) + jnp.log(high - x)
    place = tried.suited(Found("inside", inside))
    assert isinstance(place, tried.Suited)
    assert tried.named(place.kinds) == "in (0, 1), negative, positive"


def test_what_is_wanted_by_keyword_is_given_by_its_name():
    place = tried.suited(Found("power", lambda x, *, v: x**v))
    assert isinstance(place, tried.Suited) and place.of(jnp.array([3.0]))[0] == 9.0
    assert tried.suited(Found("power", lambda x, *, unheard: x**unheard)) == tried.NONE


@pytest.fixture
def first_open(monkeypatch):
    """Nothing is decided at arguments in (0, 1)."""
    judged = rows.judged

    def open_there(suited: tried.Suited, dtype: str, cases: int) -> Finding:
        found = judged(suited, dtype, cases)
        is_open = tried.named(suited.kinds) == "in (0, 1)"
        return replace(found, verdict=Verdict.UNDECIDED) if is_open else found

    monkeypatch.setattr(rows, "judged", open_there)


def test_what_is_undecided_at_some_arguments_is_judged_at_others(first_open, monkeypatch):
    root = Found("root", lambda x: jnp.sqrt(x))  # of what is negative it has none
    of = lambda: [*campaign.of_function(root, ["float64"], 2, 60.0, tried.every_suited)]
    (row,) = of()
    assert (row.arguments, row.verdict) == ("positive", "correct")
    monkeypatch.setattr(campaign, "OTHERS", 0)
    (row,) = of()
    assert (row.arguments, row.verdict) == ("in (0, 1)", "undecided")


def test_shares_are_exactly_1_in_each_format():
    for seed in range(20):
        drawn = families.SIMPLEX.draw(np.random.default_rng(seed))
        assert drawn.sum() == 1.0 and (drawn > 0.0).all()
        assert (drawn.astype(jnp.bfloat16).astype(float) == drawn).all()
    loose = np.random.default_rng(0).dirichlet(np.full(5, 3.0))
    assert not (loose.astype(jnp.bfloat16).astype(float) == loose).all()
