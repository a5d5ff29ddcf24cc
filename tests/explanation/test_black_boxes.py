"""Functions that can only be called: leaf by leaf, then by their values, then by entries."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

import verification as vf


def loss(a, b, c):
    """NumPy alone; the gradient in c is not symmetric."""
    return float(np.sin(a).sum() + (b**2).sum() + (np.arange(9.0).reshape(3, 3) * c * c).sum())


def right(a, b, c):
    return [np.cos(a), 2.0 * b, 2.0 * np.arange(9.0).reshape(3, 3) * c]


def sample(rng):
    return rng.normal(size=4), rng.normal(size=4), rng.normal(size=(3, 3))


def found(change):
    def gradient(*args):
        leaves = right(*args)
        change(leaves)
        return tuple(leaves)

    return vf.validate(gradient, of=loss, args=sample, argnums=(0, 1, 2), cases=5)


def at(leaf, make):
    def change(leaves):
        leaves[leaf] = make(leaves[leaf])

    return change


def exchanged(leaves):
    leaves[0], leaves[1] = leaves[1], leaves[0]


NAMED = {
    "a sign": (at(0, np.negative), "sign", ("a",), "sign is wrong"),
    "a factor": (at(1, lambda g: 0.5 * g), "factor", ("b",), "half of it"),
    "transposed": (at(2, np.transpose), "transposed", ("c",), "transposed"),
    "zeros": (at(2, np.zeros_like), "zero", ("c",), "zero everywhere"),
    "exchanged": (exchanged, "swapped", ("a", "b"), "what belongs to b"),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_leaf_is_named_with_its_mistake(name):
    change, kind, leaves, words = NAMED[name]
    finding = found(change)
    first = finding.explanation[0]

    assert finding.verdict == "wrong" and first.fits
    assert first.kind == kind and words in first.mistake
    assert {x for e in finding.explanation for x in e.leaves} == set(leaves)


def test_no_leaf_of_the_right_gradient_is_named():
    assert found(lambda leaves: None).explanation == ()


def test_what_is_known_of_one_leaf_is_said_beside_another_that_is_not():
    def two(leaves):
        leaves[0] = -leaves[0]
        leaves[1] = np.where(leaves[1] > 0.0, np.cos(leaves[1]), leaves[1])

    (only,) = found(two).explanation
    assert not only.fits and "a (the sign is wrong)" in only.mistake
    assert "right in c" in only.mistake
    assert "those where the argument is positive" in only.mistake


def test_nothing_about_tracing_is_said():
    for change, *_ in NAMED.values():
        assert not any("race" in str(e) for e in found(change).explanation)


# --- the rule of another function -----------------------------------------------------------------


def softmax(x):
    return special.softmax(np.asarray(x), -1)


def by_rule(rule):
    gradient = lambda x, d: rule(np.asarray(x), softmax(x), np.asarray(d))
    args = lambda rng: (rng.normal(size=(3, 4)),)
    return vf.validate(gradient, of=softmax, args=args, cases=4)


RULES = {
    "a (1 - a)": lambda z, a, d: d * a * (1.0 - a),
    "d - exp(a) sum(d)": lambda z, a, d: d - np.exp(a) * d.sum(-1, keepdims=True),
    "d - sum(a d)": lambda z, a, d: d - (a * d).sum(-1, keepdims=True),
}


@pytest.mark.parametrize("words", RULES)
def test_the_rule_of_another_function_is_named_and_the_right_one_beside_it(words):
    finding = by_rule(RULES[words])
    first = finding.explanation[0]

    assert finding.verdict == "wrong" and first.fits and words in first.mistake
    assert "here it is a (d - sum(a d))" in first.remedy


def test_the_right_rule_is_correct_and_an_unknown_one_is_not_named():
    assert not by_rule(lambda z, a, d: a * (d - (a * d).sum(-1, keepdims=True))).explanation
    unknown = by_rule(lambda z, a, d: a * np.cos(d))
    assert unknown.verdict == "wrong" and not any(e.fits for e in unknown.explanation)


def test_a_function_that_is_traced_has_its_rule_named_too():
    log_softmax = lambda z: z - jnp.log(jnp.exp(z).sum(-1, keepdims=True))

    def gradient(z, d):
        a = z - np.log(np.exp(z).sum(-1, keepdims=True))
        return d - a * d.sum(-1, keepdims=True)

    args = lambda rng: (rng.normal(size=(3, 4)),)
    said = vf.validate(gradient, of=log_softmax, args=args, cases=4).explanation
    assert said[0].fits and "d - a sum(d)" in said[0].mistake
    assert "d - exp(a) sum(d)" in said[0].remedy
