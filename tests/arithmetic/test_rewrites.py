"""A primitive and what it is made of are one function: proven by balls, exact over fractions."""

from collections import namedtuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx, fmpq
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from verification.arithmetic import rewrites
from verification.arithmetic.balls import BALLS
from verification.arithmetic.inner_programs import CALLS
from verification.arithmetic.integers import INTEGERS
from verification.arithmetic.interpreter import enter, evaluate, run
from verification.arithmetic.orders import ORDERS
from verification.arithmetic.rationals import RATIONALS
from verification.arithmetic.rewrites import REWRITES, rewritten
from verification.arithmetic.windows import WINDOWS
from verification.measurement.budget import running_bound
from verification.oracles.ball import gradient
from verification.oracles.question import ask
from verification.vocabulary import NoRule, Undecided

SMALL = np.array([1e-9, -0.4375, 0.328125, 0.78125])
WIDE = np.array([1e-9, -3.4375, 0.328125, 17.78125])
PROVEN = {  # balls have a rule of their own, by another way
    "sinh": WIDE,
    "cosh": WIDE,
    "tan": WIDE,
    "asinh": WIDE,
    "acosh": 1.0 + abs(WIDE),
    "atanh": SMALL,
}
X, Y = (
    np.array([[2.5, -3.0, 0.25], [1.0, -7.75, 4.5]]),
    np.array([[1.5, 2.0, -0.5], [1.0, -2.0, 3]]),
)
AT = np.array([[1], [0]])
NUMBERS = lax.ScatterDimensionNumbers((1,), (0,), (0,))
EXACT = {  # a program of fractions, whose result float64 holds
    "rem": (lambda x, y: lax.rem(x, y), X, Y),
    "polynomial": (lambda x, y: _polynomial(x, y, 0.5, -1.25), X, Y),
    "iota": (lambda x: x - lax.broadcasted_iota(np.float64, x.shape, 1), X),
    "reduce_prod": (lambda x: lax.reduce_prod(x, (0, 1)), X),
    "reduce_and": (lambda x: jnp.where(jnp.all(x > -5.0, 1), 1.0, 0.0), X),
    "reduce_or": (lambda x: jnp.where(jnp.any(x < -3.0, 1), 1.0, 0.0), X),
    "xor": (lambda x, y: jnp.where((x > 0.0) ^ (y > 0.0), x, y), X, Y),
    "lt_to": (lambda x, y: jnp.where(lax.lt_to_p.bind(x, y), x, 0.0), X, Y),
    "le_to": (lambda x, y: jnp.where(lax.le_to_p.bind(x, y), x, 0.0), X, Y),
    "eq_to": (lambda x, y: jnp.where(lax.eq_to_p.bind(x, y), x, 0.0), X, Y),
    "scatter-sub": (lambda x, y: lax.scatter_sub(x, 0 * AT, y, NUMBERS), X, Y),
    "scatter-mul": (lambda x, y: lax.scatter_mul(x, AT, y, NUMBERS), X, Y),
    "reduce": (lambda x: lax.reduce(x, np.array(0.5), lambda a, b: a + b + a * b, (1,)), X),
    "scatter-max": (lambda x, y: lax.scatter_max(x, AT, y, NUMBERS), X, Y),
    "scatter-min": (lambda x, y: lax.scatter_min(x, AT, y, NUMBERS), X, Y),
}


def _polynomial(x, *coefficients):
    """JAX 0.10 has no such primitive: there the rewrite is tried by itself."""
    if hasattr(lax, "polynomial"):
        return lax.polynomial(x, coefficients)
    return REWRITES["polynomial"](x, *coefficients)


def test_every_rewrite_is_tried_here_or_beside_windows_and_orders():
    others = {"recalled", "observed"}  # of primitives of ours: their own files try them
    others |= {"empty2", "nextafter", "device_put", *NAMED} - CALLS  # see below
    others |= {"psum", "pmax", "pmin", "ragged_dot_general"}  # see test_met.py
    assert set(REWRITES) == set(PROVEN) | set(EXACT) | set(WINDOWS) | set(ORDERS) | others


@pytest.mark.parametrize("name", PROVEN)
def test_a_rewrite_and_a_rule_enclose_the_same_number(name):
    x = PROVEN[name]
    (eqn,) = jax.make_jaxpr(getattr(lax, name))(x).eqns
    with ctx.workprec(256):
        (ruled,) = evaluate(eqn, [enter(x, BALLS)], BALLS, (True,))
        (made,) = run(rewritten(eqn, (True,)), [enter(x, BALLS)], BALLS)
        for a, b in zip(ruled, made, strict=True):
            assert a.overlaps(b) and a.rel_accuracy_bits() > 150 and b.rel_accuracy_bits() > 150
            assert not a.overlaps(b * (1 + arb(2) ** -100))  # a planted error


@pytest.mark.parametrize("name", EXACT)
def test_a_rewrite_of_fractions_is_what_xla_says(name):
    function, *args = EXACT[name]
    program = jax.make_jaxpr(function)(*args)
    assert name in str(program) or not hasattr(lax, name)
    (got,) = run(program, [enter(a, RATIONALS) for a in args], RATIONALS)
    want = np.asarray(function(*map(jnp.asarray, args)))
    got = np.vectorize(lambda v: int(v.p) / int(v.q), otypes=[float])(got)
    assert got.shape == want.shape and (got == want).all()
    assert want.size == 1 or not (got == want.ravel()[::-1].reshape(want.shape)).all()


def test_updates_that_meet_are_undecided_where_their_order_might_count():
    x = np.ones(3)
    program = jax.make_jaxpr(lambda x: x.at[jnp.array([1, 1])].set(x[:2]))(x)
    with pytest.raises(Undecided, match="two updates"):
        run(program, [enter(x, RATIONALS)], RATIONALS)


# --- the mechanism ---------------------------------------------------------------------------

Equation = namedtuple("Equation", "primitive params invars")


def test_a_trace_is_in_float64_whatever_the_program_and_made_once():
    program = jax.make_jaxpr(lambda x: lax.reduce_prod(x, (0,)))(np.ones(5, np.float16))
    (eqn,) = program.eqns
    made = rewritten(eqn, (True,))
    assert {v.aval.dtype for v in made.jaxpr.invars + made.jaxpr.outvars} == {np.dtype("float64")}
    assert rewritten(eqn, (True,)) is made


def test_a_trace_within_a_trace_holds_numbers_only():
    rewrites._trace.cache_clear()

    def inside(x):
        (eqn,) = jax.make_jaxpr(lambda v: lax.cumprod(v, 0))(np.ones(3)).eqns
        for const in rewritten(eqn, (True,)).consts:
            assert not isinstance(const, jax.core.Tracer)
        return x

    jax.jit(inside)(1.0)


def test_what_nobody_reads_is_not_run():
    unread = lambda x: (lax.lgamma(x), lax.top_k(x, 2))[1][0]
    (top,) = run(jax.make_jaxpr(unread)(X[0]), [enter(X[0], RATIONALS)], RATIONALS)
    assert top.tolist() == [fmpq(5, 2), fmpq(1, 4)]
    read = lambda x: lax.lgamma(x) + lax.top_k(x, 2)[0][0]
    with pytest.raises(NoRule, match="'lgamma'"):
        run(jax.make_jaxpr(read)(X[0]), [enter(X[0], RATIONALS)], RATIONALS)


def test_a_parameter_of_no_known_meaning_is_no_rule():
    (eqn,) = jax.make_jaxpr(lambda x: lax.argmax(x, 0, np.int32))(X[0]).eqns
    strange = Equation(eqn.primitive, eqn.params | {"favourite": "last"}, eqn.invars)
    with pytest.raises(NoRule, match="'argmax' has a parameter"):
        rewritten(strange, (True,))


def test_integers_never_need_a_rewrite_that_looks_at_floats():
    assert not set(REWRITES) & set(INTEGERS) - {"iota", "xor"}


def branching(c, row):
    return jax.lax.cond(row > 0.0, lambda c: c * row, jnp.cos, c), c


@pytest.mark.parametrize("filling", [0.0, 7.0])
def test_what_a_loop_writes_over_before_it_is_read_may_be_anything(filling, monkeypatch):
    """The gradient of a branch in a loop begins with an empty array of residuals."""
    monkeypatch.setitem(REWRITES, "empty2", lambda dtype, **_: np.float64(filling))
    rewrites._trace.cache_clear()
    loop = lambda x: jax.lax.scan(branching, x[0], x)[1].sum()
    x = np.array([0.3, -1.2, 0.7])
    (slope,) = run(jax.make_jaxpr(jax.grad(loop))(x), [BALLS.lift(x)], BALLS)
    rewrites._trace.cache_clear()
    for ball, number in zip(slope, jax.grad(loop)(x), strict=True):
        assert abs(float(ball.mid()) - number) <= 4.0 * np.spacing(abs(number))


def test_the_next_float_is_the_number_itself_within_its_bound():
    x = np.array([1.0, -1.5, 0.328125, 17.78125])
    beside = lambda x: lax.nextafter(x, jnp.full_like(x, jnp.inf))
    (allowed,) = running_bound(beside, (x,), "float32")
    gaps = np.nextafter(x.astype("float32"), np.float32(np.inf)).astype(float) - x

    assert (gaps > 0.0).all() and (gaps <= allowed).all()
    assert not (gaps <= 0.5 * allowed).all()  # the bound is no blanket


def curve(x):
    return jnp.sin(x) * x


def _batched(x):
    rule = jax.custom_batching.custom_vmap(lambda x: curve(x))
    rule.def_vmap(lambda size, is_batched, x: (curve(x), True))
    return rule(x)


def _turned(x):
    """Linear in x: its transpose, which is somebody's rule, is not looked at."""
    by = lambda turn, v: jax.custom_derivatives.linear_call(lambda r, v: r * v, turn, jnp.cos(x), v)
    return by(lambda r, v: 2.0 * r * v, x)


NAMED = {  # a call by another name -> of it, and of what it is
    "name": (lambda x: checkpoint_name(curve(x), "kept"), curve),
    "composite": (lambda x: lax.composite(curve, name="refnet.curve")(x), curve),
    "custom_vmap_call": (_batched, curve),
    "linear_call": (_turned, lambda x: jnp.cos(x) * x),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_call_by_another_name_is_what_it_calls(name):
    x = np.array([0.5, -1.25, 2.0])
    program, plain = (jax.make_jaxpr(of)(x) for of in NAMED[name])
    assert name in {eqn.primitive.name for eqn in program.eqns}
    (found,), (want,) = (run(p, [BALLS.lift(x)], BALLS) for p in (program, plain))
    assert all(a == b or a.overlaps(b) for a, b in zip(found, want, strict=True))


def test_a_computation_of_ones_own_reduces_along_several_axes_pairs_too():
    """Affine maps, composed one after the other: from the first to the last."""
    x = np.linspace(0.5, 2.0, 12).reshape(2, 3, 2)
    start = (np.array(1.0), np.array(0.0))
    after = lambda f, g: (f[0] * g[0], f[1] * g[0] + g[1])
    whole = lambda x: jnp.sum(lax.reduce((x, x * x), start, after, (0, 2))[1])
    (found,) = gradient(ask(whole, (x,)))

    def by_loop(x):
        scale, shift = jnp.ones(3), jnp.zeros(3)
        for i, k in np.ndindex(2, 2):
            scale, shift = after((scale, shift), (x[i, :, k], x[i, :, k] ** 2))
        return jnp.sum(shift)

    want = np.asarray(jax.grad(by_loop)(x))
    assert found.proven and (found.rad < 1e-20).all()
    assert (np.abs(found.mid - want) < 1e-13 * np.abs(want)).all()
    with pytest.raises(AssertionError):  # another order is another function
        np.testing.assert_allclose(found.mid, jax.grad(by_loop)(x[::-1, :, ::-1])[::-1, :, ::-1])


@pytest.mark.parametrize("name", ["name", "linear_call"])
def test_its_slope_is_proven_and_its_rule_is_not_asked(name):
    of, plain = NAMED[name]
    x = np.array([0.5, -1.25, 2.0])
    (found,) = gradient(ask(lambda x: jnp.sum(of(x)), (x,)))
    want = jax.grad(lambda x: jnp.sum(plain(x)))(x)
    assert found.proven and (found.rad < 1e-20).all()
    assert (np.abs(found.mid - want) < 1e-14).all()


@pytest.mark.parametrize("of", [lambda z: z, jnp.fft.fft])
def test_where_a_number_lies_changes_nothing(of):
    """Of several at once, of complex ones, and in the middle of a loop."""

    def moved(x):
        once, twice = jax.device_put((of(x), 2.0 * of(x)))
        step = lambda c, _: (jax.device_put(jnp.sin(c)), None)
        return jnp.sum(jnp.abs(once) * jnp.abs(twice)) + jnp.sum(lax.scan(step, x, None, 2)[0])

    x = np.array([0.5, -1.25, 2.0])
    (found,) = gradient(ask(moved, (x,)))
    size = x.size if of is jnp.fft.fft else 1
    want = 4.0 * size * x + np.cos(np.sin(x)) * np.cos(x)
    assert found.proven and (found.rad < 1e-20).all()
    assert (np.abs(found.mid - want) < 1e-14 * np.abs(want)).all()


def test_a_draw_between_two_bounds_is_proven():
    draw = lambda low, high: jax.random.truncated_normal(jax.random.key(3), low, high, (3,))
    leaves = np.array([-1.0, -0.5, -2.0]), np.array([0.5, 1.0, 2.0])
    weighed = lambda low, high: jnp.sum(draw(low, high) * jnp.arange(1.0, 4.0))
    found = gradient(ask(weighed, leaves, (0, 1)))
    want = jax.grad(weighed, (0, 1))(*leaves)

    for one, slope in zip(found, want, strict=True):
        assert (one.rad < 1e-20).all() and np.abs(slope).min() > 0.01
        assert (np.abs(one.mid - slope) < 1e-12 * np.abs(slope)).all()
