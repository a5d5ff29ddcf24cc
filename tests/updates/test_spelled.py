"""Every order of a step's sums and products is inside the budget; another rule is not."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.updates_spelled import asked, known_share, row
from verification.derivations.rules import VARIANTS
from verification.updates.spelled import SPELLINGS, Terms, backward
from verification.updates.spelled_runs import spelled

SOME = ("nesterov_l2", "adamw", "radam", "adan_decoupled", "prodigy", "average_warm")


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", SOME)
def test_no_spelling_is_outside(name, dtype):
    found = spelled(name, dtype, 6 if name == "radam" else 40, seed=5)  # it is run one by one
    assert len(found) == len(SPELLINGS) >= 5
    assert [row for row in found if row.outside] == []
    assert max(row.worst for row in found) > 0.05


def test_the_benchmark_asks_for_rules_of_matrices_last():
    told = [*asked(("muon", "adam"))]
    assert told[-1] == ("muon", "bfloat16") and told[0][0] == "adam" and len(told) == 6
    assert not any(row(*each, settings=2, seed=0)["outside"] for each in told)


def test_numbers_without_a_budget_are_counted():
    """A step of RAdam hangs on a count that bfloat16 has no digit of."""
    assert known_share("adam", "bfloat16", 3, seed=0) == 1.0
    assert 0.0 < known_share("radam", "bfloat16", 3, seed=0) < 0.5


@pytest.mark.parametrize("name", ["adam", "schedule_cosine", "muon"])
def test_a_wider_format_says_of_float64_what_the_proof_says(name):
    wide, proof = (spelled(name, "float64", 3, seed=5, proof=p) for p in (False, True))
    pairs = zip(wide, proof, strict=True)
    assert all(abs(a.worst - b.worst) <= 2.0**-9 for a, b in pairs)  # of 2^-11 budgets each


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
