"""Recipes are of functions that there are, each with a derivative; a misfit has none."""

import importlib

import jax
import pytest

from verification.atlas import tried
from verification.atlas.found import Found, functions
from verification.atlas.recipes import RECIPES, Recipe, step

NAMES = {found.name for found in functions("jax")}


def found(name):
    module, _, function = name.rpartition(".")
    return Found(name, getattr(importlib.import_module(module), function))


def test_every_recipe_is_of_a_function_that_is_found_by_looking():
    assert set(RECIPES) <= NAMES
    assert "jax.lax.scanned" not in NAMES


@pytest.mark.parametrize("name", ["jax.lax.scan", "jax.lax.custom_linear_solve", "jax.lax.pad"])
def test_a_recipe_has_a_derivative(name):
    place = tried.suited(found(name))
    assert isinstance(place, tried.Suited), place
    assert place.kinds == RECIPES[name].kinds and len(place.argnums) == len(place.kinds)


@pytest.mark.dear
@pytest.mark.parametrize("name", ["jax.lax.custom_root", "jax.lax.all_to_all", "jax.lax.fft"])
def test_a_recipe_that_takes_longer_has_a_derivative(name):
    assert isinstance(tried.suited(found(name)), tried.Suited)


def test_a_recipe_that_does_not_fit_has_none(monkeypatch):
    kinds = RECIPES["jax.lax.scan"].kinds
    monkeypatch.setitem(
        RECIPES, "jax.lax.scan", Recipe(lambda f, c, x: f(step, c, c[:2] + x), kinds)
    )
    assert tried.suited(found("jax.lax.scan")) == tried.NONE
    held = Recipe(lambda f, c, x: jax.lax.stop_gradient(c), kinds)
    monkeypatch.setitem(RECIPES, "jax.lax.scan", held)
    assert tried.suited(found("jax.lax.scan")) == tried.CONSTANT
