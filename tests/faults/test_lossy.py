"""Lossy twins are right formulas: ours in balls, and far from ours in floats at an edge."""

import jax
import numpy as np
import pytest

from verification.derivations import ALL
from verification.faults import lossy
from verification.inputs import draws
from verification.measurement.higher_precision import formula
from verification.measurement.sample import Sample
from verification.oracles import ball
from verification.oracles.question import ask


def with_cotangent(derivation, args, rng):
    cotangent = None if derivation.scalar else draws.cotangent_of(rng, derivation.function, args)
    return cotangent, args if derivation.scalar else (*args, cotangent)


@pytest.mark.parametrize("name", lossy.ALL)
def test_a_lossy_twin_is_the_same_formula(name):
    derivation, rng = ALL[name], np.random.default_rng(4)
    args = derivation.draw(rng)
    cotangent, inputs = with_cotangent(derivation, args, rng)
    question = ask(derivation.function, args, derivation.argnums, cotangent)
    zeros = [np.zeros(question.leaves[i].shape) for i in question.wanted]
    point = Sample("draw", question.paths, ball.gradient(question), zeros, zeros, args=inputs)

    assert formula(lossy.ALL[name], point).right is True
    assert formula(lambda *xs: _doubled(lossy.ALL[name](*xs)), point).right is False


def _doubled(tree):
    return jax.tree.map(lambda leaf: 2.0 * leaf, tree)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", lossy.ALL)
def test_a_lossy_twin_has_lost_every_digit_at_some_edge(name, dtype):
    derivation, rng = ALL[name], np.random.default_rng(4)
    ours, theirs = jax.jit(derivation.gradient), jax.jit(lossy.ALL[name])
    lost = False
    for case in derivation.edges(np.dtype(dtype)):
        _, args = with_cotangent(derivation, case.args, rng)
        args = jax.tree.map(lambda x: x.astype(dtype) if x.dtype.kind == "f" else x, args)
        pairs = zip(jax.tree.leaves(ours(*args)), jax.tree.leaves(theirs(*args)), strict=True)
        lost |= any(bool((~(np.abs(g - w) < np.abs(g)) & (g != 0.0)).any()) for g, w in pairs)
    assert lost
