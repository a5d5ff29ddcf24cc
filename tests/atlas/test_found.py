"""What is public is found once; what suits a function is found by trial."""

import sys
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.atlas import found as looked
from verification.atlas.found import Found
from verification.atlas.tried import CONSTANT, NONE, Suited, suited


def test_the_functions_of_jax_are_there_and_each_is_once():
    every = looked.functions("jax")
    names = [one.name for one in every]
    assert len(names) == len(set(names)) == len({id(one.function) for one in every}) > 600
    assert {"jax.numpy.sin", "jax.lax.scan", "jax.scipy.stats.norm.logpdf"} <= set(names)


def test_what_is_below_a_package_is_found_without_a_list(monkeypatch):
    walked = set(looked.modules("jax"))
    assert {"jax.scipy.fft", "jax.scipy.cluster.vq", "jax.scipy.sparse.linalg"} <= walked
    assert not any("._" in name for name in walked)
    monkeypatch.setattr(looked, "PACKAGES", {})
    assert "jax.scipy.fft" not in set(looked.modules("jax"))


def test_another_name_of_a_function_a_class_and_what_is_private_are_left_out(monkeypatch):
    module = ModuleType("planted")
    function = lambda x: x
    vars(module).update(f=function, g=function, _h=lambda x: x, Kind=type("Kind", (), {}), n=3)
    monkeypatch.setitem(sys.modules, "planted", module)
    monkeypatch.setitem(looked.LIBRARIES, "planted", ("planted",))
    assert looked.functions("planted") == [Found("planted.f", function)]


def whole(x, n):
    return x * jnp.arange(n, dtype=x.dtype)[-1]


SUITED = {
    "any numbers": (lambda x: jnp.sin(x), ("vector",), (0,)),
    "a square matrix": (lambda x: jnp.trace(x), ("matrix",), (0,)),
    "a definite matrix": (lambda a: jax.scipy.linalg.cholesky(a), ("definite",), (0,)),
    "in (0, 1)": (lambda p: jnp.log(p) + jnp.log1p(-p), ("in (0, 1)",), (0,)),
    "above 1": (lambda x: jnp.arccosh(x), ("positive",), (0,)),
    "a whole number": (lambda x, n: whole(x, n), ("vector", "int"), (0,)),
    "a key": (lambda key, x: x * jax.random.normal(key, x.shape), ("key", "vector"), (0,)),
    "complex outputs": (lambda x: jnp.exp(jax.lax.complex(x, x * x)), ("vector",), (0,)),
    "one has no slope": (lambda x, y: x + jax.lax.stop_gradient(y), ("vector", "vector"), (0,)),
}


@pytest.mark.parametrize("name", SUITED)
def test_arguments_are_found_for(name):
    function, kinds, argnums = SUITED[name]
    place = suited(Found(name, function))
    assert isinstance(place, Suited), place
    assert tuple(kind.name for kind in place.kinds) == kinds and place.argnums == argnums
    drawn = [place.sample(np.random.default_rng(k)) for k in (0, 0, 1)]
    first, again, other = (np.concatenate([np.ravel(x) for x in args]) for args in drawn)
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_kind_that_suits_it_at_some_draws_only_is_passed_over():
    place = suited(Found("lucky", lambda x: jnp.log(x[:1] + 0.7)))  # a number at the first draw
    assert isinstance(place, Suited) and place.kinds[0].name == "in (0, 1)"
    drawn = [np.random.default_rng(k).uniform(-1.5, 1.5, size=5)[0] + 0.7 for k in range(4)]
    assert drawn[0] > 0.0 > min(drawn)


def test_what_is_constant_or_takes_nothing_says_so():
    refuses = lambda x: {}[x]
    assert suited(Found("floor", jnp.floor)) == CONSTANT
    assert suited(Found("refuses", refuses)) == NONE and suited(Found("none", lambda: 1.0)) == NONE
