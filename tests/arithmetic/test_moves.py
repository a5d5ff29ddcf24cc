"""Moves in NumPy are XLA's, place by place: every layout of gather and scatter, pads, slices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from verification.arithmetic.arrays import moved
from verification.arithmetic.balls import BALLS
from verification.arithmetic.interpreter import enter, run
from verification.arithmetic.moves import MOVES, landing
from verification.vocabulary import NoRule, Undecided

MODES = ["clip", "fill", "promise_in_bounds"]
X = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)


@st.composite
def layouts(draw):
    """A gather of X: which axes are batched, indexed, left out, and where the window goes."""
    axes = draw(st.permutations(range(4)))
    batch = sorted(axes[: draw(st.integers(0, 1))])
    indexed = axes[len(batch) : len(batch) + draw(st.integers(1, 3))]
    thin = sorted(a for a in indexed if draw(st.booleans()))
    sizes = [1 if a in (*batch, *thin) else draw(st.integers(1, X.shape[a])) for a in range(4)]
    rows = [X.shape[batch[0]]] if batch else []
    rows.insert(draw(st.integers(0, len(rows))), draw(st.integers(1, 3)))
    along = [rows.index(X.shape[batch[0]])] if batch else []
    window = 4 - len(batch) - len(thin)
    offset = sorted(draw(st.permutations(range(window + len(rows))))[:window])
    numbers = [tuple(offset), tuple(thin), tuple(indexed), tuple(batch), tuple(along)]
    return numbers, tuple(sizes), (*rows, len(indexed)), draw(st.integers(0, 99))


def indices(numbers, sizes, shape, seed, mode):
    """Anywhere, also outside, unless they are promised to be inside."""
    rng, room = np.random.default_rng(seed), np.subtract(X.shape, sizes)[list(numbers[2])]
    beyond = 0 if mode == "promise_in_bounds" else 2
    return rng.integers(-beyond, room + 1 + beyond, shape)


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=12)
@given(layouts())
def test_gather_picks_what_xla_picks(mode, layout):
    numbers, sizes, shape, seed = layout
    at = indices(*layout, mode)
    dimensions = lax.GatherDimensionNumbers(*numbers)
    want = np.asarray(lax.gather(X, at, dimensions, sizes, mode=mode, fill_value=-1))
    params = {"dimension_numbers": dimensions, "slice_sizes": sizes}
    params["mode"] = lax.GatherScatterMode.from_any(mode)
    if (want < 0).any():
        with pytest.raises(Undecided, match="outside"):
            MOVES["gather"](X, at, **params)
    else:
        got = MOVES["gather"](X, at, **params)
        assert got.shape == want.shape and (got == want).all()


@pytest.mark.parametrize("mode", ["clip", "fill"])
@settings(max_examples=12)
@given(layouts())
def test_updates_land_where_xla_adds_them(mode, layout):
    numbers, sizes, shape, _ = layout
    at, dimensions = indices(*layout, mode), lax.ScatterDimensionNumbers(*numbers)
    picked = lax.GatherDimensionNumbers(*numbers)
    updates = jax.eval_shape(lambda: lax.gather(X, at, picked, sizes, mode="clip")).shape
    values = 1 + np.arange(np.prod(updates, dtype=int)).reshape(updates) ** 2
    params = {"dimension_numbers": dimensions, "mode": lax.GatherScatterMode.from_any(mode)}
    into, got = landing(X.shape, at, updates, params), np.zeros(X.size, int)
    np.add.at(got, into[into >= 0], values.ravel()[into >= 0])
    want = lax.scatter_add(np.zeros(X.shape, int), at, values, dimensions, mode=mode)
    assert (got.reshape(X.shape) == np.asarray(want)).all()


@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 2)), max_size=3))
def test_pad_grows_cuts_and_spreads(config):
    x = np.arange(1, 1 + 4 ** len(config)).reshape((4,) * len(config))
    try:
        want = np.asarray(lax.pad(x, -7, config))
    except ValueError:  # a size below 0
        return
    got = MOVES["pad"](x, np.asarray(-7), padding_config=config)
    assert got.shape == want.shape and (got == want).all()


@pytest.mark.parametrize("starts", [(0, 0, 0, 0), (1, 2, 2, 3), (-4, 9, 1, -1)])
def test_dynamic_slices_are_held_inside(starts):
    sizes = (1, 2, 3, 2)
    want = np.asarray(lax.dynamic_slice_p.bind(X, *starts, slice_sizes=sizes))
    assert (MOVES["dynamic_slice"](X, *map(np.asarray, starts), slice_sizes=sizes) == want).all()
    changed = MOVES["dynamic_update_slice"](X, -want, *map(np.asarray, starts))
    assert (changed == np.asarray(lax.dynamic_update_slice_p.bind(X, -want, *starts))).all()


def test_a_reshape_may_put_axes_in_order_first():
    x = X[0, 0]
    got = MOVES["reshape"](x, new_sizes=(10, 2), dimensions=(1, 0))
    assert (got == np.asarray(lax.reshape(x, (10, 2), dimensions=(1, 0)))).all()
    assert not (got == x.reshape(10, 2)).all()


def test_many_cases_are_chosen_among():
    cases = [np.full(3, k) for k in range(40)]
    assert MOVES["select_n"](np.array([39, 0, 31]), *cases).tolist() == [39, 0, 31]


# --- what must not be guessed ----------------------------------------------------------------


def balls(function, x):
    return run(jax.make_jaxpr(function)(x), [enter(x, BALLS)], BALLS)


def test_constants_among_predicates_are_moved_as_what_they_are():
    """A constant beside comparisons was once taken for a position, and became another entry."""
    x = np.array([1.0, 5.0, 2.0])

    def flags(x):
        both = jnp.concatenate([jnp.array([True]), x > 3.0, jnp.array([False, True])])
        return both, jnp.where(jnp.array([True, False, True]), x > 3.0, jnp.ones(3, bool))

    got = balls(flags, x)
    for g, want in zip(got, flags(x), strict=True):
        assert [bool(v) for v in g] == want.tolist()
    _, places = moved("concatenate", [np.array([True]), np.ones(2, object)], {"dimension": 0})
    assert places.tolist() == [0, 1, 2]


def test_two_updates_at_one_place_are_undecided():
    (once,) = balls(lambda x: x.at[jnp.array([2, 0])].set(2.0 * x[:2]), np.array([1.0, 2.0, 3.0]))
    assert once.tolist() == [4, 2, 2]
    with pytest.raises(Undecided, match="two updates"):
        balls(lambda x: x.at[jnp.array([2, 2])].set(2.0 * x[:2]), np.ones(3))
    with pytest.raises(NoRule, match="applies a function"):
        balls(lambda x: x.at[1].apply(jnp.sin), np.ones(3))


def test_a_place_that_is_not_decided_is_no_place():
    with pytest.raises(Undecided, match="not decided"):
        moved("gather", [np.ones(3, object), np.array([arb(1)], object)], {})
    program = jax.make_jaxpr(lambda x: x.at[7].get(mode="fill"))(np.ones(3))
    with pytest.raises(Undecided, match="outside"):
        run(program, [enter(np.ones(3), BALLS)], BALLS)


@pytest.mark.parametrize("move", ["scatter", "dynamic_slice", "dynamic_update_slice"])
def test_under_tracing_places_must_be_constants(move):
    def place(i):
        numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
        how = {"dimension_numbers": numbers, "mode": lax.GatherScatterMode.CLIP}
        calls = {
            "scatter": lambda: MOVES[move](X[0, 0, 0], i[None, None], np.ones(1, int), **how),
            "dynamic_slice": lambda: MOVES[move](X[0, 0, 0], i, slice_sizes=(2,)),
            "dynamic_update_slice": lambda: MOVES[move](X[0, 0, 0], np.ones(2, int), i),
        }
        return calls[move]()

    assert place(np.asarray(1)).size
    known = jax.jit(lambda x: MOVES["dynamic_update_slice"](x, -x[:2], 1))
    assert known(jnp.arange(4)).tolist() == [0, 0, -1, 3]
    with pytest.raises(Undecided, match="depends on an argument"):
        jax.jit(place)(1)
