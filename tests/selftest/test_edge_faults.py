"""Mistakes that only edges show are found by default arguments, and their right twins are not."""

import numpy as np
import pytest

from verification.faults.edges import KINDS
from verification.judgement.validate import validate
from verification.selftest.edge_faults import DTYPES, judged, row
from verification.vocabulary import Verdict

SHOWN = 2  # of each kind; benchmarks/edge_faults.py has them all
CHOSEN = [(kind, fault) for kind, faults in KINDS.items() for fault in faults[:SHOWN]]
NAMES = [f"{kind}: {fault.name}" for kind, fault in CHOSEN]


def test_each_kind_has_at_least_ten_and_their_names_differ():
    assert all(len(faults) >= 10 for faults in KINDS.values())
    assert all(len({f.name for f in faults}) == len(faults) for faults in KINDS.values())


@pytest.mark.parametrize(("kind", "fault"), CHOSEN, ids=NAMES)
def test_a_mistake_at_an_edge_is_found_and_its_right_twin_accepted(kind, fault):
    found = row(kind, fault, DTYPES[1])

    assert found["accepted"], found["twin_reason"]
    assert found["caught"], found["reason"]
    assert found["case"].startswith("edge: ") or found["wanted"] == "inaccurate"


@pytest.mark.parametrize("kind", KINDS)
def test_draws_alone_would_not_have_found_it(kind):
    """The control: it is an edge that finds each of them."""
    fault = KINDS[kind][0]
    with np.errstate(all="ignore"):
        alone = validate(
            fault.wrong,
            of=fault.of,
            args=fault.sample,
            argnums=fault.argnums,
            cases=4,
            edges="none",
        )

    assert alone.verdict is Verdict.CORRECT
    assert judged(fault, "float64", wrong=True).verdict is fault.verdict
