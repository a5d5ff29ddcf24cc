"""Convolution and pooling beside XLA's own, on integers, where every sum is exact."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import refnet as rn

RNG = np.random.default_rng(1)
integers = lambda *shape: jnp.asarray(RNG.integers(-9, 10, size=shape).astype(np.float64))


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (3, 2)])
def test_the_sum_over_taps_is_xlas_convolution_and_so_is_its_gradient(stride, padding):
    x, layer = integers(2, 7, 6, 3), rn.Conv(integers(3, 2, 3, 4), integers(4))

    def theirs(layer, x):
        sides, names = [(padding, padding)] * 2, ("NHWC", "HWIO", "NHWC")
        y = lax.conv_general_dilated(x, layer.w, [stride] * 2, sides, dimension_numbers=names)
        return y + jnp.broadcast_to(layer.b, y.shape)

    got, pull = jax.vjp(lambda layer, x: rn.conv2d(layer, x, stride, padding), layer, x)
    want, pull_theirs = jax.vjp(theirs, layer, x)
    above = integers(*got.shape)
    assert (got == want).all()
    for ours, other in zip(
        jax.tree.leaves(pull(above)), jax.tree.leaves(pull_theirs(above)), strict=True
    ):
        assert (ours == other).all()
    turned = layer._replace(w=layer.w[::-1, ::-1])  # control: a convolution of mathematics
    assert (rn.conv2d(turned, x, stride, padding) != want).any()


@pytest.mark.parametrize("options", [{"stride": 0}, {"padding": -1}, {"padding": 0}])
def test_a_kernel_that_does_not_fit_raises(options):
    layer = rn.init_conv2d(jax.random.key(0), 1, 1, (5, 1), dtype=jnp.float64)
    with pytest.raises(ValueError, match=r"wanted|does not fit"):
        rn.conv2d(layer, integers(1, 4, 4, 1), **options)


def test_init_counts_every_number_that_comes_in():
    layer = rn.init_conv2d(jax.random.key(0), 16, 64, 5, dtype=jnp.float64)
    wanted, n = 2.0 / (25 * 16), layer.w.size
    spread = wanted * (2.0 / n) ** 0.5
    assert abs(float(jnp.mean(layer.w**2)) - wanted) < 6.0 * spread
    assert layer.w.shape == (5, 5, 16, 64) and not layer.b.any()
    with pytest.raises(ValueError, match="at least 1 of each"):
        rn.init_conv2d(jax.random.key(0), 0, 1)


@pytest.mark.parametrize(("window", "stride"), [(2, None), (3, 2), (2, 3)])
def test_pooling_is_xlas(window, stride):
    x = integers(2, 8, 7, 3)
    step = stride or window
    sizes, steps = (1, window, window, 1), (1, step, step, 1)
    want = lax.reduce_window(x, -jnp.inf, lax.max, sizes, steps, "VALID")
    assert (rn.max_pool(x, window, stride) == want).all()
    assert (rn.max_pool(-x, window, stride) != want).any()


def test_ties_share_alike_and_one_winner_has_all():
    slope = jax.grad(lambda x: rn.max_pool(x, 2, axes=(1,)).sum())
    assert slope(jnp.array([[1.0, 1.0, 2.0, 3.0]])).tolist() == [[0.5, 0.5, 0.0, 1.0]]


@pytest.mark.parametrize(("window", "stride"), [(0, 1), (2, -1), (5, 1)])
def test_a_window_that_does_not_fit_raises(window, stride):
    with pytest.raises(ValueError, match="a window that fits"):
        rn.max_pool(integers(1, 4, 4, 1), window, stride)
