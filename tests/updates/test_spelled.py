"""Every order of a step's sums and products is inside the budget; another rule is not."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.updates_spelled import rows
from verification.derivations.rules import VARIANTS
from verification.updates.spelled import SPELLINGS, Terms, backward
from verification.updates.spelled_runs import spelled

SOME = ("nesterov_l2", "adamw", "radam", "adan_decoupled", "prodigy", "average_warm")


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", SOME)
def test_no_spelling_is_outside(name, dtype):
    found = spelled(name, dtype, 3 if dtype == "float64" else 40, seed=5)
    assert len(found) == len(SPELLINGS) >= 5
    assert [row for row in found if row.outside] == []
    assert max(row.worst for row in found) > 0.05


def test_the_benchmark_leaves_out_what_could_not_be_seen():
    found = rows(settings=2, proven=1, seed=0, names=("muon", "adam"))
    told = [(row["variant"], row["dtype"]) for row in found]
    assert ("muon", "bfloat16") not in told and ("adam", "bfloat16") in told and len(told) == 5
    assert not any(row["outside"] for row in found)


def test_another_rule_is_outside_in_every_spelling():
    found = spelled("adamw", "float32", 20, seed=5, of=VARIANTS["adamw_after"])
    assert all(row.outside == 20 for row in found)


def test_a_factor_of_a_thousandth_is_outside():
    right = VARIANTS["adam"]
    wrong = replace(right, step=lambda *args: right.step(*args[:-1], args[-1] * 1.001))
    assert all(row.outside == 20 for row in spelled("adam", "float32", 20, seed=5, of=wrong))


def test_terms_are_multiplied_out_and_added_backward():
    one = lambda x: Terms([([np.float32(x)], [])], backward)
    out = (one(1.0) + one(2.0)) * np.float32(3.0) - one(4.0)
    assert [float(np.prod(f)) for f, _ in out.terms] == [3.0, 6.0, -4.0]
    assert out.value() == 5.0
