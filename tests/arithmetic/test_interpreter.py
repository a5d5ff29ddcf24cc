"""Control flow and moves: the interpreter's answer is JAX's, in every arithmetic that has rules."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx
from jax import lax

from verification.arithmetic.balls import BALLS
from verification.arithmetic.complexes import complexes
from verification.arithmetic.interpreter import enter, is_plain, run
from verification.arithmetic.rationals import RATIONALS
from verification.vocabulary import NoRule, Undecided


@jax.custom_jvp
def tripled(x):
    return 3.0 * x


tripled.defjvp(lambda p, t: (tripled(*p), 1e9 * t[0]))  # a false slope, which must not matter


@jax.custom_vjp
def squared(x):
    return x * x


squared.defvjp(lambda x: (squared(x), x), lambda x, d: (1e9 * d,))


def scanned(x):
    carry, ys = lax.scan(lambda c, v: (2.0 * c - v, c + v.sum()), x[0], x[1:])
    back, zs = lax.scan(lambda c, v: (c + v, c - v), x[0], x, reverse=True)
    return carry, ys, back, zs


def looped(x):
    total = lax.while_loop(
        lambda s: jnp.abs(s[1]).sum() < 90.0, lambda s: (s[0] + 1, 1.5 * s[1]), (0, x)
    )
    return total, lax.fori_loop(0, 5, lambda i, s: s + i * x, x)


def branched(x):
    cases = lax.switch(2, [lambda v: v, lambda v: -v, lambda v: 2.0 * v], x)
    return cases, lax.cond(x[0, 0] > 0.0, lambda v: v + 1.0, lambda v: v - 1.0, x)


def indexed(x):
    rows = jnp.array([2, 0, 2])
    return x[rows], jnp.take_along_axis(x, jnp.array([[1], [0], [3]]), axis=1), x[::-2, 1::2]


def scattered(x):
    return x.at[jnp.array([2, 0, 2]), jnp.array([1, 1, 1])].add(x[:, 0]), x.at[:, 1].add(
        2.0 * x[:, 0]
    )


def sliced(x):
    piece = lax.dynamic_slice(x, (1, 2), (2, 2))
    return piece, lax.dynamic_update_slice(x, 2.0 * piece, (0, 1))


def padded(x):
    return lax.pad(x, 7.0, ((1, 2, 1), (-1, 0, 0))), jnp.stack([x, -x], 1), jnp.tile(x, (2, 1))


def joined(x):
    return jnp.concatenate([x, x[:1]], 0), jnp.flip(x, 1), x.T.reshape(2, 6), jnp.roll(x, 1, 0)


def summed(x):
    return jnp.cumsum(x, 0), lax.cumsum(x, 1, reverse=True), x.sum(0), x.sum(), x.max(1), x.min()


def multiplied(x):
    cube = jnp.stack([x, 2.0 * x, x - 1.0])
    return (
        jnp.einsum("bij,bkj->bik", cube, cube),
        jnp.einsum("bij,kbj->kib", cube, cube.transpose(1, 0, 2)),
        jnp.einsum("bij,bij->b", cube, cube),
        lax.dot_general(cube, cube, (((1, 2), (1, 2)), ((), ()))),
        x @ x.T @ x,
    )


def called(x):
    return tripled(x), squared(x), jax.jit(jnp.negative)(x), jax.checkpoint(squared)(x)


PROGRAMS = [scanned, looped, branched, indexed, scattered, sliced, padded, joined, summed]
PROGRAMS += [multiplied, called]
X = np.random.default_rng(31).integers(-8, 9, (3, 4)) / 4.0 + 0.125  # every step below is exact
ARITHMETICS = {"balls": BALLS, "rationals": RATIONALS, "complexes": complexes()}


def number(value) -> float:
    return float(value.real.mid()) if isinstance(value, arb) else float(complex_or_fraction(value))


def complex_or_fraction(value):
    return value.real if isinstance(value, complex | np.complexfloating) else value


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_a_program_of_dyadic_numbers_gives_exactly_what_jax_gives(program, arithmetic):
    with ctx.workprec(256):
        traced = jax.make_jaxpr(program)(X)
        outs = run(traced, [enter(X, ARITHMETICS[arithmetic])], ARITHMETICS[arithmetic])
        wants = jax.tree.leaves(program(jnp.asarray(X)))
        assert len(outs) == len(wants) > 0
        for out, want in zip(outs, wants, strict=True):
            assert out.shape == want.shape
            got = np.asarray(np.frompyfunc(number, 1, 1)(out), float)
            assert (got == np.asarray(want)).all()
            assert all(v.is_exact() for v in out.flat if isinstance(v, arb))


def test_plain_is_what_steers_and_nothing_else():
    assert is_plain(np.arange(3)) and is_plain(np.array(True))
    assert not is_plain(np.ones(3)) and not is_plain(np.ones(3, complex))
    assert not is_plain(np.array([arb(1)], object)) and not is_plain(3)


def test_no_rule_names_the_arithmetic_and_the_primitive():
    bits = jax.make_jaxpr(lambda x: lax.bitcast_convert_type(x, np.int64))(0.5)
    with pytest.raises(NoRule, match="real balls have no rule for the primitive 'bitcast_convert"):
        run(bits, [enter(0.5, BALLS)], BALLS)


def test_a_loop_whose_end_is_open_is_undecided():
    program = jax.make_jaxpr(lambda x: lax.while_loop(lambda v: v < 1.0, lambda v: v + 1.0, x))(0.5)
    wide = np.array(arb(0.5, 1.0), dtype=object)
    with pytest.raises(Undecided, match="steers"):
        run(program, [wide], BALLS)


def test_an_index_outside_is_no_number():
    with pytest.raises(Undecided, match="outside"):
        program = jax.make_jaxpr(lambda x: x.at[7].get(mode="fill"))(np.ones(3))
        run(program, [enter(np.ones(3), BALLS)], BALLS)
