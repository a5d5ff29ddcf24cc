"""Judge the answers to test vectors that another program wrote, by the files alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from .. import faults
from ..adapters import vector_files
from ..adapters.run_layouts import PREFIX
from ..adapters.strict_json import Improper
from ..adapters.vector_files import MUST_DIFFER, Unreadable
from ..judgement.verdict import Draws, judge
from ..measurement.higher_precision import Told
from ..measurement.sample import Sample, outside
from ..oracles.question import as_exact
from ..vocabulary import Ball, Finding, Verdict, plural
from ..vocabulary.progress import counted, watched
from .notes import DRAWS
from .reading import UNASKED, answered, leaves, tree
from .run_answers import Evaluated
from .run_answers import judged as runs_judged

DIFFERS, AGREES = "differs", "agrees"


@dataclass(frozen=True)
class Statistics:
    """The verdict on one derivation in one dtype, and what became of its tests."""

    finding: Finding
    tests: int
    missing: tuple[str, ...]  # tcIds without an answer
    accepted: tuple[str, ...]  # planted mistakes that were not refused


def check_vectors(folder: Path, answers: Path) -> list[Statistics]:
    """The verdict on every derivation and dtype of a folder of vectors.

    A test without an answer leaves its derivation undecided.  Raises ValueError for files that
    are not what they should be, and for answers of which none belongs to a test.
    """
    documents, given = vector_files.read(folder), vector_files.answers(answers)
    known = {test["tcId"] for d in documents for g in d["testGroups"] for test in g["tests"]}
    if not known & given.keys():
        raise Unreadable(f"{answers} answers none of the {plural(len(known), 'test')} in {folder}")
    judged = (list(_statistics(document, given)) for document in documents)
    with watched("answers"):
        return list(chain.from_iterable(counted("files", judged, range(len(documents)))))


def _statistics(document: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Statistics]:
    dtypes = dict.fromkeys(group["dtype"] for group in document["testGroups"])
    for dtype in dtypes:
        groups = [group for group in document["testGroups"] if group["dtype"] == dtype]
        try:
            yield _row(document, dtype, groups, given)
        except (ValueError, KeyError, AttributeError) as error:
            name = document["algorithm"]
            raise Unreadable(f"the vectors of {name} in {dtype} are damaged: {error}") from None


def _row(document, dtype: str, groups: list, given: Mapping[str, Any]) -> Statistics:
    tests = {test["tcId"]: test for group in groups for test in group["tests"]}
    points = [test for test in tests.values() if test["result"] != MUST_DIFFER]
    planted = [test for test in tests.values() if test["result"] == MUST_DIFFER]
    missing = tuple(identity for identity in tests if given.get(identity) is None)
    accepted = tuple(
        test["comment"]
        for test in planted
        if test["tcId"] not in missing and not _refused(test, tests, given, dtype)
    )
    evaluated = [(test, given[test["tcId"]]) for test in points if test["tcId"] in given]
    asked = max(sum(DRAWS in test["flags"] for test in points), 1)
    about = runs_judged if document["algorithm"].startswith(PREFIX) else _judged
    finding = about(document["algorithm"], dtype, evaluated, asked)
    return Statistics(
        _with_the_rest(finding, tests, missing, accepted), len(tests), missing, accepted
    )


def _judged(name: str, dtype: str, evaluated: Evaluated, asked: int) -> Finding:
    """The verdict on what was answered, `asked` draws among it."""
    samples = [_sample(test, said, dtype) for test, said in evaluated]
    draws = [sample for sample in samples if not sample.edge]
    return judge(
        name,
        dtype,
        [sample for sample in samples if sample.edge],
        faults.ALL.values(),
        formula_is_right=lambda sample: Told(False, UNASKED),
        draws=Draws(lambda ks: draws[ks.start : ks.stop], asked),
    )


def _with_the_rest(finding: Finding, tests, missing, accepted) -> Finding:
    """Answers that leave tests out, or that accept what is planted, do not pass."""
    if finding.verdict in (Verdict.WRONG, Verdict.REJECTED, Verdict.INACCURATE):
        return finding
    if accepted:
        reason = f"not refused though {', '.join(accepted)}"
        return replace(finding, verdict=Verdict.WRONG, reason=reason)
    if missing:
        some = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        reason = f"{len(missing)} of {plural(len(tests), 'test')} without an answer: {some}"
        return replace(finding, verdict=Verdict.UNDECIDED, reason=reason)
    return finding


def _refused(test: Mapping, tests: Mapping, given: Mapping[str, Any], dtype: str) -> bool:
    """Whether the planted answer was found to differ, or a right one given instead."""
    said = given[test["tcId"]]
    if isinstance(said, str):
        return said == DIFFERS
    sample = _sample(tests[test["of"]], said, dtype)
    return not sample.failure and not any(outside(sample, k).any() for k in range(len(sample.got)))


def _sample(test: Mapping[str, Any], said: Any, dtype: str) -> Sample:
    """What was answered to one test, beside the truth and the budget of the file."""
    label = f"{test['tcId']} ({test['comment']})"
    expected, radius, budget = (tree(test[name]) for name in ("expected", "radius", "budget"))
    mids, radii, allowed = (list(leaves(part)) for part in (expected, radius, budget))
    balls = [
        Ball(mid, np.zeros_like(mid), rad, proven=True)
        for (_, mid), (_, rad) in zip(mids, radii, strict=True)
    ]
    got, failure = [], ""
    try:
        got = [as_exact(leaf) for _, leaf in leaves(answered(said, expected, dtype))]
    except Improper as error:
        failure = f"the answer {error}"
    return Sample(
        label=label,
        paths=tuple(path for path, _ in mids),
        truth=balls,
        allowed=[room for _, room in allowed],
        got=got,
        edge=DRAWS not in test["flags"],
        failure=failure,
    )
