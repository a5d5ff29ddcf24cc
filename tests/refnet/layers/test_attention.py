"""Attention: shares of 1 over what the mask shows, heads apart, batches alike."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn

KEY = jax.random.key(0)
normal = lambda seed, *shape: jax.random.normal(jax.random.key(seed), shape, jnp.float64)
q, k, v = normal(1, 4, 3), normal(2, 4, 3), normal(3, 4, 2)


def test_without_a_mask_it_is_softmax_times_values():
    s = np.asarray(q @ k.T) / np.sqrt(3)
    p = np.exp(s) / np.exp(s).sum(1, keepdims=True)
    np.testing.assert_allclose(rn.attention(q, k, v), p @ v, rtol=16 * np.finfo(float).eps)


def test_what_lies_ahead_does_not_count_and_would_without_the_mask():
    later = v.at[-1].set(100.0)
    mask = rn.causal_mask(4)
    assert (rn.attention(q, k, v, mask)[:3] == rn.attention(q, k, later, mask)[:3]).all()
    assert (rn.attention(q, k, v)[:3] != rn.attention(q, k, later)[:3]).all()
    assert (rn.attention(q, k, v, mask)[0] == v[0]).all()  # the first sees itself alone


def test_who_sees_nothing_has_nothing_and_a_slope_that_is_a_number():
    mask = rn.causal_mask(4).at[1].set(False)
    out, slope = jax.value_and_grad(lambda q: rn.attention(q, k, v, mask)[1].sum())(q)
    assert out == 0.0 and (slope == 0.0).all()


def test_heads_are_attention_of_their_own_columns():
    params, x = rn.init_heads(KEY, 6, 4, dtype=jnp.float64), normal(4, 5, 6)
    mask = rn.causal_mask(5)
    columns = (slice(0, 2), slice(2, 4))
    of = lambda w, at: x @ w[:, at]
    o = [rn.attention(*(of(w, at) for w in params[:3]), mask=mask) for at in columns]
    want = jnp.concatenate(o, axis=1) @ params.o
    got = rn.multi_head_attention(params, x, 2, mask)
    eps = 32 * jnp.finfo(jnp.float64).eps
    assert jnp.max(jnp.abs(got - want)) <= eps * jnp.max(jnp.abs(want))
    one = rn.multi_head_attention(params, x, 1, mask)
    assert jnp.max(jnp.abs(one - want)) > eps * jnp.max(jnp.abs(want))


def test_a_batch_is_its_examples():
    params, x = rn.init_heads(KEY, 6, dtype=jnp.float64), normal(5, 3, 5, 6)
    together = rn.multi_head_attention(params, x, 3, rn.causal_mask(5))
    alone = jnp.stack([rn.multi_head_attention(params, e, 3, rn.causal_mask(5)) for e in x])
    assert jnp.max(jnp.abs(together - alone)) <= 64 * jnp.finfo(jnp.float64).eps


@pytest.mark.parametrize("heads", [0, 4])
def test_columns_that_cannot_be_cut_raise(heads):
    params = rn.init_heads(KEY, 6, dtype=jnp.float64)
    with pytest.raises(ValueError, match="divisible"):
        rn.multi_head_attention(params, normal(4, 5, 6), heads)


def test_sizes_below_one_raise():
    with pytest.raises(ValueError, match="at least 1 of each"):
        rn.init_heads(KEY, 0)
