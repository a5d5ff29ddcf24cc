"""Correct gradients raise no alarm; wrong ones do, and right ones in budgets too small."""

import jax
import numpy as np
import pytest

from refnet import Dense
from verification.adapters import numpy_mlp
from verification.inputs.networks import (
    DEEPEST,
    LOSSES,
    MOST,
    POINTS,
    SCALES,
    WIDEST,
    Configuration,
    Network,
    configurations,
    corners,
    coverage,
    drawn,
)
from verification.measurement.budget import DTYPES, running_bound
from verification.oracles import ball
from verification.oracles.question import ask
from verification.selftest import calibration
from verification.selftest.calibration import Implementation, calibrate, judgements
from verification.selftest.statistics import BINS, CONTROL, EDGES, counted, rows, sensitivity

NUMPY = {"NumPy": calibration.ALL["NumPy"]}
SMALL = configurations(8, seed=4, widest=40, most=40, points=4)
ORDINARY = Configuration(Network((5, 4, 3), 6, "tanh", "mse"), 1.0, seed=0)


def altered(change):
    """NumPy's gradient with a mistake in its first leaf."""

    def make(network):
        right = numpy_mlp.gradient(network.activation, network.loss)

        def gradient(params, x, y):
            first, *others = right(params, x, y)
            return Dense(change(first.w), first.b), *others

        return gradient

    return {"altered": Implementation(make)}


@pytest.fixture(scope="module")
def right():
    return list(judgements(SMALL, NUMPY))


def test_correct_gradients_raise_no_alarm_in_any_dtype(right):
    found = rows(right)
    assert [row["dtype"] for row in found] == list(DTYPES)
    assert all(row["verdicts"] == len(SMALL) and row["false_alarms"] == 0 for row in found)
    assert all(0.0 < row["worst"] <= 1.0 for row in found)


def test_every_dtype_is_judged_at_numbers_that_it_holds(right):
    seen = sensitivity(right)
    allowed = {row["dtype"]: row["allowed"] for row in seen}
    assert list(allowed) == list(DTYPES)
    order = ("float64", "float32", "float16", "bfloat16")
    assert all(allowed[a] < allowed[b] for a, b in zip(order, order[1:], strict=False))
    assert allowed["bfloat16_float32"] < allowed["bfloat16"]


@pytest.mark.parametrize(
    "change",
    [lambda w: -w, lambda w: w * w.dtype.type(2), np.zeros_like, lambda w: w * np.nan],
    ids=["sign", "factor", "missing", "nan"],
)
def test_wrong_gradients_raise_alarms(change):
    found = calibrate([ORDINARY], implementations=altered(change))
    assert [row["dtype"] for row in found] == list(DTYPES)
    assert all(row["false_alarms"] == row["verdicts"] == 1 for row in found)


def test_budgets_eight_times_smaller_raise_the_alarms_that_the_control_counts(right):
    promised = {row["dtype"]: row["control"] for row in rows(right)}
    dtypes = ("float32", "bfloat16_float32")
    found = calibrate(SMALL, implementations=NUMPY, dtypes=dtypes, share=1.0 / CONTROL)
    assert {row["dtype"]: row["false_alarms"] for row in found} == {d: promised[d] for d in dtypes}
    assert all(row["false_alarms"] > 0 for row in found)


def test_a_number_beyond_the_format_leaves_a_verdict_undecided_not_passed():
    huge = ORDINARY._replace(network=Network((5, 4, 3), 6, "relu", "mse"), scale=2.0**14)
    (row,) = calibrate([huge], implementations=NUMPY, dtypes=("float16",))
    assert (row["verdicts"], row["false_alarms"], row["undecided"]) == (1, 0, 1)
    assert row["undecided_entries"] > 0


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"altered answered shapes \[\(4, 5\)"):
        calibrate([ORDINARY], implementations=altered(np.transpose), dtypes=("float32",))


# --- what is drawn ---------------------------------------------------------------------------


def test_a_seed_draws_the_same_and_another_seed_draws_anew():
    assert configurations(9, seed=1) == configurations(9, seed=1)
    first, second = configurations(9, seed=1), configurations(9, seed=2)
    assert not {c.seed for c in first} & {c.seed for c in second}
    for a, b in zip(
        jax.tree.leaves(drawn(first[0])), jax.tree.leaves(drawn(first[0])), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_the_points_of_a_network_stand_together_and_differ():
    met = configurations(3 * POINTS, seed=1)
    for k in range(0, len(met), POINTS):
        assert len({c.network for c in met[k : k + POINTS]}) == 1
    assert len({c.network for c in met}) == 3
    assert len({c.scale for c in met}) == len(met)


def test_the_ranges_are_those_that_are_promised():
    seen = coverage([*configurations(1600, seed=5), *corners(5)])
    assert seen["width"] == [1, WIDEST]
    assert seen["batch"] == [1, MOST]
    assert seen["depth"] == [1, DEEPEST]
    assert seen["scale"] == list(SCALES)
    widths = [n for c in configurations(1600, seed=5) for n in c.network.sizes]
    middle = 0.5 / np.sqrt(len(widths) / POINTS)  # the deviation of a share of one half
    assert abs(np.mean(np.array(widths) <= WIDEST**0.5) - 0.5) < 6 * middle


# --- the truth of float64 --------------------------------------------------------------------


@pytest.mark.parametrize("activation", numpy_mlp.ACTIVATIONS)
def test_extended_precision_agrees_with_the_proven_balls(activation):
    """Rounding errors are in proportion to the unit: the bound of float64 shrinks with it."""
    network = Network((3, 4, 2), 5, activation, LOSSES[1])
    args = drawn(Configuration(network, 1.0, seed=8))
    question = ask(calibration.jax_mlp.objective(activation, network.loss), args)
    extended = calibration.in_extended_precision(network, question)
    gradient = calibration.jax_mlp.autodiff(activation, network.loss)
    shrink = float(np.finfo(np.longdouble).eps / np.finfo(np.float64).eps)
    bounds = [shrink * bound for bound in running_bound(gradient, args, "float64")]
    proven = ball.gradient(question)
    leaves = list(zip(extended, bounds, proven, strict=True))
    for a, bound, b in leaves:
        assert (abs((a.mid - b.mid) + (a.tail - b.tail)) <= bound + b.rad).all()
    if shrink < 1.0:  # and the tails, which float64 has not, are needed for it
        assert any((abs((a.mid - b.mid) - b.tail) > bound + b.rad).any() for a, bound, b in leaves)


# --- rows ------------------------------------------------------------------------------------


def test_errors_are_counted_in_their_bins():
    counts = counted([np.array([0.0, 1e-7, 3e-3]), np.array([[1.5], [np.inf]])])
    assert counts.shape == (BINS + 2,)
    assert (counts[0], counts[-1], counts.sum()) == (2, 1, 5)
    inner = counts[1:-1].reshape(len(EDGES) - 1, -1).sum(axis=1)
    for value in (3e-3, 1.5):
        at = int(np.searchsorted(EDGES, np.log10(value))) - 1
        assert EDGES[at] <= np.log10(value) < EDGES[at + 1]
        assert inner[at] == 1


def test_a_row_counts_every_entry_once_and_its_quantiles_are_in_order(right):
    for row in rows(right):
        assert sum(row["histogram"]) == row["entries"] - row["undecided_entries"]
        middle, high, highest = row["quantiles"].values()
        step = 10.0 ** ((EDGES[-1] - EDGES[0]) / BINS)  # a quantile is the edge of its bin
        assert 0.0 < middle < high <= highest <= row["worst"] * step
