"""Benchmarks of whole networks, at their smallest: the two loops do the same, a twin is judged."""

import jax
import pytest

from benchmarks import training_networks


@pytest.mark.dear
def test_both_loops_have_the_same_losses():
    lstm = training_networks.settings()[1]
    small = lstm._replace(data=tuple(part[:64] for part in lstm.data))
    with jax.enable_x64(False):
        row = training_networks.measured(small, repeats=1)
        other = small._replace(data=(small.data[0], small.data[1] + 1.0))
        apart = training_networks.by_hand(other)() != training_networks.by_refnet(small)()
    assert row["loss_difference"] == 0.0 and apart.all()
    assert row["ratio"] > 0.0 and row["network"] in training_networks.page([row], 0.0)


@pytest.mark.torch
@pytest.mark.dear
def test_a_twin_is_correct_and_one_that_is_too_long_is_not():
    pytest.importorskip("torch")
    from benchmarks import torch_twins

    said = torch_twins.judged(torch_twins.lstm(jax.random.key(1)))
    assert (said["gradient"], said["ten steps"]) == ("correct", "correct")
    assert said["0.1 % too long"] == "wrong"
