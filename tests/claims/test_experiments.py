"""What the experiments stand on: intervals, races, batches, and evaluation without rounding."""

import jax
import numpy as np
import pytest
from flint import fmpq

from refnet import init_mlp, mlp, mse
from verification.claims import exact
from verification.claims.interval import Interval, ratio, student
from verification.claims.noise import (
    BATCHES,
    Noise,
    endless,
    enumerated,
    finite,
    variance,
    variance_is,
)
from verification.claims.races import (
    BLOCK,
    FULL,
    PROBLEMS,
    SINGLE,
    SMALL,
    _orders,
    examples,
    examples_to,
)
from verification.claims.trial import Trial, earned, failed
from verification.vocabulary import Unproven

CANCER, DIABETES = PROBLEMS


def test_a_student_interval_agrees_with_the_printed_table():
    sample = np.arange(1.0, 11.0)  # mean 5.5, s^2 = 82.5 / 9
    reach = (82.5 / 9 / 10) ** 0.5

    interval = student(sample, 0.95)

    # t(0.975, 9) = 2.262 to the digits of the table
    assert 2.2615 < (interval.high - 5.5) / reach < 2.2625
    assert interval.mean == 5.5 and interval.holds(5.5) and not interval.holds(10.0)


def test_an_interval_of_equal_runs_holds_the_ratio_one():
    runs = np.random.default_rng(0).uniform(1.0, 2.0, 12)

    assert ratio(runs, runs) == Interval(1.0, 1.0, 1.0)
    assert ratio(3.0 * runs, runs[::-1]).low > 1.0


def test_a_nan_is_in_no_interval():
    assert not Interval(1.0, 0.0, 2.0).holds(float("nan"))


@pytest.mark.parametrize("sample", [[1.0] * 9, [1.0] * 9 + [float("nan")], [1.0] * 9 + [np.inf]])
def test_an_interval_wants_ten_finite_numbers(sample):
    with pytest.raises(ValueError, match="at least 10 finite"):
        student(np.array(sample))


def test_a_run_that_diverged_never_arrives():
    nan = float("nan")
    losses = np.array([[9.0, 4.0, 1.0, 0.5], [9.0, nan, nan, nan], [1.0, 2.0, 0.0, 2.0]])

    assert examples_to(1.0, losses, 32).tolist() == [64.0, np.inf, 0.0]


@pytest.mark.parametrize("method", [SMALL, SINGLE])
@pytest.mark.parametrize("size", [None, 64])
def test_every_epoch_deals_every_example_once(method, size):
    count, per_epoch = 448, size or 448
    rows = _orders(method, count, size, 5).ravel()[: 4 * per_epoch]
    epochs = rows[: len(rows) // per_epoch * per_epoch].reshape(-1, per_epoch)

    assert (np.sort(epochs, axis=1) == np.arange(per_epoch)[None, :]).all()
    assert len(epochs) > 1 and (epochs[0] != epochs[1]).any()


def test_a_repeated_subset_has_the_loss_and_gradient_of_the_subset():
    whole, few = examples(CANCER, 1), examples(CANCER, 1, 64)
    x, y = (a[:64].astype(np.float64) for a in whole)
    params = init_mlp(jax.random.key(0), CANCER.sizes, dtype=np.float64)
    objective = jax.value_and_grad(lambda p, x, y: CANCER.loss(mlp(p, x), y))

    seen = objective(params, *(a.astype(np.float64) for a in few))
    alone = objective(params, x, y)

    eps, terms = np.finfo(np.float64).eps, 448 * 31  # a mean of sums of that many products
    for a, b in zip(jax.tree.leaves(seen), jax.tree.leaves(alone), strict=True):
        assert (abs(a - b) <= eps * terms * np.maximum(abs(a), 1.0)).all()
    assert (np.asarray(few.x[64:128]) == np.asarray(whole.x[:64])).all()


def test_looks_are_as_far_apart_as_the_rows_say():
    assert _orders(FULL, 448, None, 0).shape == (FULL.looks, 1, 448)
    assert _orders(SMALL, 448, None, 0).shape == (SMALL.looks, 1, BLOCK)
    assert _orders(SINGLE, 448, None, 0).shape == (SINGLE.looks, BLOCK, 1)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_variance_of_a_batch_is_that_without_replacement(seed):
    noise = variance(examples(DIABETES, seed), DIABETES.sizes, seed)

    assert enumerated(finite, seed).holds and not enumerated(endless, seed).holds
    assert variance_is(finite, noise).holds and not variance_is(endless, noise).holds


def test_a_variance_that_is_not_a_number_holds_nowhere():
    nan = float("nan")

    assert not variance_is(finite, Noise(nan, 300, [Interval(1.0, 0.0, 2.0)] * len(BATCHES))).holds


def test_exact_values_are_not_rounded():
    third = exact.value(lambda x: x / 3.0, np.float64(1.0))[()]
    tenth = exact.value(lambda x: x + 0.1, np.float64(0.0))[()]

    assert third == fmpq(1, 3)
    assert tenth == fmpq(*(0.1).as_integer_ratio()) != fmpq(1, 10)


def test_an_exact_gradient_differs_from_a_wrong_one():
    args = (exact.odd(np.random.default_rng(0), (5,)), exact.odd(np.random.default_rng(1), (5,), 4))
    slope = exact.gradient(mse, args)
    truth = 2 * (exact.number(args[0]) - exact.number(args[1])) / 5

    assert exact.differing(slope, truth) == (0, 5)
    assert exact.differing(slope, -truth)[0] == 5


def test_trees_of_other_shapes_are_not_compared():
    with pytest.raises(ValueError, match="cannot be compared"):
        exact.differing(np.ones(3), np.ones((3, 1)))


def test_drawn_numbers_are_away_from_zero_and_one():
    drawn = exact.odd(np.random.default_rng(2), (1000,))

    assert not np.isin(drawn, [0.0, 1.0]).any() and (drawn * 8 % 2 == 1).all()


def test_drawn_layers_never_put_a_relu_on_its_kink():
    rng = np.random.default_rng(3)
    for _ in range(50):
        a = exact.odd(rng, (6, 3))
        for layer in exact.layers(rng, (3, 4, 4, 2)):
            z = a @ layer.w + layer.b  # exact: few bits
            assert (z != 0.0).all()
            a = np.maximum(z, 0.0)


def test_evidence_that_fails_is_no_evidence():
    with pytest.raises(Unproven, match="2 differ"):
        earned(Trial(True, "fine."), Trial(False, "2 differ"))


def test_a_falsehood_that_passes_is_refused():
    assert failed("a lie", Trial(False, "seen.")) == "Planted: a lie. It failed: seen."
    with pytest.raises(Unproven, match="planted falsehood passed: a lie"):
        failed("a lie", Trial(True, "unseen"))
