"""Tasks of sequences: what is asked is what is answered, and a key is one data set."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn


@pytest.mark.parametrize("name", rn.SEQUENCES)
def test_the_same_key_is_the_same_data_and_another_is_another(name):
    make = rn.SEQUENCES[name]
    same = jax.tree.map(lambda a, b: bool((a == b).all()), make(), make(jax.random.key(0)))
    other = jax.tree.map(lambda a, b: bool((a == b).all()), make(), make(jax.random.key(1)))
    assert jax.tree.all(same) and not any(jax.tree.leaves(other))


def test_adding_adds_what_is_marked_once_in_each_half():
    (x, y), _ = rn.adding(n=50, steps=7, dtype=jnp.float64)
    value, mark = np.moveaxis(np.asarray(x), -1, 0)
    assert np.abs((value * mark).sum(1) - y[:, 0]).max() <= 4 * np.finfo(float).eps
    assert (mark[:, :3].sum(1) == 1).all() and (mark[:, 3:].sum(1) == 1).all()


def test_copying_asks_for_what_was_said():
    (x, y), _ = rn.copying(n=9, length=3, gap=4)
    assert x.shape == y.shape == (9, 10)
    assert (y[:, 7:] == x[:, :3]).all() and not y[:, :7].any()
    assert (
        (x[:, 7:] == 9).all() and not x[:, 3:7].any() and set(np.unique(x[:, :3])) <= {*range(1, 9)}
    )


def test_every_pair_is_in_one_part_and_is_added():
    train, rest = rn.modular_addition(modulus=7, fraction=0.5)
    x, y = (np.concatenate(pair) for pair in zip(train, rest, strict=True))
    assert len(train.x) == 24 and len(np.unique(x, axis=0)) == 49
    assert ((x[:, 0] + x[:, 1]) % 7 == y).all() and (x[:, 2] == 7).all()


def test_sums_in_words_are_right_and_what_follows_follows():
    (x, y), _ = rn.sums_in_words(n=20, length=40)
    assert (x[:, 1:] == y[:, :-1]).all()
    for row in np.asarray(x):
        first = "".join(rn.LETTERS[k] for k in row).split(".")[0].split()
        a, b, c = (rn.sequences.WORDS.index(first[k]) for k in (0, 2, 4))
        assert a + b == c


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: rn.adding(steps=1), "at least 1 and 2"),
        (lambda: rn.copying(gap=0), "at least 1 and 1"),
        (lambda: rn.modular_addition(modulus=1), "at least 2"),
        (lambda: rn.modular_addition(fraction=1.0), "between 0 and 1"),
        (lambda: rn.sums_in_words(n=0), "at least 1"),
    ],
)
def test_sizes_that_are_none_raise(call, said):
    with pytest.raises(ValueError, match=said):
        call()
