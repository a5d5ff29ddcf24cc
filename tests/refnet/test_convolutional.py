"""The convolutional network: shapes, what it may not see, and that it learns digits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import refnet as rn


def by_xla(params, x):
    """The same network of XLA's own convolution and pooling."""
    for layer in (params.first, params.second):
        names, tiles = ("NHWC", "HWIO", "NHWC"), (1, 2, 2, 1)
        z = lax.conv_general_dilated(x, layer.w, (1, 1), "SAME", dimension_numbers=names)
        a = jnp.maximum(z + jnp.broadcast_to(layer.b, z.shape), 0.0)
        x = lax.reduce_window(a, -jnp.inf, lax.max, tiles, tiles, "VALID")
    z = jnp.maximum(rn.dense(params.head[0], x.reshape(len(x), -1)), 0.0)
    return rn.dense(params.head[1], z)


def test_it_is_the_network_of_xlas_pieces():
    params = rn.init_lenet(jax.random.key(0), (9, 8, 3), 5, dtype=jnp.float64)
    x = jax.random.normal(jax.random.key(1), (2, 9, 8, 3), jnp.float64)
    got, want = jax.jit(rn.lenet)(params, x), jax.jit(by_xla)(params, x)
    assert got.shape == (2, 5)
    assert jnp.abs(got - want).max() <= 1024 * jnp.finfo(jnp.float64).eps * jnp.abs(want).max()
    other = jax.jit(lambda params, x: rn.lenet(params, x, rn.tanh))(params, x)
    assert jnp.abs(other - want).max() > 1e-3 * jnp.abs(want).max()


def test_images_that_do_not_halve_twice_raise():
    with pytest.raises(ValueError, match="at least 4 by 4"):
        rn.init_lenet(jax.random.key(0), (3, 8, 1), 10)


def test_digits_are_learned_by_train():
    data = rn.digits(jax.random.key(0))
    images = lambda x: x.reshape(len(x), 8, 8, 1)
    (x, y), (x_new, y_new) = data.train, data.validation
    first = rn.init_lenet(jax.random.key(1), (8, 8, 1), 10)
    loss = rn.softmax_cross_entropy_with_integer_labels
    said = lambda p: np.asarray(rn.lenet(p, images(x_new))).argmax(1)
    right = lambda p: float(np.mean(said(p) == np.asarray(y_new)))
    options = {"key": jax.random.key(2), "batch": 64, "epochs": 12}
    run = rn.train(rn.lenet, loss, rn.adam(3e-3), first, (images(x), y), **options)
    assert right(run.params) > 0.93 > 0.5 > right(first)
