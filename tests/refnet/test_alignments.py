"""CTC beside a sum over every alignment, in NumPy; padding, weights, and what does not fit."""

from itertools import groupby, product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn

Z = np.random.default_rng(3).normal(size=(3, 4, 3))
LABELS = np.array([[1, 2], [1, 1], [2, -1]])  # behind the lengths stands what may
FRAMES, LENGTHS = np.array([4, 3, 2]), np.array([2, 2, 1])
EPS = np.finfo(float).eps
asked = tuple(map(jnp.asarray, (LABELS, FRAMES, LENGTHS)))


def closed(z, labels, blank=0):
    """-log of the sum over every class for each frame that spells the labels."""
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    spelled = lambda row: [k for k, _ in groupby(row) if k != blank]
    rows = [row for row in product(range(z.shape[1]), repeat=len(z)) if spelled(row) == labels]
    return -np.log(sum(np.prod(p[np.arange(len(z)), list(row)]) for row in rows))


EACH = [closed(z[:t], list(k[:n])) for z, k, t, n in zip(Z, LABELS, FRAMES, LENGTHS, strict=True)]


def near(value, truth):
    return abs(float(value) - truth) <= 64 * EPS * (1.0 + abs(truth))


def test_it_is_the_sum_over_every_alignment():
    value = rn.ctc_loss(jnp.asarray(Z), *asked)
    assert near(value, np.mean(EACH)) and not near(value + 1e-11, np.mean(EACH))
    blank = rn.ctc_loss(jnp.asarray(Z[0]), jnp.array([0, 1]), blank=2)
    assert near(blank, closed(Z[0], [0, 1], blank=2)) and not near(blank, closed(Z[0], [1, 0], 2))


def test_padding_has_no_slope_and_no_effect():
    slope = jax.grad(rn.ctc_loss)(jnp.asarray(Z), *asked)
    live = np.arange(4)[None] < FRAMES[:, None]
    assert (slope[~live] == 0.0).all() and (slope[live] != 0.0).all()
    other = np.where(live[..., None], Z, 7.0)
    told = jnp.asarray(np.where(LABELS < 0, 0, LABELS)), *asked[1:]
    assert rn.ctc_loss(jnp.asarray(other), *told) == rn.ctc_loss(jnp.asarray(Z), *asked)


def test_a_mask_leaves_examples_out_and_types_may_be_narrow():
    mask = jnp.array([True, False, True])
    assert near(rn.weighted(rn.ctc_loss)(jnp.asarray(Z), *asked, mask), (EACH[0] + EACH[2]) / 2)
    narrow = [x.astype(jnp.int32) for x in asked]
    value = rn.ctc_loss(jnp.asarray(Z, jnp.float32), *narrow)
    assert value.dtype == jnp.float32
    assert abs(float(value) - np.mean(EACH)) < 64 * np.finfo(np.float32).eps * np.mean(EACH)


def test_where_no_alignment_fits_the_loss_is_infinite_and_has_no_slope():
    twice = jnp.array([1, 1])  # wants a blank between: three frames
    value, slope = jax.value_and_grad(rn.ctc_loss)(jnp.asarray(Z[0, :2]), twice)
    assert value == jnp.inf and (slope == 0.0).all()
    assert jnp.isfinite(rn.ctc_loss(jnp.asarray(Z[0, :3]), twice))
    assert near(rn.ctc_loss(jnp.asarray(Z[0]), twice[:0]), closed(Z[0], []))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: rn.ctc_loss(jnp.asarray(Z), *asked, 3), "one of the 3 classes"),
        (lambda: rn.ctc_loss(jnp.asarray(Z), asked[0][0]), "labels are for"),
        (lambda: rn.ctc_loss(jnp.asarray(Z), asked[0], asked[1][:2]), "frames are for"),
    ],
)
def test_what_does_not_fit_raises(call, said):
    with pytest.raises(ValueError, match=said):
        call()
