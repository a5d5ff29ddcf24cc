"""What a large program answers at a tie is left open where it is a choice, and only there."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.oracles import reverse_autodiff
from verification.oracles.float_ties import is_tied, opened
from verification.oracles.question import ask

AT = np.array([0.0, 0.0, 0.75, -1.25])
CHOICES = {
    "relu": (lambda x: jnp.sum(jnp.tanh(jnp.maximum(x, 0.0))), [True, True, False, False]),
    "where": (lambda x: jnp.sum(jnp.where(x > 0, x, 0.1 * x) * x[2]), [True, True, False, False]),
    "abs": (lambda x: jnp.abs(x).sum(), [True, True, False, False]),
    "sort": (lambda x: (jnp.sort(x) * jnp.arange(4.0)).sum(), [True, True, False, False]),
    "equality": (lambda x: jnp.where(x == 0, 0.0, x * 3.0).sum(), [True, True, False, False]),
    "from below": (lambda x: jax.lax.clamp(0.0, x, 5.0).sum(), [True, True, False, False]),
    "from above": (lambda x: jax.lax.clamp(-5.0, -x, 0.0).sum(), [True, True, False, False]),
    "sign": (lambda x: (jnp.sign(x) * x).sum(), [True, True, False, False]),
    "digits": (
        lambda x: jnp.abs(x).sum() + (1e12 * x[3] ** 2 - (1e6 * x[3]) ** 2),
        [True, True, False, False],
    ),
    "largest": (lambda x: jnp.max(x[:2]) + x[3] ** 2, [True, True, False, False]),
    "no matter": (lambda x: jnp.sum(jnp.maximum(x, 0.0) ** 2 + x**3), [False] * 4),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_open(name):
    function, choices = CHOICES[name]
    question = ask(function, (AT,))
    (found,) = opened(question, reverse_autodiff.gradient)
    assert is_tied(question)
    assert np.isinf(found.rad).tolist() == choices


@pytest.mark.parametrize("name", CHOICES)
def test_without_a_tie_nothing_changes(name):
    question = ask(CHOICES[name][0], (np.array([0.5, 0.25, 0.75, -1.25]),))
    (found,) = opened(question, reverse_autodiff.gradient)
    assert not is_tied(question) and np.isfinite(found.rad).all()


still = lambda x: jax.lax.stop_gradient(x)
TWICE = np.array([0.5, 0.5, 0.0, -1.0])
BEHIND = {
    "the largest": lambda x: jnp.exp(x - still(x.max())).sum(),
    "a mask": lambda x: (x * still(jnp.where(x > 0.0, 1.0, 0.0))).sum(),
    "in a loop": lambda x: jax.lax.map(lambda v: jnp.exp(v - still(v.max())), x[None]).sum(),
    "beside itself": lambda x: jnp.where(x != x, 0.0, jnp.sin(x)).sum(),
}
BEFORE = {
    "and used": lambda x: (jnp.exp(x - still(x.max())) * x.max()).sum(),
    "both signs": lambda x: jnp.where((x > 0.0) & (x < 2.0), x, -x).sum(),
    "a branch": lambda x: jax.lax.cond(x[0] > x[1], lambda v: v[0], lambda v: v[1], x),
    "a loop's": lambda x: jax.lax.map(lambda v: jnp.max(v), x[None]).sum(),
    "an end": lambda x: jax.lax.while_loop(lambda v: v < 0.5, lambda v: v + 1.0, x[1]),
    "counted": lambda x: x[0] * jnp.where(x > 0.0, 1, 2).sum().astype(float),
}


@pytest.mark.parametrize("name", BEHIND)
def test_what_stands_behind_a_stop_gradient_chooses_no_slope(name):
    assert not is_tied(ask(BEHIND[name], (TWICE,)))


@pytest.mark.parametrize("name", BEFORE)
def test_what_is_read_otherwise_does(name):
    assert is_tied(ask(BEFORE[name], (TWICE,)))
    assert not is_tied(ask(BEFORE[name], (np.array([0.5, 0.75, 0.25, -1.0]),)))
