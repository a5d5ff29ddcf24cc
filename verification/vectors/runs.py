"""From an update rule to its file: whole runs, the parameters after every step, what is planted."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, count
from typing import Any

import numpy as np

from ..adapters.run_layouts import PREFIX, WANTED
from ..adapters.vector_files import CONFORMING, MUST_DIFFER
from ..arithmetic.formats import PRECISIONS, rounded_to
from ..derivations.rules import VARIANTS, Variant
from ..faults.update_rules import WrongRule, wrong_rules
from ..measurement.sample import Sample, decidable, outside
from ..updates import vectors
from ..updates.planted import run_of
from ..updates.trees import question
from ..updates.truth import roughly
from ..updates.vectors import Layout, layout
from ..vocabulary.progress import counted
from .documents import Group, as_written, rounded, whole
from .notes import DRAWS, fault_flag, run_bug_type, run_notes

DTYPES = ("float64", "float32")  # half precision reaches few whole runs
HEADER = (
    "input: a whole run: hyperparameters by optax's names, the first parameters, the gradients and",
    "the rates of all steps; nothing is remembered from test to test. expected: the parameters",
    "after every step, each the middle of a ball that is proven to hold the exact one.",
    "conforming: an answer is right where |answer - expected| <= radius + budget, entry by entry,",
    "and NaN never is. must-differ: the answer given there is that of a rule with a mistake; a",
    "comparison that accepts it is too weak; its input and what is expected are those of `of`.",
    "Answers: an object from tcId to an object with the member params; for a must-differ test",
    'that, or what your comparison says of the answer given: "differs" or "agrees".',
)


def document(name: str, dtypes: Sequence[str], cases: int, seed: int) -> dict[str, Any]:
    """All tests of one variant, `update/NAME`."""
    variant, numbers = VARIANTS[name.removeprefix(PREFIX)], count(1)
    made = (_groups(variant, dtype, cases, seed, numbers) for dtype in dtypes)
    groups = list(chain.from_iterable(counted("dtypes", made, range(len(dtypes)))))
    return whole(name, HEADER, variant.latex, WANTED, run_notes(), groups)


Shown = list[tuple[str, Sample]]


def _groups(variant: Variant, dtype: str, cases: int, seed: int, numbers: Iterator[int]) -> list:
    where, rng = layout(vectors.params_of(variant)), np.random.default_rng(seed)
    groups = {DRAWS: Group(DRAWS, dtype)}
    identity = lambda: f"{PREFIX}{variant.name}-{next(numbers):04d}"
    shown: Shown = []
    for k in range(cases):
        sample = run_of(variant, where, dtype, rng, f"draw {k}")
        if not _whole(sample):
            groups[DRAWS].left_out += 1
            continue
        shown.append((identity(), rounded(sample)))
        groups[DRAWS].tests.append(_conforming(*shown[-1], where))
    for wrong in wrong_rules(variant.name):
        for of, answer in _planted(wrong, shown, where, dtype):
            test = _must_differ(identity(), wrong, of, answer, where)
            kind = run_bug_type(wrong.fault)
            groups.setdefault(kind, Group(kind, dtype)).tests.append(test)
    return [group.row() for group in groups.values()]


def _whole(sample: Sample) -> bool:
    """Whether every entry can be judged by a proof, at every step."""
    proven = all(ball.proven for ball in sample.truth)
    return proven and all(decidable(sample, k).all() for k in range(len(sample.paths)))


def _conforming(identity: str, sample: Sample, where: Layout) -> dict[str, Any]:
    given = question(sample.args[0], where).plain()
    return {
        "tcId": identity,
        "comment": sample.label,
        "flags": [DRAWS],
        "input": {name: as_written(value) for name, value in given.items()},
        "expected": _steps([ball.mid for ball in sample.truth], where),
        "radius": _steps([ball.rad for ball in sample.truth], where),
        "budget": _steps(sample.allowed, where),
        "result": CONFORMING,
    }


def _must_differ(
    identity: str, wrong: WrongRule, of: str, answer: list[np.ndarray], where: Layout
) -> dict[str, Any]:
    return {
        "tcId": identity,
        "comment": f"planted: {wrong.fault.name}",
        "flags": [fault_flag(wrong.fault.name)],
        "of": of,
        "answer": _steps(answer, where),
        "result": MUST_DIFFER,
    }


def _planted(wrong: WrongRule, shown: Shown, where: Layout, dtype: str) -> Iterator[tuple]:
    """What the mistake answers at the first run where no budget excuses it."""
    for identity, sample in shown:
        rows = roughly(wrong.variant, sample.args[0], where, dtype)
        got = where.leaves_of(rounded_to(PRECISIONS[dtype].results, rows))
        if any(outside(replace(sample, got=got), k).any() for k in range(len(got))):
            yield identity, got
            return


def _steps(leaves: list[np.ndarray], where: Layout) -> dict[str, Any]:
    """Leaves, the step as their first axis, as the parameters after every step."""
    rows = np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)
    return {WANTED[0]: [as_written(where.tree_of(row)) for row in rows]}
