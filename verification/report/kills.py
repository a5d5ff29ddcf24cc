"""The kill table: every catalogued mistake, planted in every right gradient, must be convicted."""

import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .. import faults
from ..derivations import ALL as DERIVATIONS
from ..judgement.answer import truth
from ..judgement.check import DTYPES, draw, question_of, sample, with_cotangent
from ..judgement.sample import Sample
from ..judgement.verdict import judge
from ..vocabulary import Fault, Verdict

CASES = 4
CONVICTED = (Verdict.WRONG, Verdict.INACCURATE, Verdict.REJECTED)


def kills(name: str, seed: int) -> Iterator[dict]:
    """One row per mistake and dtype, where planting it changes anything."""
    derivation = DERIVATIONS[name]
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), 1])
    cases = [with_cotangent(derivation, case, rng) for case in draw(derivation, rng, CASES)]
    proofs = [(c, q := question_of(derivation, c.args), truth(q)) for c in cases]
    for dtype in DTYPES:
        right = [sample(derivation, dtype, *proof) for proof in proofs]
        for fault in faults.ALL.values():
            if wrong := planted(fault, right, dtype):
                verdict = judge(name, dtype, wrong).verdict
                yield {
                    "fault": fault.name,
                    "derivation": name,
                    "dtype": dtype,
                    "caught": verdict in CONVICTED,
                    "verdict": verdict.value,
                }


def planted(fault: Fault, right: list[Sample], dtype: str) -> list[Sample]:
    """The samples as if the implementation had made this mistake; those it changes."""
    wrong = [(s, fault.apply(s.got, dtype)) for s in right]
    return [
        replace(s, got=got)
        for s, got in wrong
        if got is not None and not all(map(np.array_equal, got, s.got))
    ]
