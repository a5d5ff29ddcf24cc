"""Data sets: sizes, keys, and standardisation by the training part alone."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn

REAL = {"breast_cancer": (569, 30), "diabetes": (442, 10), "digits": (1797, 64)}
REAL |= {"iris": (150, 4), "wine": (178, 13)}
CLASSES = ("digits", "iris", "wine")  # their labels are whole numbers
KEY = jax.random.key(3)


def both(split):
    return (np.concatenate([a, b]) for a, b in zip(*split, strict=True))


@pytest.mark.parametrize("name", REAL)
def test_every_example_is_in_one_part(name):
    n, features = REAL[name]
    split = rn.DATASETS[name](KEY, fraction=0.75)
    x, _ = both(split)
    assert split.train.x.shape == (round(0.75 * n), features)
    assert x.shape == (n, features)
    other, _ = both(rn.DATASETS[name](jax.random.key(4), fraction=0.75))
    assert not (x == other).all()


@pytest.mark.parametrize("name", rn.DATASETS)
def test_the_default_key_is_zero_and_the_same_key_is_the_same_data(name):
    once, again = rn.DATASETS[name](), rn.DATASETS[name](jax.random.key(0))
    same = jax.tree.map(lambda a, b: bool((a == b).all()), once, again)
    assert jax.tree.all(same)


@pytest.mark.parametrize("dtype", (jnp.bfloat16, jnp.float32, jnp.float64))
@pytest.mark.parametrize("name", rn.DATASETS)
def test_dtypes(name, dtype):
    split = rn.DATASETS[name](dtype=dtype)
    for part in split:
        assert part.x.dtype == dtype and jnp.isfinite(part.x).all()
        assert part.y.dtype == (jnp.int32 if name in CLASSES else dtype)


def moments_off(x):
    """Mean and deviation of each column against 0 and 1 (or 0 and 0), in roundings of n terms."""
    budget = 8 * len(x) * np.finfo(np.float64).eps
    varies = np.abs(x).max(axis=0) > 0.0
    return np.abs([x.mean(axis=0), x.std(axis=0) - varies]).max() / budget


@pytest.mark.parametrize("name", REAL)
def test_the_training_part_alone_is_standardised(name):
    split = rn.DATASETS[name](KEY, dtype=jnp.float64)
    assert moments_off(np.asarray(split.train.x)) <= 1.0
    assert moments_off(np.asarray(split.validation.x)) > 1.0
    assert moments_off(np.concatenate([split.train.x, split.validation.x])) > 1.0


def test_the_target_of_diabetes_is_standardised_too():
    split = rn.diabetes(KEY, dtype=jnp.float64)
    assert moments_off(np.asarray(split.train.y)) <= 1.0
    assert moments_off(np.asarray(split.validation.y)) > 1.0


def test_a_constant_column_is_zero():
    train, validation = (np.asarray(part.x) for part in rn.digits(KEY))
    constant = (train == train[0]).all(axis=0)
    assert constant[0]  # the top left pixel is white in every image
    assert not train[:, constant].any() and not validation[:, constant].any()


def test_labels():
    _, cancer = both(rn.breast_cancer())
    _, digit = both(rn.digits())
    assert cancer.shape == (569, 1) and (np.sort(np.unique(cancer)) == [0.0, 1.0]).all()
    assert int(cancer.sum()) == 357  # benign
    assert digit.shape == (1797,) and (np.unique(digit) == np.arange(10)).all()


def test_xor_is_xor_of_its_corners():
    (x, y), validation = rn.xor(n=8)
    assert ((x[:, :1] != x[:, 1:]) == (y == 1.0)).all()
    assert (validation.x == x).all()
    noisy = rn.xor(KEY, n=8, noise=0.1)
    assert not (noisy.train.x == noisy.validation.x).any()


def test_circles_have_their_radii():
    (x, y), _ = rn.circles(n=64, noise=0.0, dtype=jnp.float64)
    error = np.abs(np.hypot(x[:, 0], x[:, 1]) - np.where(y[:, 0] == 1.0, 0.5, 1.0))
    assert (error <= 4 * np.finfo(np.float64).eps).all()
    assert len(np.unique(np.asarray(x), axis=0)) == 64


@pytest.mark.parametrize("fraction", (0.0, 1.0, -0.5, float("nan")))
def test_a_fraction_outside_raises(fraction):
    with pytest.raises(ValueError, match="0 < fraction < 1"):
        rn.diabetes(fraction=fraction)


@pytest.mark.parametrize("name", ("xor", "circles", "friedman", "two_spirals"))
@pytest.mark.parametrize("wrong", ({"n": 0}, {"noise": -1.0}, {"noise": float("inf")}))
def test_bad_draws_raise(name, wrong):
    with pytest.raises(ValueError, match="n >= 1 and a finite noise >= 0"):
        rn.DATASETS[name](**wrong)


def test_without_scikit_learn_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match="pip install 'refnet.report.'"):
        rn.breast_cancer()


def test_digits_as_images_are_the_same_digits_not_standardised():
    flat, images = rn.digits(jax.random.key(3)), rn.digit_images(jax.random.key(3))
    for rows, pictures in zip(flat, images, strict=True):
        assert (rows.y == pictures.y).all()
        assert pictures.x.shape == (len(rows.x), 8, 8, 1) and pictures.x.dtype == jnp.float32
        assert pictures.x.min() == 0.0 and pictures.x.max() == 1.0
    pixel = np.asarray(images.train.x, np.float64).reshape(-1, 64)[:, 20]  # sixteenths: exact
    error = np.abs((pixel - pixel.mean()) / pixel.std() - np.asarray(flat.train.x)[:, 20])
    assert error.max() <= np.finfo(np.float32).eps * 8.0  # no standardised digit is above 8


def test_friedman_is_its_formula_and_five_columns_do_not_matter():
    (x, y), other = rn.friedman(KEY, n=64, noise=0.0, dtype=jnp.float64)
    a, b, c, d, e = np.asarray(x).T[:5]
    want = 10 * np.sin(np.pi * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e
    assert np.abs(y[:, 0] - want).max() <= 128 * np.finfo(float).eps
    assert x.shape == (64, 10) and not (x == other.x).any()


def test_spirals_are_opposite_and_meet_nowhere():
    (x, y), _ = rn.two_spirals(dtype=jnp.float64)
    assert np.abs(x[::2] + x[1::2]).max() <= 8 * np.finfo(float).eps
    apart = np.linalg.norm(x[:, None] - x[None], axis=-1)
    assert apart[y[:, 0, None] != y[None, :, 0]].min() > 0.05
    ends = np.linalg.norm(x, axis=1)[[0, -1]]
    assert np.abs(ends - [1.0, 1 / 16]).max() <= 8 * np.finfo(float).eps
