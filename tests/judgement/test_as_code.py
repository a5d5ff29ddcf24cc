"""Values and functions as source: run again, they are what they were; or there is none."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from verification.judgement.as_code import NoCode, as_code, importable
from verification.judgement.draws import Asked
from verification.judgement.own_source import source_of
from verification.judgement.reproduction import snippet

FACTOR = 3.0


class Pair(NamedTuple):
    w: np.ndarray
    b: float


VALUES = [
    np.array([[0.1, np.nan], [-np.inf, 1e-300]]), np.array([1.5, 2.5], np.float32), np.array(True),
    np.array([3, 4], np.int32), np.zeros((0, 3)), {"a": [1, 2.5, None], "b": ("x",)}, 1e400,
    np.array([0.5], ml_dtypes.bfloat16), ([],), np.float64(0.1), np.ones((3, 4)),
    np.full(9, -np.inf), np.array([0.0, -0.0] * 5), np.full(9, 2, np.int8),
    jnp.array([1.0], jnp.float32),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_the_source_makes_the_same_value(value):
    made = as_code(value)
    names: dict = {}
    exec("\n".join(made.imports), names)
    again = eval(made.text, names)
    leaves = list(zip(jax.tree.leaves(value), jax.tree.leaves(again), strict=True))
    assert jax.tree.structure(value) == jax.tree.structure(again)
    assert all(np.asarray(x).dtype == np.asarray(y).dtype for x, y in leaves)
    for x, y in leaves:
        np.testing.assert_array_equal(np.asarray(x), np.asarray(y))


@pytest.mark.parametrize(
    "value", [np.zeros(1000), object(), jax.random.key(0), Pair], ids=lambda x: type(x).__name__
)
def test_what_is_too_large_or_no_value_has_none(value):
    with pytest.raises(NoCode):
        as_code(value)


def test_a_lambda_and_an_inner_function_bring_what_they_use():
    shift = np.array([1.0, 2.0])

    def inner(x):
        return twice(x) + shift * FACTOR

    twice, other = (lambda x: 2 * x), (lambda x: 3 * x)
    assert run(source_of(inner, "gradient"))(shift).tolist() == [5.0, 10.0]
    assert run(source_of(other, "gradient"))(2.0) == 6.0


def run(found):
    names: dict = {}
    exec("\n".join([*found.imports, *found.lines]), names)
    return names[found.name]


def test_a_function_that_uses_what_has_no_source_has_none():
    secret = object()
    with pytest.raises(NoCode):
        source_of(lambda x: (x, secret), "of")
    with pytest.raises(NoCode):
        source_of(eval("lambda x: x"), "of")
    with pytest.raises(NoCode):
        source_of(np.sin, "of")


def test_what_was_made_by_jax_or_by_partial_is_made_so_again():
    by_half = partial(lambda x, k: k * x, k=0.5)
    slope = jax.grad(lambda w, x: x * w * w, (0, 1))

    @jax.jit
    def doubled(x):
        return 2 * x

    assert run(source_of(by_half, "gradient"))(3.0) == 1.5
    assert run(source_of(slope, "gradient"))(2.0, 3.0) == (12.0, 4.0)
    assert "@jax.jit" in source_of(doubled, "of").lines[0] and run(source_of(doubled, "of"))(2) == 4
    compiled = source_of(jax.jit(lambda x: x + 1), "of")
    assert "of = jax.jit(plain_of)" in compiled.lines and run(compiled)(1) == 2


def test_functions_that_share_a_line_keep_it_and_names_have_one_meaning():
    def of(x):
        y = x * x
        return jnp.sum(y)

    def gradient(x):
        y = x * x
        return 2 * y

    points = lambda rng: (rng.normal(size=3),)
    code = snippet(Asked(gradient, of, points, 0, "float64", 2, 0, "judge"))
    assert code.count("    y = x * x\n") == 2

    def scaled(k):
        return lambda x: k * x

    code = snippet(Asked(scaled(2.0), scaled(3.0), points, 0, "float64", 2, 0, "judge"))
    assert "k = 2.0" in code and "of = ...  # fill in: of, whose names mean other things" in code


def test_a_decorator_that_only_the_session_has_is_no_source():
    def twice(f):
        return lambda x: f(f(x))

    @twice
    def of(x):
        return x + 1

    with pytest.raises(NoCode):
        source_of(of, "of")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (jax.nn.softplus, "from jax.nn import softplus"),
        (jax.numpy.linalg.norm, "from jax.numpy.linalg import norm"),
        (np.linalg.norm, "from numpy.linalg import norm"),
        (as_code, "from verification.judgement.as_code import as_code"),
    ],
)
def test_what_is_made_in_a_private_module_is_imported_where_it_is_shown(value, line):
    assert importable(value) == line
    scope: dict = {}
    exec(line, scope)
    assert scope[value.__name__] is value
