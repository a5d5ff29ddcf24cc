"""`refnet train --network lenet` and other names: what they learn from, and what can be said."""

import pytest


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ("lenet:2,2,4", ("digit_images: lenet (channels 2, 2, hidden 4)", "batch 32", "accuracy")),
        ("resnet:2,4", ("digit_images: resnet (channels 2, 4)", "batch 64", "accuracy")),
        ("character:2", ("sums_in_words: character (units 2)", "batch 50", "accuracy")),
        ("lstm:2", ("adding: lstm (units 2), mse, adam 0.005, batch 50",)),
        (
            "gpt:1,1,2",
            ("modular_addition: gpt (layers 1, heads 1, width 2)", "b2 0.98", "accuracy"),
        ),
    ],
    ids=("lenet", "resnet", "character", "lstm", "gpt"),
)
def test_a_network_by_its_name_has_data_and_defaults_of_its_own(refnet, network, said):
    status, out, err = refnet("train", "--network", network, "--epochs", "1")
    assert (status, err) == (0, "")
    out = " ".join(out.split())
    assert all(words in out for words in said), out


def test_a_named_network_takes_what_is_said(refnet):
    said = ("--method", "sgd", "--rate", "0.5", "--batch", "all", "--epochs", "1")
    status, out, _ = refnet("train", "--network", "lstm:2", *said)
    assert status == 0
    assert "gradient_descent 0.5, batch 4000" in out
