"""The mistakes that only edges show, and their right twins, judged as anybody's would be."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..faults.edges import KINDS, EdgeFault
from ..judgement.validate import validate
from ..vocabulary import Finding, Verdict

DTYPES = ("float64", "float32")
CASES = 4


def judged(fault: EdgeFault, dtype: str, wrong: bool, cases: int = CASES, seed: int = 0) -> Finding:
    """The finding on the wrong gradient, or on its right twin, by default arguments."""
    asked: dict[str, Any] = {"dtype": dtype, "cases": cases, "seed": seed}
    with np.errstate(all="ignore"):
        return validate(
            fault.wrong if wrong else fault.right,
            of=fault.of,
            args=fault.sample,
            argnums=fault.argnums,
            **asked,
        )


def rows(dtypes: Iterable[str] = DTYPES, kinds: Iterable[str] = KINDS) -> Iterator[dict[str, Any]]:
    """One row for each mistake and dtype: what both were found to be, and where it was seen."""
    for kind in kinds:
        for fault in KINDS[kind]:
            for dtype in dtypes:
                yield row(kind, fault, dtype)


def row(kind: str, fault: EdgeFault, dtype: str) -> dict[str, Any]:
    wrong, right = (judged(fault, dtype, planted) for planted in (True, False))
    return {
        "kind": kind,
        "name": fault.name,
        "dtype": dtype,
        "wanted": str(fault.verdict),
        "verdict": str(wrong.verdict),
        "reason": wrong.reason,
        "case": wrong.worst.case if wrong.worst else "",
        "twin": str(right.verdict),
        "twin_reason": right.reason,
        "caught": wrong.verdict is fault.verdict,
        "accepted": right.verdict is Verdict.CORRECT,
    }
