"""A call that is no elementwise function, pulled back at other numbers or left out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


def written_out(z):
    return z - jnp.log(jnp.sum(jnp.exp(z), axis=-1, keepdims=True))


log_softmax = jax.custom_jvp(written_out)
log_softmax.defjvp(lambda primals, tangents: jax.jvp(written_out, primals, tangents))


def loss(w, x, c):
    return jnp.sum(c * log_softmax(jnp.tanh(w @ x)))


def sample(rng):
    return rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=(4, 5))


def pullback(z, d):
    return np.asarray(jax.vjp(written_out, jnp.asarray(z))[1](jnp.asarray(d))[0])


def found(pulled):
    """The finding on the gradient by w, where pulled(z, d) is handed back by the call."""

    def gradient(w, x, c):
        z = np.tanh(w @ x)
        return ((1.0 - z**2) * pulled(z, c)) @ x.T

    return vf.validate(gradient, of=loss, args=sample, cases=4)


MISTAKES = {
    "1": lambda z, d: d,
    "that at the mean of z": lambda z, d: pullback(np.full_like(z, z.mean()), d),
    "that at z clipped to 0.5": lambda z, d: pullback(np.clip(z, -0.5, 0.5), d),
    "that at the neighbour of z along axis 0": lambda z, d: pullback(np.roll(z, 1, 0), d),
    "that at 2 z": lambda z, d: pullback(2.0 * z, d),
}


@pytest.mark.parametrize("formula", MISTAKES)
def test_the_mistake_is_named_at_the_call(formula):
    finding = found(MISTAKES[formula])
    said = [
        e for e in finding.explanation if e.fits and e.mistake == f"it is taken to be {formula}"
    ]
    assert finding.verdict == "wrong" and len(said) == 1
    assert "log_softmax(jnp.tanh(w @ x))" in said[0].term


def test_the_right_pullback_is_correct_and_an_unknown_one_is_not_named():
    assert found(pullback).verdict == "correct"
    said = found(lambda z, d: pullback(np.sin(z) + z**2, d)).explanation
    assert said and not any(e.fits for e in said)
