"""Modules of JAX's frameworks are handed over as they are; skipped visibly where one is missing."""

import os
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import verification as vf
from verification.adapters import jax_modules

OPTIONS = {"cases": 2, "edges": "none"}


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def squashed(x, factor):
    """tanh, whose own rule is off by a factor."""
    return jnp.tanh(x)


squashed.defvjp(
    lambda x, factor: (jnp.tanh(x), x),
    lambda factor, x, d: (d * factor * (1.0 - jnp.tanh(x) ** 2),),
)


def rows(rng):
    return (rng.normal(size=(5, 3)),)


def of_equinox(factor):
    eqx = pytest.importorskip("equinox")

    class Net(eqx.Module):
        scale: jax.Array
        linear: Any
        act: Any = eqx.field(static=True)

        def __call__(self, x):
            return self.act(jax.vmap(self.linear)(x * self.scale[None, :]))

    act = partial(squashed, factor=factor)
    return Net(jnp.ones(3), eqx.nn.Linear(3, 2, key=jax.random.key(0)), act)


def of_nnx(factor):
    nnx = pytest.importorskip("flax.nnx")

    class Net(nnx.Module):
        def __init__(self, rngs):
            self.first = nnx.Linear(3, 4, rngs=rngs, param_dtype=jnp.float64)
            self.norm = nnx.BatchNorm(4, rngs=rngs, param_dtype=jnp.float64)

        def __call__(self, x):
            return squashed(self.norm(self.first(x)), factor)

    return Net(nnx.Rngs(0))


def of_linen(factor):
    linen = pytest.importorskip("flax.linen")

    class Net(linen.Module):
        @linen.compact
        def __call__(self, x):
            return squashed(linen.Dense(2, param_dtype=jnp.float64)(x), factor)

    return Net()


def of_haiku(factor):
    hk = pytest.importorskip("haiku")
    forward = lambda x: squashed(hk.Linear(2)(x), factor)
    return hk.without_apply_rng(hk.transform(forward))


NAMES = {  # a leaf of each, by the framework's own path
    of_equinox: "linear.weight",
    of_nnx: "first.kernel",
    of_linen: "Dense_0.kernel",
    of_haiku: "linear.w",
}


@pytest.mark.filterwarnings("ignore")  # of the frameworks themselves
@pytest.mark.parametrize("made", NAMES, ids=lambda f: f.__name__)
def test_a_module_is_judged_by_itself_and_its_leaves_have_its_own_names(made):
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with loose[0], loose[1]:
        found, wrong = (vf.validate(made(factor), args=rows, **OPTIONS) for factor in (1.0, 1.01))

    assert found.verdict == "correct" and found.oracle == "ball", str(found)
    assert any(NAMES[made] in leaf for leaf in found.power), found.power
    assert wrong.verdict == "wrong", str(wrong)


@pytest.mark.filterwarnings("ignore")
def test_keras_is_asked_for_float64(monkeypatch):
    monkeypatch.setitem(os.environ, "KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    layer = keras.layers.Dense(2)
    with pytest.raises(ValueError, match="set_floatx"):
        vf.validate(layer, args=rows, **OPTIONS)


def test_what_is_no_module_is_as_it_was():
    assert jax_modules.opened(jnp.tanh, None, rows) == (jnp.tanh, None, rows)


@pytest.mark.parametrize("factor, verdict", [(1.0, "correct"), (2.0, "wrong")])
def test_a_filtered_gradient_is_one_of_a_function_and_no_module(factor, verdict):
    eqx = pytest.importorskip("equinox")
    with jax.enable_x64(True):
        layer = eqx.nn.Linear(3, 2, key=jax.random.key(0))
    loss = lambda layer, x: jnp.sum(jax.vmap(layer)(x) ** 2)
    scaled = lambda layer, x: factor * loss(layer, x)
    draw = lambda rng: (layer, rng.normal(size=(5, 3)))
    asked = {"args": draw, "cases": 2, "edges": "none"}
    assert vf.validate(eqx.filter_grad(scaled), of=loss, **asked).verdict == verdict
