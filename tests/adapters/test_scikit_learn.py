"""scikit-learn answers for the function we say that it differentiates, and for no other."""

import warnings
from functools import partial

import jax
import numpy as np
import pytest

from refnet import LOSSES, mlp, relu, tanh
from refnet.layers import Dense
from verification.adapters import scikit_learn
from verification.judgement.validate import validate
from verification.vocabulary import Verdict

SIZES = (5, 4, 3)
ALPHA = 0.3


def params(rng, sizes):
    draw = lambda i, o: Dense(rng.normal(size=(i, o)), rng.normal(size=o))
    return tuple(draw(*pair) for pair in zip(sizes[:-1], sizes[1:], strict=True))


def sampler(loss):
    def sample(rng):
        x = rng.normal(size=(7, SIZES[0]))
        if loss == "softmax_cross_entropy_with_integer_labels":
            return params(rng, SIZES), x, rng.integers(0, 3, size=7)
        if loss == "mse":
            return params(rng, SIZES), x, rng.normal(size=(7, 3))
        return params(rng, (5, 4, 1)), x, rng.integers(0, 2, size=(7, 1)).astype(float)

    return sample


def judged(loss, activation, function, dtype, alpha=ALPHA):
    theirs = scikit_learn.backpropagation(loss, activation, alpha)
    of = scikit_learn.objective(LOSSES[loss], loss, ALPHA, partial(mlp, activation=function))
    return validate(theirs, of=of, args=sampler(loss), dtype=dtype, cases=4)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", scikit_learn.OUTPUTS)
def test_it_is_correct_under_its_own_conventions(loss, dtype):
    assert judged(loss, "tanh", tanh, dtype).verdict == Verdict.CORRECT


@pytest.mark.parametrize("loss", scikit_learn.OUTPUTS)
def test_another_weight_decay_is_wrong(loss):
    assert judged(loss, "tanh", tanh, "float64", alpha=0.31).verdict == Verdict.WRONG


def test_another_activation_is_wrong():
    assert judged("mse", "relu", relu, "float64").verdict == Verdict.CORRECT
    assert judged("mse", "relu", tanh, "float64").verdict == Verdict.WRONG


def test_without_its_conventions_it_is_wrong():
    of = lambda params, x, y: LOSSES["mse"](mlp(params, x), y)
    theirs = scikit_learn.backpropagation("mse", "tanh", 0.0)

    assert validate(theirs, of=of, args=sampler("mse"), cases=2).verdict == Verdict.WRONG


def test_the_reference_for_its_budget_is_the_same_function():
    of = scikit_learn.objective(LOSSES["mse"], "mse", ALPHA, mlp)
    by_hand = jax.jit(jax.grad(lambda params, x, y: LOSSES["mse"](mlp(params, x), y)))
    reference = scikit_learn.reference(by_hand, "mse", ALPHA)

    assert validate(reference, of=of, args=sampler("mse"), cases=2).verdict == Verdict.CORRECT


@pytest.mark.parametrize(("loss", "activation"), [("hinge", "tanh"), ("mse", "gelu")])
def test_what_it_does_not_have_is_named(loss, activation):
    with pytest.raises(ValueError, match="scikit-learn has"):
        scikit_learn.backpropagation(loss, activation, 0.0)


def test_labels_become_indicator_columns():
    columns = scikit_learn._columns(np.array([2, 0]), 3, np.float32)

    assert np.array_equal(columns, np.float32([[0, 0, 1], [1, 0, 0]]))  # pyright: ignore


# --- estimators as they are ---------------------------------------------------------------------


def estimator(kind, **settings):
    from sklearn import neural_network

    return getattr(neural_network, kind)(
        hidden_layer_sizes=(4,), activation="tanh", alpha=ALPHA, **settings
    )


@pytest.mark.parametrize(
    ("kind", "loss"),
    [
        ("MLPRegressor", "mse"),
        ("MLPClassifier", "softmax_cross_entropy_with_integer_labels"),
        ("MLPClassifier", "binary_cross_entropy_with_logits"),
    ],
)
def test_an_estimator_handed_over_is_judged_by_what_it_says_that_it_descends(kind, loss):
    candidate = estimator(kind)
    of, plain = scikit_learn.objective_of(candidate), lambda p, x, y: LOSSES[loss](mlp(p, x), y)
    found = validate(candidate, of=of, args=sampler(loss), cases=2)

    assert (found.verdict, found.name) == (Verdict.CORRECT, kind)
    assert validate(candidate, of=plain, args=sampler(loss), cases=2).verdict == Verdict.WRONG


def test_a_fitted_estimator_is_judged_at_its_own_weights():
    candidate = estimator("MLPRegressor", max_iter=2, solver="lbfgs", random_state=1)
    with pytest.raises(ValueError, match="MLPRegressor is not fitted"):
        scikit_learn.weights(candidate)
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(7, 5)), rng.normal(size=(7, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two steps are not enough to converge
        candidate.fit(x, y)
    args = scikit_learn.weights(candidate), x, y
    found = validate(candidate, of=scikit_learn.objective_of(candidate), args=args)

    assert found.verdict == Verdict.CORRECT
    assert found.power.keys() == {f"params[{k}].{leaf}" for k in (0, 1) for leaf in "wb"}
