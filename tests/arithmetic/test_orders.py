"""Sorting, places and cumulative reductions: exact, at ties too, and proven for every input."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from verification.arithmetic.balls import BALLS
from verification.arithmetic.interpreter import enter, run
from verification.arithmetic.orders import ascending, network, order
from verification.arithmetic.rationals import RATIONALS
from verification.vocabulary import NoRule, Undecided


def exactly(function, x, arithmetic=RATIONALS):
    """Results over fractions as float64, integers as they are."""
    outs = run(jax.make_jaxpr(function)(x), [enter(x, arithmetic)], arithmetic)
    plain = lambda v: v if isinstance(v, int | np.integer) else int(v.p) / int(v.q)
    return [np.vectorize(plain, otypes=[float])(out) for out in outs]


def sorts(n: int, rounds) -> bool:
    """A network that sorts every word of 0 and 1 sorts everything (Knuth, 5.3.4, theorem Z)."""
    rows = np.array(list(itertools.product([0, 1], repeat=n)))
    for low, high in itertools.chain(*rounds):
        rows[:, [low, high]] = np.sort(rows[:, [low, high]], axis=1)
    return bool((np.diff(rows, axis=1) >= 0).all())


@pytest.mark.parametrize("n", range(1, 12))
def test_the_network_sorts_and_without_its_last_round_it_does_not(n):
    rounds = list(network(n))
    assert sorts(n, rounds)
    assert n == 1 or not sorts(n, rounds[:-1])
    for pairs in rounds:
        touched = [i for pair in pairs for i in pair]
        assert len(set(touched)) == len(touched)  # the comparisons of a round are independent


ROWS = {
    "sort": lambda x: jnp.sort(x, axis=1),
    "descending": lambda x: jnp.sort(x, axis=0, descending=True),
    "argsort": lambda x: jnp.argsort(x, axis=1),
    "by the first": lambda x: lax.sort((x, 2.0 * x, x.astype(int) * 0), num_keys=1),
    "top_k": lambda x: lax.top_k(x, 3),
    "argmax": lambda x: jnp.argmax(x, axis=1),
    "argmin": lambda x: jnp.argmin(x, axis=0),
    "cumprod": lambda x: lax.cumprod(x, 1),
    "cumprod back": lambda x: lax.cumprod(x, 0, reverse=True),
    "cummax": lambda x: lax.cummax(x, 1, reverse=True),
    "cummin": lambda x: lax.cummin(x, 1),
}


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=6)
@given(st.integers(0, 99))
def test_rows_are_put_in_order_as_jax_does_at_ties_too(name, seed):
    x = np.random.default_rng(seed).integers(-3, 4, (4, 7)) / 4  # products of 7 stay exact
    wants = jax.tree.leaves(ROWS[name](jnp.asarray(x)))
    for got, want in zip(exactly(ROWS[name], x), wants, strict=True):
        assert got.shape == want.shape and (got == np.asarray(want)).all()


def test_a_planted_order_without_regard_to_ties_is_seen():
    x = np.array([1.0, 0.5, 1.0, 0.5])
    assert np.asarray(order(jnp.asarray(x))).tolist() == [1, 3, 0, 2]
    assert np.asarray(order(jnp.asarray(x[::-1]))).tolist() != [1, 3, 0, 2]
    assert np.asarray(ascending(jnp.asarray(x))).tolist() == [0.5, 0.5, 1.0, 1.0]


def test_values_are_sorted_where_places_are_open():
    wide = np.array([arb(1).union(2), arb(1.5), arb(-1)], object)
    values = jax.make_jaxpr(lambda x: lax.top_k(x, 2)[0])(np.zeros(3))
    (top,) = run(values, [wide], BALLS)
    assert top[0].contains(arb(2)) and top[0].contains(arb(1.5)) and not top[0].contains(arb(1))
    assert top[1].contains(arb(1)) and not top[1].contains(arb(2))
    places = jax.make_jaxpr(lambda x: lax.top_k(x, 2)[1])(np.zeros(3))
    with pytest.raises(Undecided):
        run(places, [wide], BALLS)


def test_no_entry_is_compared_with_itself():
    """Each of these balls might be less than itself, for all that their ends say."""
    apart = np.array([arb(1).union(2), arb(5).union(6), arb(-3).union(0)], object)
    for places in (jnp.argsort, jnp.argmax, lambda x: lax.top_k(x, 3)[1]):
        (got,) = run(jax.make_jaxpr(places)(np.zeros(3)), [apart], BALLS)
        assert (got == np.asarray(places(jnp.array([1.0, 5.0, -3.0])))).all()


def test_several_keys_and_unstable_ties_have_no_rule():
    x = np.ones(3)
    for how in ({"num_keys": 2}, {"num_keys": 1, "is_stable": False}):
        with pytest.raises(NoRule, match="several keys"):
            exactly(lambda x, how=how: lax.sort((x, 2.0 * x), **how), x)


def test_places_in_an_order_that_mixes_ties_look_up_the_same_numbers():
    x = np.array([2.0, -1.0, 2.0, 0.5])
    places = lambda x: lax.sort((x, jnp.arange(4)), num_keys=1, is_stable=False)
    values, at = exactly(places, x)
    assert list(map(float, values)) == sorted(x) == [float(x[int(k)]) for k in at]


@pytest.mark.parametrize("reverse", [False, True])
def test_a_cumulative_logsumexp_holds_the_sum_in_order(reverse):
    x = np.array([0.5, -900.0, 900.0, 899.0, -3.0])
    (got,) = run(
        jax.make_jaxpr(lambda x: lax.cumlogsumexp(x, 0, reverse))(x), [enter(x, BALLS)], BALLS
    )
    order = x[::-1] if reverse else x
    for k, value in enumerate(got[::-1] if reverse else got):
        want = sum((arb(float(v)).exp() for v in order[: k + 1]), arb(0)).log()
        assert value.overlaps(want) and value.rel_accuracy_bits() > 40
        assert not (value + 1).overlaps(want)
