"""The right gradient of another run: an argument turned round, a number not the forward's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf

EPS = 1e-3


def correlate(x, w):
    return jnp.sum(jnp.sin(sum(x[k : k + 7] * w[k] for k in range(3))))


def correlated(change):
    """The gradient by x at a changed w, and the right one by w."""

    def gradient(x, w):
        dx = jax.grad(correlate)(x, jnp.asarray(change(np.asarray(w))))
        return np.asarray(dx), np.asarray(jax.grad(correlate, 1)(x, w))

    sample = lambda rng: (rng.normal(size=9), rng.normal(size=3))
    return vf.validate(gradient, of=correlate, args=sample, argnums=(0, 1), cases=4)


CHANGES = {
    "runs backwards along axis 0": np.flip,
    "is off by one along axis 0": lambda w: np.roll(w, 1),
    "has lost its sign": np.abs,
    "is squared": np.square,
}


@pytest.mark.parametrize("words", CHANGES)
def test_an_argument_that_was_changed_is_named(words):
    finding = correlated(CHANGES[words])
    said = finding.explanation[0]
    assert finding.verdict == "wrong" and said.fits and said.kind == "argument"
    assert said.term == "the gradient at argument w" and words in said.mistake
    assert said.leaves == ("x",)


def test_an_argument_changed_otherwise_is_not_named():
    assert correlated(lambda w: w).verdict == "correct"
    assert not any(e.fits for e in correlated(lambda w: np.tanh(w) + w**3).explanation)


def sigmoid_slope(z):
    return jax.nn.sigmoid(z)


ORDERS = {  # what is said -> of, its gradient with the arguments in another order, how many
    "argument x and the cotangent are exchanged": (
        jax.nn.softplus, lambda d, x: d * sigmoid_slope(x), 1,
    ),
    "argument p and argument y are exchanged": (
        lambda p, y: jnp.sum(jnp.exp(p) * jnp.sin(y)), lambda y, p: np.exp(p) * np.sin(y), 2,
    ),
    "the cotangent is taken first": (
        lambda x, w: jnp.tanh(x @ w), lambda d, x, w: (d * (1 - np.tanh(x @ w) ** 2)) @ w.T, 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("words", ORDERS)
def test_arguments_in_another_order_are_named(words):
    of, gradient, count = ORDERS[words]
    draw = lambda rng: tuple(rng.normal(size=(3, 3)) for _ in range(count))
    (said, *_) = vf.validate(gradient, of, draw, cases=2).explanation
    assert said.fits and said.term == "the order of the arguments" and words in said.mistake


def test_arguments_in_their_order_are_none_of_that():
    of, draw = jax.nn.softplus, lambda rng: rng.normal(size=4)
    wrong = vf.validate(lambda x, d: d * sigmoid_slope(x) + 0.1 * x, of, draw, cases=2)
    assert not any(one.fits for one in wrong.explanation)
    assert vf.validate(lambda x, d: d * sigmoid_slope(x), of, draw, cases=2)


def standardised(x):
    c = x - jnp.mean(x, axis=0, keepdims=True)
    return c / jnp.sqrt(jnp.sum(c * c, axis=0, keepdims=True) / 6.0 + EPS)


def backward(root):
    """The chain rule of `standardised` with root(sum of squares) for the deviation."""

    def gradient(x, dy):
        c = x - x.mean(axis=0)
        s = root((c * c).sum(axis=0))
        h = c / s
        d = (dy - h * (h * dy).sum(axis=0) / 6.0) / s
        return d - d.mean(axis=0)

    sample = lambda rng: (rng.normal(size=(6, 3)),)
    return vf.validate(gradient, of=standardised, args=sample, cases=4)


ROOTS = {
    "the constant 0.001 is added outside of the root": lambda q: np.sqrt(q / 6.0) + EPS,
    "the constant 0.001 is left out": lambda q: np.sqrt(q / 6.0),
}


@pytest.mark.parametrize("words", ROOTS)
def test_a_number_that_is_not_the_forwards_is_named_at_its_line(words):
    finding = backward(ROOTS[words])
    said = [e for e in finding.explanation if e.fits and e.mistake == words]
    assert finding.verdict == "wrong" and len(said) == 1
    assert said[0].kind == "value" and "test_other_runs.py:" in said[0].location


def test_the_right_root_is_correct_and_an_unknown_one_is_not_named():
    assert backward(lambda q: np.sqrt(q / 6.0 + EPS)).verdict == "correct"
    assert not any(e.fits for e in backward(lambda q: np.sqrt(q / 6.0 + EPS * q)).explanation)


def test_one_for_all_that_arrives_is_named_with_what_it_is_divided_by():
    def loss(z, t):
        log_p = z - jnp.log(jnp.sum(jnp.exp(z), axis=-1, keepdims=True))
        return -jnp.mean(jnp.sum(t * log_p, axis=-1))

    def gradient(z, t):
        e = np.exp(z)
        return (e / e.sum(axis=-1, keepdims=True) - t) / 4.0

    sample = lambda rng: (rng.normal(size=(4, 3)), rng.uniform(0.2, 2.0, size=(4, 3)))
    said = vf.validate(gradient, of=loss, args=sample, cases=4).explanation[0]
    assert said.fits and "taken to be one for all, averaged over the batch of 4" in said.mistake
    assert "the log in `jnp.log(" in said.term


def test_a_constant_left_out_at_one_of_its_uses_is_named_there():
    loss = lambda x, c: jnp.sum(jnp.cosh(x / c) + jnp.cos(2.0 * x / c))
    wrong = lambda x, c: np.sinh(x) - 2.0 / c * np.sin(2.0 * x / c)
    sample = lambda rng: (rng.normal(size=5), np.array(3.25))
    finding = vf.validate(wrong, of=loss, args=sample, cases=4)
    said = [e for e in finding.explanation if e.fits]
    assert [e.mistake for e in said] == ["the factor 3.25 of the forward is left out"]
    assert "`x / c`" in said[0].term
