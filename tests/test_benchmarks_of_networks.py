"""Benchmarks of whole networks, at their smallest: the two loops do the same, a twin is judged."""

from importlib import import_module

import jax
import numpy as np
import pytest

import refnet as rn
from benchmarks import layers, training_networks, twin_networks


@pytest.mark.dear
def test_both_loops_have_the_same_losses():
    lstm = training_networks.settings()[1]
    small = lstm._replace(data=tuple(part[:64] for part in lstm.data))
    with jax.enable_x64(False):
        row = training_networks.measured(small, repeats=1)
        other = small._replace(data=(small.data[0], small.data[1] + 1.0))
        apart = training_networks.by_hand(other)() != training_networks.by_refnet(small)()
    assert row["loss_difference"]["refnet"] == 0.0 and apart.all()
    assert max(row["loss_difference"].values()) < 2.0**-16
    assert row["ratios"]["by hand"][0] > 0.0 and row["network"] in training_networks.page(
        [row], 0.0
    )


@pytest.mark.torch
def test_a_twin_is_correct_and_one_that_is_too_long_is_not():
    pytest.importorskip("torch")
    from benchmarks import twins

    small = rn.init_mlp(jax.random.key(0), (2, 2, 1))
    data = np.array([[0.3, -0.5], [0.2, 0.7]], np.float32), np.ones((2, 1), np.float32)
    one = twin_networks.network("MLP")._replace(params=small, data=data)
    said = twins.judged("PyTorch", one)
    assert (said["gradient"], said["ten steps"]) == ("correct", "correct"), said
    assert {said[planted] for planted in twins.PLANTED} == {"wrong"}
    assert "| MLP | PyTorch | correct | correct | wrong | wrong | wrong |" in twins.page([said])
    assert "Not run: Flax NNX, Equinox." in twins.page([said])


@pytest.mark.parametrize("library", ["torch", "flax", "equinox"])
def test_every_network_has_a_twin_with_the_same_loss(library):
    pytest.importorskip(library)
    from benchmarks import twins

    (name,) = (n for n, package in twins.LIBRARIES.items() if package == library)
    every = import_module(f"benchmarks.twins_{library}").TWINS
    assert {*every} == {*twin_networks.NETWORKS}
    one = twin_networks.network("graph convolution")
    off = jax.tree.map(lambda a, b: abs(a - b).max(), *slopes_of(name, one))
    assert max(jax.tree.leaves(off)) < 2.0**-20
    other = one._replace(params=jax.tree.map(lambda p: p + 0.01, one.params))
    off = jax.tree.map(
        lambda a, b: abs(a - b).max(), slopes_of(name, one)[0], slopes_of(name, other)[1]
    )
    assert max(jax.tree.leaves(off)) > 2.0**-20


def slopes_of(library, network):
    from benchmarks import twins

    with jax.enable_x64(False):
        return jax.grad(network.ours)(network.params), twins.gradient_of(library, network)(
            network.params
        )[0]


def test_layers_are_timed_beside_the_same_functions():
    names = ("relu", "softsign")
    every = layers.layers()
    rows = [layers.measured(name, every[name], repeats=1) for name in names]
    assert max(row["differ"] for row in rows) < 2.0**-20
    assert all(row["ratios"]["jax.nn"][0] > 0.0 for row in rows)
    assert all(f"| {name} |" in layers.page(rows, 0.0) for name in names)
    swapped = every["relu"]._replace(theirs=every["softsign"].theirs)
    assert layers.measured("relu", swapped, repeats=1)["differ"] > 2.0**-20
