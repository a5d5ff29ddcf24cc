"""p - y is inside the bound of binary cross-entropy however that is written; a lone tail is not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn
import verification as vf
from verification.arithmetic import recalled
from verification.measurement.subject import with_stored
from verification.selftest.spellings.corpus import CORPUS, judgements

from .stored_slopes import outside

Z = np.array([-16.5, -9.0, -0.5, 0.25, 7.0, 16.5], np.float32)
Y = np.array([0.0, 1.0, 0.0, 1.0, 0.25, 1.0], np.float32)
softplus, log_sigmoid = jax.nn.softplus, jax.nn.log_sigmoid


def mixed(z, y):
    return y * softplus(-z) + (1 - y) * softplus(z)


def exponentials(z, y):
    return y * jnp.log(1 + jnp.exp(-z)) + (1 - y) * jnp.log1p(jnp.exp(z))


def tensorflow(z, y):
    return jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-abs(z)))


def torch_of_old(z, y):
    m = jnp.maximum(-z, 0)
    return (1 - y) * z + m + jnp.log(jnp.exp(-m) + jnp.exp(-z - m))


def branches(z, y):
    one = lambda z, y: (
        (1 - y) * z + jax.lax.cond(y < 2, lambda t: softplus(-t), lambda t: softplus(t), z)
    )
    return jax.lax.map(lambda row: one(*row), (z, y))


def scanned(z, y):
    return jax.lax.scan(lambda c, row: (c, jax.jit(mixed)(*row)), 0.0, (z, y))[1]


LOSSES = {
    "refnet": lambda z, y: jax.vmap(rn.binary_cross_entropy_with_logits)(z, y),
    "softplus": mixed,
    "log_sigmoid": lambda z, y: -(y * log_sigmoid(z) + (1 - y) * log_sigmoid(-z)),
    "logaddexp": lambda z, y: y * jnp.logaddexp(0.0, -z) + (1 - y) * jnp.logaddexp(z, 0.0),
    "exponentials": exponentials,
    "less y z": lambda z, y: softplus(z) - y * z,
    "and the rest of z": lambda z, y: softplus(-z) + (1 - y) * z,
    "less z": lambda z, y: y * (softplus(z) - z) + (1 - y) * softplus(z),
    "a size": tensorflow,
    "a maximum": torch_of_old,
    "half of it": lambda z, y: 2 * mixed(z / 2, y),
    "branches": branches,
    "loop": scanned,
    "vmap": jax.vmap(mixed),
}


def residual(z, y):
    return 1 / (1 + np.exp(-z)) - y


@pytest.mark.parametrize("name", LOSSES)
def test_p_less_y_is_a_slope_of_it(name):
    f = lambda z: LOSSES[name](z, jnp.asarray(Y, z.dtype))
    got = residual(Z / 2, Y) if name == "half of it" else residual(Z, Y)
    assert not outside(got, f, with_stored(f), Z).any()
    assert outside(got * np.float32(1.001), f, with_stored(f), Z)[1:5].all()


@pytest.mark.parametrize("name", ["refnet", "softplus", "a maximum", "loop", "branches"])
def test_without_that_room_it_is_none(name):
    f = lambda z: LOSSES[name](z, jnp.asarray(Y, z.dtype))
    assert outside(residual(Z, Y), f, f, Z)[5]


SIGNS = np.sign(Y - np.float32(0.5))
SIGNED = {
    "product": lambda z, s: softplus(-s * z),
    "label": lambda z, s: -log_sigmoid(z * (2 * ((s + 1) / 2) - 1)),
    "choice": lambda z, s: jnp.log1p(jnp.exp(jnp.where(s > 0, -z, z))),
    "column": lambda z, s: softplus(-(s[:, None] * z[:, None])[:, 0]),
}


@pytest.mark.parametrize("name", SIGNED)
def test_labels_of_both_signs_choose_a_side(name):
    f = lambda z: SIGNED[name](z, jnp.asarray(SIGNS, z.dtype))
    got = (1 / (1 + np.exp(-SIGNS * Z)) - 1) * SIGNS
    assert not outside(got, f, with_stored(f), Z).any()
    assert outside(got, f, f, Z)[5]
    other = lambda z: softplus(-jnp.asarray(SIGNS * np.float32(1.25), z.dtype) * z / 1.25)
    assert outside(got, other, with_stored(other), Z)[5]


LONE = {
    "softplus": lambda z, w: softplus(-z),
    "weighted": lambda z, w: w * softplus(-z),
    "twice the same": lambda z, w: w * softplus(-z) + softplus(-z),
    "scaled": lambda z, w: 2 * softplus(-z * 2 / 2) / 2,
    "a size": lambda z, w: jnp.maximum(-z, 0) + jnp.log1p(jnp.exp(-abs(z))),
    "a cube": lambda z, w: w * softplus(-z) + w * 0 * (z * z * z),
    "a step": lambda z, w: w * softplus(-z) + w * jnp.where(z > 0, 1.0, 0.0),
}


@pytest.mark.parametrize("name", LONE)
def test_a_lone_tail_stays_sharp(name):
    f = lambda z: LONE[name](z, jnp.ones_like(z))
    got = residual(Z, 1) * (2 if name == "twice the same" else 1)
    assert outside(got, f, with_stored(f), Z)[5]


def test_a_tail_of_a_bent_argument_stays_sharp():
    f = lambda z: softplus(-z * z * z / 256) + jnp.zeros_like(z) * z
    got = (1 / (1 + np.exp(-(Z**3) / 256)) - 1) * 3 * Z**2 / 256
    assert outside(got, f, with_stored(f), Z)[5]


def test_a_slope_through_the_logarithm_of_the_sum_is_one_of_softplus(monkeypatch):
    """e^(z - L), L = softplus(z) stored, as JAX has it: as far off as L is, 17 units at 17."""
    found = lambda: judgements({"log_sigmoid": CORPUS["log_sigmoid"]}, ("float64",), range(7, 8))
    alarms = lambda: [one.configuration for one in found() if one.alarms]
    assert alarms() == []
    monkeypatch.setattr(recalled, "_of_exponent", lambda target, slope, r: 0.0 * r)
    recalled.KNOWN.clear()
    assert len(alarms()) == 1
    recalled.KNOWN.clear()


def drawn(rng):
    return 8 * rng.normal(size=6), rng.integers(0, 2, size=6).astype(float)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_verdicts(dtype):
    said = lambda gradient, of: str(vf.validate(gradient, of=of, args=drawn, dtype=dtype).verdict)
    loss = rn.binary_cross_entropy_with_logits
    assert said(lambda z, y: residual(z, y) / z.size, loss) == "correct"
    assert said(lambda z, y: residual(z, y), loss) == "wrong"
    assert said(lambda z, y: residual(z, 1), lambda z, y: softplus(-z).sum()) == "inaccurate"
    own = lambda f: jax.grad(lambda z, y: f(30 * z).sum())
    assert said(own(jax.nn.log_sigmoid), lambda z, y: rn.log_sigmoid(30 * z).sum()) == "correct"
