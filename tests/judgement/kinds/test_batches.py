"""Rules that are right alone, and wrong under a transformation: each is caught, and it is named."""

from functools import partial

import jax.numpy as jnp
import pytest

import verification as vf
from verification.adapters import jax_function
from verification.selftest.kinds.transformed import (
    KEYED,
    WRONG,
    numbers,
    one_key,
    own_keys,
    right,
)

of = jnp.tanh


@pytest.mark.parametrize("name", WRONG)
def test_it_is_right_alone_and_caught_there(name):
    rule, under = WRONG[name]
    assert vf.validate(rule, of, numbers, cases=1).verdict == "correct"
    finding = vf.validate(rule, of, numbers, cases=1, under=under, edges="none")
    assert finding.verdict in ("wrong", "rejected"), finding.reason
    assert f"under {under}" in finding.reason
    assert any(note.startswith("correct: as it is") for note in finding.notes)


def test_a_key_that_is_used_twice_is_seen_in_a_batch():
    assert KEYED(one_key).verdict == "correct"
    assert KEYED(own_keys, under="vmap").verdict == "correct"
    finding = KEYED(one_key, under="vmap")
    assert finding.verdict == "wrong" and "under vmap" in finding.reason


EVERY = ("vmap", "jit", "remat", "scan")


def test_what_is_right_is_right_under_all():
    finding = vf.validate(right, args=numbers, cases=1, under=EVERY, edges="none")
    assert finding.verdict == "correct"
    for name in (*EVERY, "vmap of one example", "vmap along the last axis"):
        assert f"under {name}" in finding.reason
    loss = lambda w, x: jnp.mean((x @ w) ** 2)
    draw = lambda rng: (rng.normal(size=2), rng.normal(size=(3, 2)))
    gradient = lambda w, x: 2.0 * x.T @ (x @ w) / x.shape[0]
    asked = partial(vf.validate, of=loss, args=draw, cases=1, edges="none")
    assert asked(gradient, under=("vmap", "jit")).verdict == "correct"
    whole = lambda w, x: 2.0 * x.T @ (x @ w) / 3.0 * w.size / 2.0
    assert asked(whole, under="vmap").verdict == "correct"


def test_a_linearized_function_is_judged_by_its_transpose():
    f = jax_function.derivative(lambda x: jnp.sin(x) * x)
    asked = partial(vf.validate, of=lambda x: jnp.sin(x) * x, args=numbers, cases=1)
    assert asked(f, under="linearize").verdict == "correct"


def test_a_name_that_there_is_not_is_said():
    with pytest.raises(
        ValueError, match="under has 'pmap'; did you mean 'vmap'. the transformations are vmap, jit"
    ):
        vf.validate(right, of, numbers, under="pmap")
