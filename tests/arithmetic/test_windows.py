"""Convolution and pooling against plain loops over integers: equal, for every parameter."""

import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from verification.arithmetic.balls import BALLS
from verification.arithmetic.interpreter import enter, run
from verification.arithmetic.rationals import RATIONALS
from verification.arithmetic.rewrites import REWRITES
from verification.arithmetic.windows import first_largest
from verification.vocabulary import NoRule


class Side(NamedTuple):
    """One spatial axis of a window operation."""

    size: int
    window: int
    stride: int
    low: int
    high: int
    spread: int  # base dilation
    gap: int  # window dilation

    @property
    def out(self) -> int:
        wide = (self.size - 1) * self.spread + 1 + self.low + self.high
        return (wide - (self.window - 1) * self.gap - 1) // self.stride + 1

    def source(self, p: int, k: int) -> int:
        """Which entry the k-th of window p is; -1 for padding and for the gaps between entries."""
        at, off = divmod(p * self.stride + k * self.gap - self.low, self.spread)
        return at if off == 0 and 0 <= at < self.size else -1


LIMITS = ((3, 5), (1, 3), (1, 3), (-1, 2), (-1, 2), (1, 3), (1, 2))  # of each field of a Side
side = st.builds(Side, *(st.integers(*pair) for pair in LIMITS))
sides = st.lists(side, min_size=1, max_size=2).filter(lambda s: all(a.out > 0 for a in s))


def windows(axes):
    """(output position, window entry, source) of every entry that is inside."""
    for p in np.ndindex(*(a.out for a in axes)):
        for k in np.ndindex(*(a.window for a in axes)):
            at = tuple(a.source(i, j) for a, i, j in zip(axes, p, k, strict=True))
            if min(at) >= 0:
                yield p, k, at


def convolved(x, w, axes, features, batches):
    """The definition, in Python's integers: out[n, o, p] = sum x[n, c, ...] w[o, c, k]."""
    n_out, o_out, inner = x.shape[0] // batches, w.shape[0], w.shape[1]
    out = np.zeros((n_out, o_out, *(a.out for a in axes)), object)
    per_group = o_out // (features * batches)
    for n, o, c in itertools.product(range(n_out), range(o_out), range(inner)):
        group = o // per_group
        row, channel = (n, group * inner + c) if batches == 1 else (group * n_out + n, c)
        for p, k, at in windows(axes):
            out[(n, o, *p)] += int(x[(row, channel, *at)]) * int(w[(o, c, *k)])
    return out


def exactly(function, *args):
    """One result over fractions, which are whole here."""
    program = jax.make_jaxpr(function)(*map(np.float64, args))
    (out,) = run(program, [enter(np.float64(a), RATIONALS) for a in args], RATIONALS)
    return np.frompyfunc(int, 1, 1)(out)


@settings(max_examples=25)
@given(sides, st.sampled_from([(1, 1), (2, 1), (3, 1), (1, 2)]), st.integers(0, 9), st.data())
def test_a_convolution_is_its_definition(axes, groups, seed, data):
    features, batches = groups
    rng = np.random.default_rng(seed)
    x = rng.integers(-9, 10, (2 * batches, 2 * features, *(a.size for a in axes)))
    w = rng.integers(-9, 10, (3 * features * batches, 2, *(a.window for a in axes)))
    order = lambda: tuple(data.draw(st.permutations(range(x.ndim))))
    numbers = lax.ConvDimensionNumbers(order(), order(), order())
    stored = lambda a, spec: a.transpose(np.argsort(spec))

    def f(x, w):
        return lax.conv_general_dilated_p.bind(
            x,
            w,
            window_strides=tuple(a.stride for a in axes),
            padding=tuple((a.low, a.high) for a in axes),
            lhs_dilation=tuple(a.spread for a in axes),
            rhs_dilation=tuple(a.gap for a in axes),
            dimension_numbers=numbers,
            feature_group_count=features,
            batch_group_count=batches,
            precision=None,
            preferred_element_type=None,
            out_sharding=None,
        )

    got = exactly(f, stored(x, numbers.lhs_spec), stored(w, numbers.rhs_spec))
    want = stored(convolved(x, w, axes, features, batches), numbers.out_spec)
    assert got.shape == want.shape and (got == want).all()


def test_the_loop_is_xlas_convolution_and_sees_a_forgotten_gap():
    axes = (Side(5, 3, 2, 1, 0, 2, 2), Side(4, 2, 1, -1, 2, 1, 1))
    rng = np.random.default_rng(3)
    x, w = rng.integers(-9, 10, (2, 4, 5, 4)), rng.integers(-9, 10, (6, 2, 3, 2))
    want = lax.conv_general_dilated(
        x.astype(float),
        w.astype(float),
        (2, 1),
        ((1, 0), (-1, 2)),
        lhs_dilation=(2, 1),
        rhs_dilation=(2, 1),
        feature_group_count=2,
    )
    assert (convolved(x, w, axes, 2, 1) == np.asarray(want)).all()
    forgotten = (axes[0]._replace(gap=1, high=-2), axes[1])
    assert forgotten[0].out == axes[0].out
    assert not (convolved(x, w, forgotten, 2, 1) == np.asarray(want)).all()


# --- pooling ---------------------------------------------------------------------------------


def parameters(axes):
    """One axis without windows in front."""
    return {
        "window_dimensions": (1, *(a.window for a in axes)),
        "window_strides": (1, *(a.stride for a in axes)),
        "padding": ((0, 0), *((a.low, a.high) for a in axes)),
        "base_dilation": (1, *(a.spread for a in axes)),
        "window_dilation": (1, *(a.gap for a in axes)),
    }


def pooled(x, axes, combine, start):
    out = np.full((x.shape[0], *(a.out for a in axes)), start, object)
    for n in range(x.shape[0]):
        for p, _, at in windows(axes):
            out[(n, *p)] = combine(out[(n, *p)], x[(n, *at)])
    return out


POOLS = {
    "sum": (lax.reduce_window_sum_p, lambda a, b: a + b, 0.0),
    "max": (lax.reduce_window_max_p, max, -np.inf),
    "min": (lax.reduce_window_min_p, min, np.inf),
}


@pytest.mark.parametrize("name", POOLS)
@settings(max_examples=12)
@given(sides, st.integers(0, 9))
def test_a_pool_is_its_definition(name, axes, seed):
    primitive, combine, start = POOLS[name]
    x = np.random.default_rng(seed).integers(-9, 10, (2, *(a.size for a in axes))) / 4
    program = jax.make_jaxpr(lambda x: primitive.bind(x, **parameters(axes)))(x)
    (out,) = run(program, [enter(x, BALLS)], BALLS)
    want = pooled(x, axes, combine, start)
    assert out.shape == want.shape
    assert all(v == float(w) and v.is_exact() for v, w in zip(out.flat, want.flat, strict=True))


def choices(axes, select):
    """Pooling's choice, taken by windows from tangents, and by entries from cotangents."""
    p = parameters(axes) | {"select_prim": getattr(lax, f"{select}_p")}
    back = {k: v for k, v in p.items() if "dilation" not in k}
    gather = lambda t, x: lax.select_and_gather_add_p.bind(t, x, **p)
    return gather, lambda s, x: lax.select_and_scatter_add_p.bind(s, x, **back)


@settings(max_examples=10)
@given(sides, st.sampled_from(["ge", "le"]), st.booleans(), st.integers(0, 9))
def test_pooling_sends_each_entry_where_xla_sends_it(axes, select, tied, seed):
    axes = [a._replace(spread=1, gap=1, low=max(a.low, 0), high=max(a.high, 0)) for a in axes]
    rng, shape = np.random.default_rng(seed), (2, *(a.size for a in axes))
    gather, scatter = choices(axes, select)
    x = rng.permutation(np.prod(shape)).reshape(shape).astype(float)
    calls = [(scatter, rng.integers(0, 4, shape).astype(float))] if tied else []
    for f, of in [(gather, x), (scatter, x), *calls]:
        source = shape if f is gather else (2, *(a.out for a in axes))
        args = rng.integers(-9, 10, source).astype(float), of
        (out,) = run(jax.make_jaxpr(f)(*args), [enter(a, BALLS) for a in args], BALLS)
        want = np.asarray(f(*args))
        assert out.shape == want.shape
        assert all(v == w for v, w in zip(out.flat, want.ravel().tolist(), strict=True))


def test_the_first_of_the_largest_and_a_planted_last():
    x = jnp.array([[1.0, 3.0, 3.0], [2.0, 2.0, 1.0], [0.0, 0.0, 4.0]])
    first = np.asarray(first_largest(x))
    assert first.tolist() == [[False, True, False], [True, False, False], [False, False, True]]
    last = np.asarray(first_largest(x[:, ::-1]))[:, ::-1]
    assert not (first == last).all() and (last.sum(1) == 1).all()
    assert np.asarray(first_largest(x[:, :1])).all()


def test_pooling_by_another_choice_has_no_rule():
    x = np.ones((2, 3))
    p = {"window_dimensions": (1, 2), "window_strides": (1, 1), "padding": ((0, 0), (0, 0))}
    with pytest.raises(NoRule, match="selects by 'lt'"):
        REWRITES["select_and_scatter_add"](x[:, 1:], x, select_prim=lax.lt_p, **p)
