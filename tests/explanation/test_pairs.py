"""Two factors at once are solved for with columns of any size, and not where one is no number."""

from dataclasses import replace

import numpy as np
import pytest

from verification import faults
from verification.explanation import explain
from verification.explanation.pairs import solved
from verification.faults.assembly import SUBJECTS
from verification.judgement import check
from verification.selftest.kill_table import answered

COLUMNS = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]])


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e250])
def test_badly_scaled_columns_are_solved_for(scale):
    found = solved(COLUMNS * [scale, 1.0], COLUMNS @ [2.0, -3.0])

    assert found is not None
    np.testing.assert_allclose(found * [scale, 1.0], [2.0, -3.0], rtol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_a_column_that_is_no_number_or_nothing_has_no_factor(bad):
    assert solved(COLUMNS * [bad, 1.0], np.ones(3)) is None


@pytest.mark.parametrize("fault", ["slope of the sigmoid again", "through float32"])
def test_a_saturated_neuron_is_explained_without_an_error(fault):
    subject = SUBJECTS["logistic_neuron"]
    (twin, *_) = [t for t in faults.twins("logistic_neuron") if t.fault == fault]
    rng = np.random.default_rng(0)
    cases = [
        check.with_cotangent(subject, case, rng) for case in subject.edges(np.dtype("float64"))
    ]
    right = [s for case in cases if (s := check.sample(subject, "float64", case)) is not None]
    how = {"of": subject.function, "argnums": subject.argnums, "scalar": subject.scalar}
    for sample in right:
        if sample.silence:
            continue
        wrong = answered(twin.gradient, replace(sample, failure=""))
        said = explain((wrong,), **how)
        assert not any(" raised " in one.mistake for one in said), said
