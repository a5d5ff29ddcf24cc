"""A rule that is right once: a note says where its second derivative is of another function."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.judgement.kinds import second_pull

from .double_backward import cubes_of_pytorch

numbers = lambda rng: (rng.normal(size=2),)
SAID = "its second derivative is not that of `of`"


def noted(function, of=None, args=numbers, **options):
    finding = vf.validate(function, of, args, **{"cases": 1, "edges": "none", **options})
    assert finding.verdict == "correct", finding.reason
    return [note for note in finding.notes if SAID in note]


def ruled(f, slope):
    @jax.custom_vjp
    def function(z):
        return f(z)

    function.defvjp(lambda z: (f(z), z), lambda z, d: (d * slope(z),))
    return function


def forward(f, slope):
    @jax.custom_jvp
    def function(z):
        return f(z)

    function.defjvp(lambda zs, ds: (f(zs[0]), slope(zs[0]) * ds[0]))
    return function


stopped = lambda z: jax.lax.stop_gradient(jax.nn.sigmoid(z))
half = lambda z: (jax.nn.sigmoid(z) + stopped(z)) / 2.0
once = ruled(jax.nn.sigmoid, lambda z: jnp.zeros_like(z))
HIDDEN = {
    "all of it": ruled(jax.nn.softplus, stopped),
    "in a custom_jvp": forward(jax.nn.softplus, stopped),
    "in a partial": partial(jax.jit(ruled(jax.nn.softplus, stopped))),
    "one entry": ruled(
        jax.nn.softplus, lambda z: jnp.where(jnp.arange(2) > 0, half(z), stopped(z))
    ),
    "in a rule of the slope": ruled(jax.nn.softplus, once),
}
RIGHT = {
    "the slope": ruled(jax.nn.softplus, jax.nn.sigmoid),
    "forwards": forward(jax.nn.softplus, jax.nn.sigmoid),
    "a constant slope": ruled(lambda z: 3.0 * z, lambda z: 3.0),
    "a stopped constant": ruled(lambda z: 3.0 * z, lambda z: jax.lax.stop_gradient(3.0 + 0.0 * z)),
    "JAX's own": jax.nn.relu,
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_hides_a_slope_is_noted(name):
    (note,) = noted(HIDDEN[name])
    assert note.endswith("; order=2 judges it")
    assert ("hides a stop_gradient" in note) == (name != "one entry")


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_twice_is_not(name):
    assert noted(RIGHT[name]) == []


def test_of_what_nobody_differentiates_again_nothing_is_said(monkeypatch):
    def refuses(z, d):
        slope = lambda z: np.asarray(1.0 / (1.0 + np.exp(-z)))
        shape = jax.ShapeDtypeStruct(z.shape, z.dtype)
        return (d * jax.pure_callback(slope, shape, z),)

    called_back = ruled(jax.nn.softplus, jax.nn.sigmoid)
    called_back.defvjp(lambda z: (called_back(z), z), refuses)
    assert noted(called_back) == []
    by_hand = lambda z, d: d * stopped(z)
    assert noted(by_hand, jax.nn.softplus) == []
    monkeypatch.setattr(second_pull, "MOST", 1)
    assert noted(HIDDEN["all of it"]) == []


def test_right_under_a_transformation_it_is_noted_too():
    assert noted(HIDDEN["all of it"], under="jit")
    meant = vf.validate(HIDDEN["all of it"], args=numbers, cases=1, meant=jax.nn.softplus)
    assert meant.verdict == "correct" and not any(SAID in note for note in meant.notes)


@pytest.mark.torch
def test_a_double_backward_is_noted():
    cube = cubes_of_pytorch()
    of = lambda x: x**3
    assert noted(cube(lambda x: x.detach()), of) and not noted(cube(lambda x: x), of)
