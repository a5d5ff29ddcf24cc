"""Judge the answers to test vectors that another program wrote, by the files alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ... import faults
from ...adapters import vector_files
from ...adapters.layouts import EITHER, kind
from ...adapters.layouts import read as read_tree
from ...adapters.strict_json import Improper
from ...adapters.vector_files import MUST_DIFFER, Unreadable
from ...arithmetic.formats import PRECISIONS
from ...oracles.question import as_exact
from ...vocabulary import Ball, Finding, Verdict, plural
from ..formula import Told
from ..sample import Sample, outside
from ..verdict import Draws, judge
from .notes import DRAWS

DIFFERS, AGREES = "differs", "agrees"
UNASKED = Told(False, "answers in a file cannot be asked again in another precision")


@dataclass(frozen=True)
class Tally:
    """The verdict on one derivation in one dtype, and what became of its tests."""

    finding: Finding
    tests: int
    missing: tuple[str, ...]  # tcIds without an answer
    accepted: tuple[str, ...]  # planted mistakes that were not refused


def check_vectors(folder: Path, answers: Path) -> list[Tally]:
    """The verdict on every derivation and dtype of a folder of vectors.

    A test without an answer leaves its derivation undecided.  Raises ValueError for files that
    are not what they should be, and for answers of which none belongs to a test.
    """
    documents, given = vector_files.read(folder), vector_files.answers(answers)
    known = {test["tcId"] for d in documents for g in d["testGroups"] for test in g["tests"]}
    if not known & given.keys():
        raise Unreadable(f"{answers} answers none of the {plural(len(known), 'test')} in {folder}")
    return [tally for document in documents for tally in _tallies(document, given)]


def _tallies(document: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Tally]:
    dtypes = dict.fromkeys(group["dtype"] for group in document["testGroups"])
    for dtype in dtypes:
        groups = [group for group in document["testGroups"] if group["dtype"] == dtype]
        try:
            yield _tally(document, dtype, groups, given)
        except (ValueError, KeyError, AttributeError) as error:
            name = document["algorithm"]
            raise Unreadable(f"the vectors of {name} in {dtype} are damaged: {error}") from None


def _tally(document, dtype: str, groups: list, given: Mapping[str, Any]) -> Tally:
    tests = {test["tcId"]: test for group in groups for test in group["tests"]}
    points = [test for test in tests.values() if test["result"] != MUST_DIFFER]
    planted = [test for test in tests.values() if test["result"] == MUST_DIFFER]
    missing = tuple(identity for identity in tests if given.get(identity) is None)
    accepted = tuple(
        test["comment"]
        for test in planted
        if test["tcId"] not in missing and not _refused(test, tests, given, dtype)
    )
    heard = [_sample(test, given[test["tcId"]], dtype) for test in points if test["tcId"] in given]
    draws = [sample for sample in heard if not sample.edge]
    asked = sum(DRAWS in test["flags"] for test in points)
    finding = judge(
        document["algorithm"],
        dtype,
        [sample for sample in heard if sample.edge],
        faults.ALL.values(),
        formula_is_right=lambda sample: UNASKED,
        draws=Draws(lambda ks: draws[ks.start : ks.stop], max(asked, 1)),
    )
    return Tally(_with_the_rest(finding, tests, missing, accepted), len(tests), missing, accepted)


def _with_the_rest(finding: Finding, tests, missing, accepted) -> Finding:
    """Nobody is acquitted who left tests out, or accepts what is planted."""
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
        if not isinstance(said, dict):
            raise Improper(f"is {kind(said)}, not an object with {', '.join(expected)}")
        answered = read_tree(said, expected, "answer", PRECISIONS[dtype].results, EITHER)
        got = [as_exact(leaf) for _, leaf in leaves(answered)]
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


def tree(value: Any) -> Any:
    """A member of a file: objects and lists of objects as they are, anything else an array."""
    if isinstance(value, dict):
        return {name: tree(item) for name, item in value.items()}
    first = value
    while isinstance(first, list) and first:
        first = first[0]
    if isinstance(first, dict):
        return [tree(item) for item in value]
    return np.array(_numbers(value), np.float64)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return vector_files.number(value) if isinstance(value, str) else value


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every array, with its path, in the order of the file."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for k, item in enumerate(value):
            yield from leaves(item, f"{path}[{k}]")
    else:
        yield path, value
