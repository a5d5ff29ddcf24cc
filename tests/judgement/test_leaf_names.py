"""Leaves are called by the names of parameters, in every text of a finding."""

import json
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.judgement.leaf_names import names_of, renamed


class Layer(NamedTuple):
    w: np.ndarray
    b: np.ndarray


TREES = {
    "params['w']": lambda w, b: {"w": w, "b": b},
    "params.w": Layer,
    "params[0]": lambda w, b: [w, b],
}


@pytest.mark.parametrize("name", TREES)
def test_a_leaf_has_its_name_in_the_finding_the_words_and_the_json(name):
    tree = TREES[name]
    parts = lambda p: tuple(p.values()) if isinstance(p, dict) else p

    def of(params, x):
        w, b = parts(params)
        return jnp.sum(w * x + b)

    wrong = lambda params, x: tree(2.0 * x, np.full(3, 1.0))
    sample = lambda rng: (tree(rng.normal(size=3), rng.normal(size=3)), rng.normal(size=3))
    found = vf.validate(wrong, of=of, args=sample, cases=2)
    row = json.loads(found.to_json())

    assert found.worst is not None and found.worst.leaf == name and name in found.power
    assert f"{name}[" in str(found) and f"{name}[" in found.reason
    assert row["worst"]["leaf"] == name and name in row["power"]
    path = f"[0]{name.removeprefix('params')}"
    assert found.names[path] == name
    assert np.array_equal(found.power_of(path), found.power_of(name))


def test_names_are_those_of_the_function_and_positions_elsewhere():
    assert names_of(lambda w, b: 0, 2) == ("w", "b")
    assert names_of(lambda *layers: 0, 2) == ("layers[0]", "layers[1]")
    assert names_of(jnp.maximum, 2) == ("args[0]", "args[1]")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[0].b[1] is 2, not 3", "w.b[1] is 2, not 3"),
        ("args[1] with a duplicate", "x with a duplicate"),
        ("in [0], [1]", "in w, x"),
        ("the slope of `v[0] * args[1]` at [0]", "the slope of `v[0] * args[1]` at w"),
        ("0.5 of [0, 1] at 2 kinks", "0.5 of [0, 1] at 2 kinks"),
        ("shapes [(2,)]; [7] is none", "shapes [(2,)]; [7] is none"),
    ],
)
def test_only_what_is_a_leaf_is_renamed(text, said):
    assert renamed(text, ("w", "x")) == said


numbers = lambda rng: (rng.normal(size=2),)
doubled = lambda w: jnp.sum(jnp.sin(w))
OTHERWISE = {
    "answer": (lambda w: jnp.diag(jnp.sin(w)), {"order": 2}),
    "w": (lambda w, v: jnp.sin(w) * v, {"order": 2}),
    "w, batched": (lambda w: 2.0 * jnp.cos(w), {"under": ("scan",)}),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_leaves_of_other_derivatives_have_names_too(name):
    wrong, asked = OTHERWISE[name]
    found = vf.validate(wrong, doubled, numbers, cases=1, edges="none", **asked)
    leaf = name.partition(",")[0]
    assert found.worst is not None and found.worst.leaf == leaf and f"{leaf}[" in found.reason


def test_a_tangent_rule_has_a_value_and_a_tangent_and_says_the_call_as_it_was_made():
    wrong = lambda w, d: (jnp.sum(jnp.sin(w)), jnp.sum(d))
    found = vf.validate_jvp(wrong, doubled, numbers, cases=1, edges="none")
    assert set(found.power) == {"value", "tangent"}
    assert found.worst is not None and found.worst.leaf == "tangent"
    assert "vf.validate_jvp(jvp" in found.reproduce.replace("gradient", "jvp")
    assert found.place.startswith("test_leaf_names.py:")


def test_a_parameter_that_is_called_value_is_told_from_the_value():
    @jax.custom_vjp
    def twice(value):
        return 2.0 * value

    twice.defvjp(lambda value: (2.0 * value, None), lambda _, d: (3.0 * d,))
    found = vf.validate(twice, args=numbers, cases=1, edges="none")
    assert list(found.power) == ["value", "args[0]"]
    assert found.worst is not None and found.worst.leaf == "args[0]"
