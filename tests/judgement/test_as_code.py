"""Values and functions as source: run again, they are what they were; or there is none."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from verification.judgement.as_code import NoCode, as_code
from verification.judgement.own_source import source_of

FACTOR = 3.0


class Pair(NamedTuple):
    w: np.ndarray
    b: float


VALUES = [
    np.array([[0.1, np.nan], [-np.inf, 1e-300]]), np.array([1.5, 2.5], np.float32), np.array(True),
    np.array([3, 4], np.int32), np.zeros((0, 3)), {"a": [1, 2.5, None], "b": ("x",)}, 1e400,
    np.array([0.5], ml_dtypes.bfloat16), ([],), np.float64(0.1), jnp.array([1.0], jnp.float32),
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
