"""`refnet train`: the numbers are refnet's own, and the words fit the data."""

import jax
import numpy as np
import pytest

import refnet as rn
from verification.commands.train import parse_sizes, per_epoch

QUICK = ("train", "--data", "xor", "--epochs", "2")


def test_sizes():
    assert parse_sizes("30, 16,1") == (30, 16, 1)


def test_training_prints_the_losses_of_refnet(refnet):
    """The table against the same run by hand."""
    status, out, err = refnet(*QUICK, "--network", "2,3,1", "--method", "adam", "--seed", "5")
    assert (status, err) == (0, "")
    assert f"{run_by_hand():.6g}" in out
    assert "validation accuracy" in out and "adam 0.1" in out


def run_by_hand() -> float:
    split_key, weight_key, _ = jax.random.split(jax.random.key(5), 3)
    split = rn.xor(split_key)
    loss = rn.binary_cross_entropy_with_logits
    layers = rn.init_mlp(weight_key, (2, 3, 1))
    run = rn.train(rn.mlp, loss, rn.adam(0.1), layers, split.train, epochs=2)
    return float(loss(rn.mlp(run.params, split.validation.x), split.validation.y))


def test_binary_cross_entropy_is_trained_in_its_stable_form(refnet):
    default, short, full = (
        refnet(*QUICK, *loss)
        for loss in (
            (),
            ("--loss", "binary_cross_entropy"),
            ("--loss", "binary_cross_entropy_with_logits"),
        )
    )
    assert default == short == full
    assert "binary_cross_entropy_with_logits" in short[1]


def test_values_have_no_accuracy(refnet):
    status, out, _ = refnet("train", "--data", "diabetes", "--epochs", "1", "--network", "10,1")
    assert status == 0
    assert "accuracy" not in out and "mse" in out


def test_a_loss_that_is_lost_is_said(refnet):
    lost = ("train", "--data", "diabetes", "--rate", "1e30", "--network", "10,1")
    status, out, err = refnet(*lost, "--epochs", "4")
    assert status == 1
    assert "not finite from epoch" in err and "lower --rate" in err


def test_a_long_run_shows_evenly_spaced_epochs(refnet):
    _, out, _ = refnet("train", "--data", "xor", "--epochs", "999")
    firsts = [line.split()[0] for line in out.splitlines() if line.split()]
    epochs = [int(word) for word in firsts if word.isdecimal()]
    assert len(epochs) == 20
    assert (epochs[0], epochs[-1]) == (1, 999)


def test_a_smaller_last_batch_counts_for_its_size():
    history = rn.History(np.array([1.0, 2.0, 4.0, 8.0]), None, {}, np.array([0.5, 0.25]))
    columns = per_epoch(rn.Run(None, None, history), examples=5, batch=3, epochs=2)
    assert columns["loss"].tolist() == [(3 * 1.0 + 2 * 2.0) / 5, (3 * 4.0 + 2 * 8.0) / 5]
    assert columns["validation loss"].tolist() == [0.5, 0.25]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--network", "lenett"), "did you mean 'lenet'?"),
        (("--network", "gpt:1,4"), "gpt wants layers, heads, width: give gpt:1,4,64"),
        (("--network", "gpt:1,3,64"), "heads must divide width"),
        (("--network", "lstm:0"), "whole numbers above 0"),
        (("--network", "lstm", "--data", "xor"), "--data is for perceptrons"),
        (("--network", "lstm", "--loss", "mse"), "--loss is for perceptrons"),
        (("--network", "lstm", "--resume"), "--resume is for perceptrons"),
        (("--network", "lstm", "--rate", "0.1,0.2"), "one rate and one batch"),
        (("--network", "lstm", "--method", "adm"), "did you mean 'adam'?"),
        (("--network", "lstm", "--batch", "4001"), "adding trains on 4000 examples"),
        (("--network", "lstm", "--epochs", "0"), "--epochs is 0"),
    ],
)
def test_what_a_named_network_cannot_do_is_said(refnet, words, said):
    status, _, err = refnet("train", *words)
    assert status == 2
    assert said in " ".join(err.split())
