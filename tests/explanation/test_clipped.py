"""A right gradient that was clipped is called that, with the size it was clipped to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


def of(w, b, x):
    return jnp.sum(jnp.tanh(x @ w + b[None]) ** 2)


def slopes(w, b, x):
    a = np.tanh(x @ w + b)
    d = 2 * a * (1 - a * a)
    return x.T @ d, d.sum(axis=0)


def drawn(rng):
    return rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(4, 3))


def length(leaves):
    return np.sqrt(sum(float((x * x).sum()) for x in leaves))


def by_entry(c):
    return lambda *args: tuple(np.clip(g, -c, c) for g in slopes(*args))


def by_length(c, more=0.0):
    def gradient(*args):
        found = slopes(*args)
        return tuple(g * min(1.0, c / (length(found) + more)) for g in found)

    return gradient


KNOWN = {
    "each entry is clipped to between -0.5 and 0.5": by_entry(0.5),
    "it is clipped to a length of 1.5 over all leaves": by_length(1.5),
    "it is clipped to a length of 1.5 over all leaves, with 1e-06 added to it": by_length(
        1.5, 1e-6
    ),
}


def judged(gradient):
    return vf.validate(gradient, of=of, args=drawn, argnums=(0, 1), cases=4)


@pytest.mark.parametrize("words", KNOWN)
def test_what_it_is_clipped_to_is_said(words):
    found = judged(KNOWN[words])
    assert found.verdict == "wrong"
    assert found.explanation[0].fits and found.explanation[0].mistake == words


def test_a_gradient_of_black_boxes_is_clipped_too():
    found = vf.validate(
        lambda x: np.clip(2 * x, -1, 1),
        of=lambda x: float(np.sum(np.asarray(x, float) ** 2)),
        args=lambda rng: (rng.normal(size=4),),
        cases=4,
    )
    assert found.explanation[0].mistake == "each entry is clipped to between -1 and 1"


def test_what_is_smaller_for_another_reason_is_not_called_clipped():
    for gradient in (
        lambda *args: tuple(0.5 * g for g in slopes(*args)),
        lambda *args: tuple(g / length(slopes(*args)) ** 0.5 for g in slopes(*args)),
        lambda *args: tuple(np.where(abs(g) > 0.5, 0.0, g) for g in slopes(*args)),
    ):
        assert not any(e.kind == "clipped" for e in judged(gradient).explanation)


def test_one_entry_is_not_enough():
    cut = lambda x: np.minimum(2 * x, 2 * np.sort(x)[-2])  # the second largest, by chance
    found = vf.validate(
        cut, of=lambda x: jnp.sum(x * x), args=(np.array([0.3, 0.7, 0.9]),), edges="none"
    )
    assert not any(e.kind == "clipped" for e in found.explanation)
    assert jax.grad(lambda x: jnp.sum(x * x))(jnp.ones(1))[0] == 2.0


def test_a_gradient_that_is_zero_is_not_called_clipped():
    found = judged(lambda *args: tuple(0 * g for g in slopes(*args)))
    assert found.verdict == "wrong"
    assert found.explanation and "clipped" not in {e.kind for e in found.explanation}


def test_a_gradient_that_is_zero_but_for_rounding_is_not_called_clipped():
    """The pullback of a softmax of ones, where 1 stands for the cotangent: 1e-17, and no length."""

    def answer(x, d):
        y = np.asarray(jax.nn.softmax(x / 2.5))
        share = y * 0.4
        return share - y * share.sum()

    args = lambda rng: (rng.normal(size=4),)
    found = vf.validate(answer, of=lambda x: jax.nn.softmax(x / 2.5), args=args, cases=4)
    assert "clipped" not in {e.kind for e in found.explanation}
    assert found.explanation[0].mistake.startswith("ignored: 1 is taken")
