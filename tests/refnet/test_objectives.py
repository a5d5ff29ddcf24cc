"""Gates, divergences, likelihoods, contrasts and weights: values beside closed forms in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn

RNG = np.random.default_rng(7)
A, B, Q = RNG.normal(size=(3, 4, 6))
LABELS, BITS = np.array([0, 5, 2, 2]), RNG.integers(0, 2, size=(4, 6)).astype(float)
EPS = np.finfo(float).eps
a, b, q, labels, bits = map(jnp.asarray, (A, B, Q, LABELS, BITS))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(-1, keepdims=True)


def chance(z):
    return 1.0 / (1.0 + np.exp(-z))


RIGHT = chance((2.0 * BITS - 1.0) * A)  # the chance of the right label
SMOOTH = 0.8 * np.eye(6)[LABELS] + 0.2 / 6
APART = ((A - B) ** 2).sum(-1) - ((A - Q) ** 2).sum(-1)
GATED = rn.init_gated(jax.random.key(3), 6, 5, dtype=jnp.float64)
WEIGHTS = np.array([0.5, 0.0, 2.0, 1.0])
CLOSED = {
    "log_sigmoid": (lambda: rn.log_sigmoid(a), np.log(chance(A))),
    "log_softmax": (lambda: rn.log_softmax(a, axis=0), np.log(softmax(A.T)).T),
    "glu": (lambda: rn.glu(a), A[:, :3] * chance(A[:, 3:])),
    "gated_feed_forward": (
        lambda: rn.gated_feed_forward(GATED, a),
        (A @ GATED.gate * chance(A @ GATED.gate) * (A @ GATED.up)) @ GATED.down,
    ),
    "kl_divergence": (
        lambda: rn.kl_divergence(a, b),
        np.mean(np.sum(softmax(A) * np.log(softmax(A) / softmax(B)), -1)),
    ),
    "smoothed_cross_entropy": (
        lambda: rn.smoothed_cross_entropy(a, labels, 0.2),
        -np.mean(np.sum(SMOOTH * np.log(softmax(A)), -1)),
    ),
    "focal_loss": (
        lambda: rn.focal_loss(a, bits, 1.5),
        -np.mean((1.0 - RIGHT) ** 1.5 * np.log(RIGHT)),
    ),
    "triplet": (lambda: rn.triplet(a, b, q, 0.5), np.mean(np.maximum(APART + 0.5, 0.0))),
    "info_nce": (
        lambda: rn.info_nce(a, b, 0.3),
        -np.mean(np.log(np.diag(softmax(A @ B.T / 0.3)))),
    ),
    "gaussian_likelihood": (
        lambda: rn.gaussian_likelihood(a, b, q),
        -np.mean(
            np.log(np.exp(-((Q - A) ** 2) / (2 * np.exp(B))) / np.sqrt(2 * np.pi * np.exp(B)))
        ),
    ),
    "poisson_likelihood": (lambda: rn.poisson_likelihood(a, bits), np.mean(np.exp(A) - BITS * A)),
    "evidence_lower_bound": (
        lambda: rn.evidence_lower_bound(a[:, 0], b, q),
        np.mean(A[:, 0] - 0.5 * np.sum(B**2 + np.exp(Q) - 1.0 - Q, -1)),
    ),
    "weighted": (
        lambda: rn.weighted(rn.mse)(a, b, jnp.asarray(WEIGHTS)),
        np.average(((A - B) ** 2).mean(-1), weights=WEIGHTS),
    ),
}


def off(value, truth):
    """Error in 64 roundings of numbers of size 1 and of their own size."""
    return np.max(np.abs(np.asarray(value) - truth) / (64 * EPS * (1.0 + np.abs(truth))))


@pytest.mark.parametrize("name", CLOSED)
def test_the_value_is_the_formula(name):
    call, truth = CLOSED[name]
    assert np.shape(call()) == np.shape(truth)
    assert off(call(), truth) <= 1.0
    assert off(call() * (1.0 + 1e-11) + 1e-11, truth) > 1.0


def test_what_is_masked_out_is_minus_infinite_and_has_no_gradient():
    mask = jnp.arange(6)[None, :] < jnp.array([6, 3, 1, 0])[:, None]
    log_p = rn.log_softmax(a, mask=mask)
    assert (log_p[~mask] == -jnp.inf).all()
    assert jnp.abs(jnp.exp(log_p).sum(-1) - jnp.array([1.0, 1.0, 1.0, 0.0])).max() <= 8 * EPS
    assert off(log_p[1, :3], np.log(softmax(A[1, :3]))) <= 1.0
    first = lambda z: jnp.sum(jnp.where(mask, rn.log_softmax(z, mask=mask), 0.0)[:, 0])
    slope = jax.grad(first)(a)
    assert (slope[~mask] == 0.0).all() and (slope[1, :3] != 0.0).all()


def test_a_mask_leaves_examples_out_whatever_stands_there():
    loss, mask = rn.weighted(rn.mse), jnp.array([True, False, True, True])
    strange = a.at[1].set(jnp.nan)
    assert loss(strange, b, mask) == loss(a[mask], b[mask], jnp.ones(3))
    assert loss(a, b, ~mask & mask) == 0.0
    assert (jax.grad(loss)(a, b, mask)[1] == 0.0).all()
    with pytest.raises(ValueError, match="one weight for each"):
        loss(a, b, jnp.ones(3))


def test_every_loss_of_the_table_can_be_weighted():
    for name, loss in rn.LOSSES.items():
        target = labels if "integer" in name else rn.softmax(b)
        even = rn.weighted(loss)(rn.softmax(a), target, jnp.full(4, 2.0))
        assert off(even, loss(rn.softmax(a), target)) <= 1.0, name


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: rn.glu(jnp.ones((2, 3))), "an even number"),
        (lambda: rn.smoothed_cross_entropy(jnp.ones((2, 3)), jnp.zeros(2, int), 1.5), "within"),
        (lambda: rn.focal_loss(jnp.ones(2), jnp.ones(2), -1.0), "gamma >= 0"),
        (lambda: rn.info_nce(jnp.ones((2, 3)), jnp.ones((2, 3)), 0.0), "one above 0"),
        (lambda: rn.triplet(jnp.ones((2, 3)), jnp.ones((2, 3)), jnp.ones((1, 3))), "the same"),
        (lambda: rn.gaussian_likelihood(jnp.ones(2), jnp.ones(3), jnp.ones(2)), "the same"),
        (lambda: rn.init_gated(jax.random.key(0), 0, 2), "at least 1"),
    ],
)
def test_what_does_not_fit_raises(call, said):
    with pytest.raises(ValueError, match=said):
        call()
