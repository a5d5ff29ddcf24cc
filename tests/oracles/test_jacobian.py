"""A measured Jacobian holds the true one within its own errors, and costs few calls."""

import numpy as np
import pytest

from verification.oracles.jacobian import COORDINATES, local
from verification.vocabulary import Silent

X = np.array([0.7, -1.3, 0.4, 2.1])


def measured(f, x=X):
    calls = []

    def rows(points):
        calls.extend(points)
        return np.array([f(point) for point in points])

    return local(rows, x, np.random.default_rng(0)), len(calls)


def dense(found, entries, at):
    out = np.zeros((found.y.size, *[found.x.size] * (len(at) - 1)))
    out[at] = entries
    return out


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def jacobian_of_softmax(x):
    p = softmax(x)
    return np.diag(p) - np.outer(p, p)


@pytest.mark.parametrize(
    "f, truth",
    [
        (np.sin, lambda x: np.diag(np.cos(x))),
        (softmax, jacobian_of_softmax),
        (lambda x: np.array([x[0] * x[1], x @ x]), lambda x: np.array([[x[1], x[0], 0, 0], 2 * x])),
        (lambda x: 1.0 / (1.0 + np.exp(-50.0 * x)), lambda x: np.diag(_steep(x))),
    ],
)
def test_the_errors_hold_the_slopes(f, truth):
    found, _ = measured(f)
    slopes, errors = (
        dense(found, e, (found.rows, found.columns)) for e in (found.slopes, found.errors)
    )
    off = np.abs(slopes - truth(X))

    assert (found.y == f(X)).all()
    assert (off <= errors).all() and errors.max() < 1e-8
    assert (off[errors == 0.0] == 0.0).all()


def test_what_rounds_as_float32_does_has_its_errors_where_the_value_is_0():
    """tanh of float32 at 0: each quotient is off by a rounding, and all of them by the same one."""
    x = np.array([0.0, -1.3, 0.4, 2.1])
    found, _ = measured(lambda x: np.tanh(x.astype(np.float32)).astype(float) * 1.1, x)
    off = np.abs(found.slopes - 1.1 * (1.0 - np.tanh(x) ** 2))

    assert (off <= found.errors).all() and found.errors.max() < 1e-4
    assert found.errors.min() > 2.0**-24


def _steep(x):
    a = 1.0 / (1.0 + np.exp(-50.0 * x))
    return 50.0 * a * (1.0 - a)


def test_the_bends_are_those_of_the_function():
    found, _ = measured(softmax)
    bends, errors = (dense(found, e, (*found.at,)) for e in (found.bends, found.bend_errors))
    h = 2.0**-20
    truth = [
        (jacobian_of_softmax(X + h * e) - jacobian_of_softmax(X - h * e)) / (2 * h)
        for e in np.eye(4)
    ]

    assert (np.abs(bends - np.stack(truth, axis=2)) <= errors + 2.0**-30).all()
    assert errors.max() < 2.0**-10


def test_entry_by_entry_costs_no_more_calls_than_one_entry():
    _, few = measured(np.sin, X[:1])
    _, many = measured(np.sin, np.linspace(-2.0, 2.0, 40))
    _, together = measured(softmax, X)

    assert many - few == 6 * 39  # the probes alone
    assert together > many  # each hangs on all


def test_at_a_kink_the_error_is_the_gap_and_float32_is_told():
    kinked, _ = measured(lambda x: np.maximum(x, 0.0), np.array([0.0, 1.0]))
    narrow, _ = measured(lambda x: np.sin(x.astype(np.float32)).astype(np.float64))
    wide, _ = measured(np.sin)

    assert kinked.errors[0] >= 1.0 > 2.0**-20 > kinked.errors[1]
    assert 2.0**-30 < narrow.errors.max() < 2.0**-8 and wide.errors.max() < 2.0**-30
    assert narrow.y_units.max() < 2.0**6  # in units of float32, not of float64


def test_where_it_raises_nearby_it_is_measured_from_where_it_does_not():
    def log(x):
        return np.log(x) if (x > 0).all() else np.full(x.shape, np.nan)

    found, _ = measured(log, np.array([0.01, 3.0]))

    assert found.rows.tolist() == found.columns.tolist() == [0, 1]
    assert (np.abs(found.slopes - 1.0 / found.x) <= found.errors).all()


def test_without_a_number_there_are_no_slopes_and_what_is_too_large_is_refused():
    found, _ = measured(np.log, np.array([-1.0, 1.0]))
    assert np.isnan(found.y[0]) and not found.slopes.size
    with pytest.raises(Silent, match="more than are measured"):
        measured(np.sin, np.zeros(COORDINATES + 1))
