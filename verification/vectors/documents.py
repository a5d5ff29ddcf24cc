"""From a derivation to its file: what is asked, what is true there, what is allowed and planted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, count
from typing import Any, NamedTuple

import jax
import numpy as np

from .. import faults
from ..adapters.layouts import Layout, layout
from ..adapters.vector_files import (
    CONFORMING,
    CONVENTION,
    MUST_DIFFER,
    SCHEMA,
    VERSION,
    hexadecimal,
)
from ..arithmetic.formats import PRECISIONS, rounded_to
from ..derivations import ALL
from ..judgement.questions import CaseQuestion, questions
from ..measurement.sample import Sample, decidable, outside
from ..vocabulary import Ball
from ..vocabulary.progress import counted
from .notes import DRAWS, KINK, Note, bug_type, edge_flag, fault_flag, notes

DIGITS = 8  # bits of radii and budgets, rounded up
WIDE = 2.0**-20  # of a radius, beside its middle: no proof stops there
HEADER = (
    "input: the arguments; expected: the middle of a ball that is proven to hold the gradient.",
    "conforming: an answer is right where |answer - expected| <= radius + budget, entry by entry,",
    "and NaN never is. convention: at a kink; any value within the radius is right.",
    "must-differ: the answer given there is wrong, and a comparison that accepts it is too weak;",
    "its input and what is expected are those of the test named in `of`.",
    "Answers: an object from tcId to an object with the members of `output`; for a must-differ",
    'test that, or what your comparison says of the answer given: "differs" or "agrees".',
)


def document(name: str, dtypes: Sequence[str], cases: int, seed: int) -> dict[str, Any]:
    """All tests of one derivation."""
    numbers = count(1)
    made = (_groups(name, dtype, cases, seed, numbers) for dtype in dtypes)
    groups = list(chain.from_iterable(counted("dtypes", made, range(len(dtypes)))))
    return whole(name, HEADER, ALL[name].latex, layout(name).wanted, notes(), groups)


def whole(
    algorithm: str,
    header: Sequence[str],
    formula: str,
    output: Sequence[str],
    known: Mapping[str, Note],
    groups: list[dict[str, Any]],
) -> dict[str, Any]:
    """The groups below their head; of the known notes those that are used."""
    tests = [test for group in groups for test in group["tests"]]
    flags = dict.fromkeys(flag for test in tests for flag in test["flags"])
    return {
        "algorithm": algorithm,
        "schema": SCHEMA,
        "version": VERSION,
        "generator": _source(),
        "numberOfTests": len(tests),
        "header": list(header),
        "formula": formula,
        "output": list(output),
        "notes": {flag: known[flag].row() for flag in flags},
        "testGroups": groups,
    }


def _source() -> dict[str, str]:
    try:
        return {"name": "refnet", "version": version("refnet")}
    except PackageNotFoundError:
        return {"name": "refnet", "version": "0"}


class Looked(NamedTuple):
    """One case that can be judged at every entry, and its flag."""

    question: CaseQuestion
    sample: Sample
    flag: str


@dataclass
class Group:
    """Tests of one kind in one dtype."""

    kind: str
    dtype: str
    tests: list[dict[str, Any]] = field(default_factory=list)
    left_out: int = 0

    def row(self) -> dict[str, Any]:
        left = {"type": self.kind, "dtype": self.dtype, "leftOut": self.left_out}
        return left | {"source": _source(), "tests": self.tests}


def _groups(name: str, dtype: str, cases: int, seed: int, numbers: Iterator[int]) -> list[dict]:
    groups: dict[str, Group] = {}
    into = lambda kind: groups.setdefault(kind, Group(kind, dtype))
    shown: list[tuple[str, Looked]] = []
    for label, flag, question in _cases(name, dtype, cases, seed):
        seen = _looked(question, flag)
        if seen is None:
            into(flag).left_out += 1
            continue
        identity = f"{name}-{next(numbers):04d}"
        into(seen.flag).tests.append(_conforming(identity, label, layout(name), seen))
        shown.append((identity, seen))
    for fault in faults.ALL:
        for at in _planted(fault, shown, dtype):
            test = _must_differ(f"{name}-{next(numbers):04d}", layout(name), fault, *at)
            into(bug_type(fault)).tests.append(test)
    return [group.row() for group in groups.values()]


def _cases(name: str, dtype: str, cases: int, seed: int) -> Iterator[tuple]:
    """Draws first: the first of them is where mistakes are planted."""
    asked = questions(name, dtype, seed)
    for k in range(cases):
        yield f"draw {k}", DRAWS, asked.draw(k)
    for k, question in enumerate(asked.edges):
        label = question.case.label if question else f"edge {k}"
        yield label, edge_flag(label), question


def _looked(question: CaseQuestion | None, flag: str) -> Looked | None:
    """None where somebody could not judge every entry by a proof."""
    if question is None:
        return None
    sample = rounded(question.answered(lambda *_: [ball.mid for ball in question.proof.truth]))
    leaves = range(len(sample.truth))
    if not all(ball.proven for ball in sample.truth):
        return None
    if not all(decidable(sample, k).all() for k in leaves):
        return None
    kink = any(_wide(ball).any() for ball in sample.truth)
    return Looked(question, sample, KINK if kink else flag)


def rounded(sample: Sample) -> Sample:
    """As the file has it: the tail joins the radius, radii and budgets are rounded up."""
    balls = [_closed(ball) for ball in sample.truth]
    return replace(sample, truth=balls, allowed=[above(a) for a in sample.allowed])


def _closed(ball: Ball) -> Ball:
    with_tail = np.nextafter(ball.rad + np.abs(ball.tail), np.inf)
    radius = np.where(ball.tail == 0.0, ball.rad, with_tail)
    radius = np.where(_wide(ball), radius, above(radius))  # the ends of a kink stay as they are
    return Ball(ball.mid, np.zeros_like(ball.mid), radius, proven=True)


def _wide(ball: Ball) -> np.ndarray:
    """Where more than one value is right: at a kink."""
    return np.asarray((ball.rad > WIDE * np.abs(ball.mid)) & (ball.rad > WIDE))


def above(values: np.ndarray) -> np.ndarray:
    """The next numbers of DIGITS bits, from above."""
    fraction, exponent = np.frexp(values)
    with np.errstate(over="ignore"):
        return np.ldexp(np.ceil(fraction * 2.0**DIGITS) / 2.0**DIGITS, exponent)


def _conforming(identity: str, label: str, of: Layout, seen: Looked) -> dict[str, Any]:
    sample = seen.sample
    tree = partial(_members, of, seen.question.case.args)
    return {
        "tcId": identity,
        "comment": label,
        "flags": [seen.flag],
        "input": {
            n: as_written(a) for n, a in zip(of.arguments, seen.question.case.args, strict=True)
        },
        "expected": tree([ball.mid for ball in sample.truth]),
        "radius": tree([ball.rad for ball in sample.truth]),
        "budget": tree(sample.allowed),
        "result": CONVENTION if seen.flag == KINK else CONFORMING,
    }


def _must_differ(
    identity: str, layout: Layout, fault: str, of: str, seen: Looked, answer: list[np.ndarray]
) -> dict[str, Any]:
    return {
        "tcId": identity,
        "comment": f"planted: {fault}",
        "flags": [fault_flag(fault)],
        "of": of,
        "answer": _members(layout, seen.question.case.args, answer),
        "result": MUST_DIFFER,
    }


def _planted(name: str, shown: list[tuple[str, Looked]], dtype: str) -> Iterator[tuple]:
    """The mistake at the first test where there is one to make that no budget excuses."""
    result = PRECISIONS[dtype].results
    for identity, seen in shown:
        truth = [rounded_to(result, ball.mid) for ball in seen.sample.truth]
        wrong = faults.ALL[name].apply(truth, dtype)
        if wrong is None:
            continue
        got = [rounded_to(result, leaf) for leaf in wrong]
        if any(outside(replace(seen.sample, got=got), k).any() for k in range(len(got))):
            yield identity, seen, got
            return


def _members(of: Layout, args: tuple, leaves: list[np.ndarray]) -> dict[str, Any]:
    """Leaves, in the order of the gradient's, as the members of an answer."""
    trees = [args[i] for i in of.argnums]
    whole = jax.tree.unflatten(jax.tree.structure(trees), leaves)
    return {name: as_written(tree) for name, tree in zip(of.wanted, whole, strict=True)}


def as_written(tree: Any) -> Any:
    """A tree of arrays as the file has it."""
    if hasattr(tree, "_fields"):
        return {name: as_written(getattr(tree, name)) for name in tree._fields}
    if isinstance(tree, dict):
        return {name: as_written(value) for name, value in tree.items()}
    if isinstance(tree, tuple | list):
        return [as_written(item) for item in tree]
    array = np.asarray(tree)
    return array.tolist() if array.dtype.kind in "iub" else hexadecimal(array)
