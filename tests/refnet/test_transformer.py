"""The transformer: what lies ahead is not seen, places count, and it learns to copy."""

import jax
import jax.numpy as jnp
import pytest

import refnet as rn

gpt = jax.jit(rn.gpt, static_argnums=2)


def drawn(dtype=jnp.float64, layers=2, heads=2):
    return rn.init_gpt(jax.random.key(0), 7, 6, layers, heads, 8, dtype=dtype)


SYMBOLS = jnp.array([[1, 2, 3, 4, 5, 6], [0, 0, 3, 3, 1, 1]])


def test_what_lies_ahead_is_not_seen_and_what_lies_behind_is():
    params = drawn()
    logits = gpt(params, SYMBOLS, 2)
    changed = gpt(params, SYMBOLS.at[:, 3].set(2), 2)
    assert logits.shape == (2, 6, 7)
    assert (changed[:, :3] == logits[:, :3]).all()
    assert (changed[:, 3:] != logits[:, 3:]).any(axis=-1).all()


def test_the_same_symbol_in_two_places_is_not_the_same():
    logits = gpt(drawn(), jnp.array([3, 3]), 2)
    nowhere = drawn()._replace(places=jnp.zeros((6, 8)))
    assert (logits[0] != logits[1]).any()
    alike = gpt(nowhere, jnp.array([3, 3]), 2)
    assert jnp.abs(alike[0] - alike[1]).max() <= 64 * jnp.finfo(jnp.float64).eps


def test_without_blocks_it_is_a_norm_between_two_uses_of_the_table():
    params = drawn(layers=0)
    x = params.symbols[SYMBOLS] + jnp.broadcast_to(params.places, (2, 6, 8))
    assert (rn.gpt(params, SYMBOLS, 2) == rn.layer_norm(params.norm, x) @ params.symbols.T).all()


def test_sizes_that_do_not_fit_raise():
    with pytest.raises(ValueError, match="heads must divide width"):
        drawn(heads=3)
    with pytest.raises(ValueError, match="has places for 6"):
        rn.gpt(drawn(), jnp.zeros((1, 7), int), 2)


def test_it_learns_what_follows():
    """Sequences that count up by one from anywhere, modulo 7: the control is the first loss."""
    x = (jnp.arange(7)[:, None] + jnp.arange(6)[None]) % 7
    params, update = drawn(jnp.float32, layers=1), rn.adam(2e-2)
    loss = rn.softmax_cross_entropy_with_integer_labels
    objective = lambda params: loss(rn.gpt(params, x, 2), (x + 1) % 7)

    @jax.jit
    def step(params, state):
        value, gradient = jax.value_and_grad(objective)(params)
        change, state = update.update(gradient, state)
        return jax.tree.map(jnp.add, params, change), state, value

    state, values = update.init(params), []
    for _ in range(80):
        params, state, value = step(params, state)
        values.append(float(value))
    assert values[-1] < 0.05 < 1.0 < values[0]
