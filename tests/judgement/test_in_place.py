"""A primitive without a rule is measured where a program comes to it; the rest is proven."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import Primitive

import verification as vf

from .without_a_rule import cubed

OPTIONS = {"cases": 1, "edges": "none"}
MEASURED = "ball, finite_difference"
SAID = "cubed is measured where the program comes to it, by differences; the rest is proven"


def draw(rng):
    return (rng.uniform(0.5, 1.0, size=3),)


def scanned(x):
    return jax.lax.scan(lambda c, _: (cubed(c), None), x, None, length=2)[0]


def chosen(x):
    return jax.lax.cond(x[0] > 0, cubed, jnp.sin, x)


def by_rule(slope):
    """The cube, whose own rule says that its slope is another."""
    made = jax.custom_vjp(cubed)
    made.defvjp(lambda x: (cubed(x), x), lambda x, d: (slope(x) * d,))
    return made


def on_the_host(slope):
    """The same by a callback, which JAX knows nothing of but that rule."""
    shape = lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype)
    cube = lambda x: jax.pure_callback(lambda v: v * v * v, shape(x), x, vmap_method="sequential")
    made = jax.custom_vjp(cube)
    made.defvjp(lambda x: (cube(x), x), lambda x, d: (slope(x) * d,))
    return made


def mapped(x):
    return jax.vmap(on_the_host(lambda x: 3 * x * x))(x)


def around(inside, ahead=1.0, behind=1.0):
    return lambda x: jnp.sum(jnp.exp(behind * inside(ahead * jnp.tanh(x))))


@pytest.mark.parametrize(
    "inside, said",
    [
        (cubed, SAID),
        pytest.param(jax.jit(cubed), SAID, marks=pytest.mark.dear),
        pytest.param(scanned, "scan, with cubed in it, is measured", marks=pytest.mark.dear),
        pytest.param(chosen, "cond, with cubed in it, is measured", marks=pytest.mark.dear),
        pytest.param(mapped, "scan, with pure_callback in it, is", marks=pytest.mark.dear),
    ],
    ids=["plain", "jit", "scan", "cond", "vmap"],
)
def test_what_is_around_it_is_proven_and_a_mistake_there_is_seen(inside, said):
    of = around(inside)
    right, wrong = (
        vf.validate(jax.jit(jax.grad(one)), of, draw, **OPTIONS)
        for one in (of, around(inside, behind=1.001))
    )
    assert (str(right.verdict), str(wrong.verdict)) == ("correct", "wrong"), str(right)
    assert {right.oracle, wrong.oracle} == {MEASURED}
    assert any(said in note for note in right.notes)
    assert max(right.power.values()) < 1e-9


def test_a_mistake_before_it_is_seen():
    found = vf.validate(
        jax.jit(jax.grad(around(cubed, ahead=1.001))), around(cubed), draw, **OPTIONS
    )
    assert (found.verdict, found.oracle) == ("wrong", MEASURED)


@pytest.mark.parametrize("made, name", [(by_rule, "cubed"), (on_the_host, "pure_callback")])
def test_a_mistake_in_its_own_rule_is_seen(made, name):
    for factor, verdict in ((3.0, "correct"), (3.003, "wrong")):
        of = around(made(lambda x, k=factor: k * x * x))
        found = vf.validate(jax.jit(jax.grad(of)), of, draw, **OPTIONS)
        assert (found.verdict, found.oracle) == (verdict, MEASURED), str(found)
        assert any(f"{name} is measured where" in note for note in found.notes)


def test_it_is_proven_around_it_in_a_narrow_format():
    for factor, verdict in ((1.0, "correct"), (1.001, "wrong")):
        slope = jax.jit(jax.grad(around(cubed, behind=factor)))
        found = vf.validate(slope, around(cubed), draw, dtype="float32", **OPTIONS)
        assert (found.verdict, found.oracle) == (verdict, MEASURED), str(found)


def test_integers_beside_it_are_those_of_each_point():
    of = lambda x, k: jnp.sum(jnp.sin(cubed(x) * k.astype(x.dtype)))
    points = lambda rng: (rng.uniform(0.5, 1.0, size=3), rng.integers(1, 5, size=3))
    slope = lambda x, k: 3 * x * x * k * np.cos(x**3 * k)
    forgot = lambda x, k: 3 * x * x * k * np.cos(x**3)
    found = [vf.validate(g, of, points, cases=2, edges="none") for g in (slope, forgot)]
    assert [str(one.verdict) for one in found] == ["correct", "wrong"]
    assert found[0].oracle == MEASURED


def test_what_is_all_of_a_function_or_is_complex_is_measured_whole():
    whole = vf.validate(lambda x, d: 3 * x * x * d, cubed, draw, **OPTIONS)
    assert "finite_difference" in whole.oracle and "ball" not in whole.oracle
    turned = lambda x: jnp.real(cubed(jax.lax.complex(x, x))).sum()
    found = vf.validate(jax.jit(jax.grad(turned)), turned, draw, **OPTIONS)
    assert found.verdict == "correct" and "ball" not in found.oracle


def test_what_is_held_still_inside_is_not_measured_in_place():
    still = lambda c, _: (cubed(c) * jax.lax.stop_gradient(c), None)
    of = lambda x: jnp.sum(jnp.sin(jax.lax.scan(still, x, None, length=1)[0]))
    found = vf.validate(jax.jit(jax.grad(of)), of, draw, **OPTIONS)
    assert found.verdict == "undecided" and "held still" in found.reason


def test_a_primitive_that_cannot_be_compiled_is_called_row_by_row():
    host = Primitive("on_the_host")
    host.def_impl(lambda x: jnp.asarray(np.asarray(x) ** 3))
    host.def_abstract_eval(lambda x: x)
    of = lambda x: jnp.sum(jnp.sin(host.bind(x)))
    slope = lambda x: 3 * x * x * np.cos(x**3)
    for factor, verdict in ((1.0, "correct"), (1.001, "wrong")):
        right = lambda x, k=factor: k * slope(x)
        found = vf.validate(right, of, draw, **OPTIONS)
        assert (found.verdict, found.oracle) == (verdict, MEASURED), str(found)
