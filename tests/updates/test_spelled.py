"""Every order of a step's sums and products is inside the budget; another rule is not."""

from dataclasses import replace

import numpy as np
import pytest

from verification.derivations.rules import VARIANTS
from verification.updates.spelled import SPELLINGS, Terms, backward
from verification.updates.spelled_runs import spelled

SOME = ("nesterov_l2", "adamw", "radam", "adan_decoupled", "prodigy", "average_warm")


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", SOME)
def test_no_spelling_is_outside(name, dtype):
    rows = spelled(name, dtype, 3 if dtype == "float64" else 40, seed=5)
    assert len(rows) == len(SPELLINGS) >= 5
    assert [row for row in rows if row.outside] == []
    assert max(row.worst for row in rows) > 0.05


def test_another_rule_is_outside_in_every_spelling():
    rows = spelled("adamw", "float32", 20, seed=5, of=VARIANTS["adamw_after"])
    assert all(row.outside == 20 for row in rows)


def test_a_factor_of_a_thousandth_is_outside():
    right = VARIANTS["adam"]
    wrong = replace(right, step=lambda *args: right.step(*args[:-1], args[-1] * 1.001))
    assert all(row.outside == 20 for row in spelled("adam", "float32", 20, seed=5, of=wrong))


def test_terms_are_multiplied_out_and_added_backward():
    one = lambda x: Terms([([np.float32(x)], [])], backward)
    out = (one(1.0) + one(2.0)) * np.float32(3.0) - one(4.0)
    assert [float(np.prod(f)) for f, _ in out.terms] == [3.0, 6.0, -4.0]
    assert out.value() == 5.0
