"""The kill table: every mistake of the catalogue, planted in every derivation, caught or not.

Truth and budget of a case are made once and shared by all twins of a derivation, so that thousands
of pairs cost minutes.  What nobody catches is either proven to be the same function, or moves no
entry by more than the stated power; anything else has survived, and fails the build.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from .. import faults
from ..derivations import ALL as SUBJECTS
from ..faults.pieces.piece import gradient_of
from ..faults.twin import Twin, explains
from ..judgement import check as judging
from ..measurement.answer import cast
from ..measurement.error import beyond
from ..measurement.sample import Sample, decidable, outside, visible
from ..oracles.question import as_exact
from ..vocabulary import Case, Derivation, Explanation
from .kill_table_equivalence import equivalent, proved

CAUGHT, EQUAL, NOT_MADE, WEAK, SURVIVED = (
    "caught",
    "the same function",
    "not made here",
    "below the stated power",
    "survived",
)
DTYPES = ("float64", "float32")
SHORT = (  # formulas short enough for SymPy
    *("identity", "sigmoid", "tanh", "relu", "leaky_relu", "gelu", "gelu_tanh", "silu"),
    *("mse", "dense", "neuron", "dropout", "embedding"),
)
CASES = 3
FURTHER = 24  # draws, where autodiff is caught in all of the first
SAID = 120  # characters of an explanation that are kept
JITTER = 2.0**-27  # so that float64 arguments are not float32 numbers: a cast of them is seen
Ask = Callable[[Derivation, Twin, Sequence[Sample]], tuple[Explanation, ...] | None]


def not_asked(subject: Derivation, twin: Twin, samples: Sequence[Sample]) -> None:
    """Where there is nobody to explain."""


def samples_of(subject: Derivation, dtype: str, cases: int = CASES, seed: int = 0) -> list[Sample]:
    """The right answer at a few draws, with truth and budget; the same draws in every dtype."""
    rng = np.random.default_rng([seed, 23])
    found = []
    for k in range(cases):
        case = judging.with_cotangent(subject, Case(f"draw {k}", subject.draw(rng)), rng)
        if dtype == "float64" and k:
            case = Case(case.label, _jittered(case.args, rng))
        sample = judging.sample(subject, dtype, case)
        if sample is not None and not sample.silence:
            found.append(sample)
    return found


def _jittered(args: tuple, rng: np.random.Generator) -> tuple:
    """Every float moved in its last digits; labels of 0 and 1, and integers, stay what they are."""

    def moved(leaf):
        array = np.asarray(leaf)
        if array.dtype.kind != "f":
            return leaf
        off = array * (1.0 + JITTER * rng.uniform(-1.0, 1.0, array.shape))
        return np.where(np.isin(np.abs(array), (0.0, 1.0)), array, off)

    return jax.tree.map(moved, args)


def rows(
    names: Iterable[str] = tuple(SUBJECTS),
    dtypes: Sequence[str] = DTYPES,
    every: int = 1,
    cases: int = CASES,
    seed: int = 0,
    ask: Ask = not_asked,
    symbolic: bool = False,
) -> Iterator[dict[str, Any]]:
    """One flat row for each twin and dtype; `every` picks each n-th twin of a derivation."""
    for name in names:
        twins = faults.twins(name)[seed % every :: every]
        for dtype in dtypes:
            yield from of_subject(name, twins, dtype, cases, seed, ask, symbolic)


def of_subject(
    name: str, twins: Iterable[Twin], dtype: str, cases: int, seed: int, ask: Ask, symbolic: bool
) -> Iterator[dict[str, Any]]:
    subject = SUBJECTS[name]
    samples = samples_of(subject, dtype, cases, seed)
    further = lambda: samples_of(subject, dtype, FURTHER, seed + len(SUBJECTS))
    clean = without_other_mistakes(subject, samples, further)
    for twin in twins:
        mine = clean if twin.level == "piece" else samples
        yield {"derivation": name, **row(subject, twin, mine, dtype, ask, symbolic)}


def without_other_mistakes(
    subject: Derivation,
    samples: Sequence[Sample],
    further: Callable[[], Sequence[Sample]] = lambda: (),
) -> Sequence[Sample]:
    """Where plain autodiff is right; a mistake in a piece is planted into it, and makes only one.

    It loses digits where the derivation by hand does not: that would be caught, and not the
    mistake.  Where it is right in none, in none of `further` draws either, all cases are left.
    """
    plain = gradient_of(subject.function, subject.argnums, subject.scalar)
    right = lambda found: [s for s in found if not caught(answered(plain, s))]
    return right(samples) or right(further()) or samples


def row(
    subject: Derivation,
    twin: Twin,
    samples: Sequence[Sample],
    dtype: str,
    ask: Ask = not_asked,
    symbolic: bool = False,
) -> dict[str, Any]:
    """What became of one mistake in one dtype."""
    head = {"fault": twin.fault, "class": twin.kind, "level": twin.level}
    head |= {"place": twin.place, "dtype": dtype}
    wrong = []
    for sample in samples:
        wrong.append(answered(twin.gradient, sample))
        if wrong[-1].failure:  # a twin has the right form: this is a mistake of the catalogue's
            broken = {"status": SURVIVED, "oracle": "", "case": sample.label, "explained": None}
            return head | broken | {"why": wrong[-1].failure}
        if oracle := caught(wrong[-1]):
            found = {"status": CAUGHT, "oracle": oracle, "why": "", "case": sample.label}
            return head | found | explained(subject, twin, samples, ask)
    status, why = uncaught(subject, twin, samples, wrong, symbolic)
    return head | {"status": status, "oracle": "", "why": why, "case": "", "explained": None}


def answered(gradient: Callable, sample: Sample) -> Sample:
    """The sample with another gradient's answer in it."""
    try:
        with jax.enable_x64(True), np.errstate(all="ignore"):
            leaves = [as_exact(leaf) for leaf in jax.tree.leaves(gradient(*_device(sample.args)))]
    except Exception as error:  # an answer that is none is one, too
        return replace(sample, got=[], failure=f"it raised {type(error).__name__}: {error}")
    shapes = [leaf.shape for leaf in leaves]
    failure = "" if shapes == [b.mid.shape for b in sample.truth] else f"shapes {shapes}"
    return replace(sample, got=leaves, failure=failure)


def _device(args: tuple) -> tuple:
    return jax.tree.map(jax.numpy.asarray, args)


def caught(sample: Sample) -> str:
    """Which oracle calls the answer wrong; empty where none does, or where there is no answer."""
    if sample.failure:
        return ""
    for k in range(len(sample.paths)):
        if outside(sample, k).any():
            return "ball" if sample.truth[k].proven else "float64 within its own error"
    return ""


def uncaught(
    subject: Derivation, twin: Twin, samples, wrong: Sequence[Sample], symbolic: bool
) -> tuple[str, str]:
    """Why nobody caught it."""
    pairs = list(zip(samples, wrong, strict=True))
    if all(_alike(right.got, other.got) for right, other in pairs) and _is_rounding(twin):
        return NOT_MADE, "every digit of every answer is that of the right gradient"
    same = equivalent(twin.gradient, samples)
    if same.proven and not _is_rounding(twin):
        everywhere = symbolic and proved(subject, twin.gradient)
        return EQUAL, "proved for all values by SymPy" if everywhere else same.why
    if all(within_power(twin.gradient, sample) for sample in samples):
        return WEAK, "no entry is moved by more than the least error certain to be seen"
    return SURVIVED, same.why


def _is_rounding(twin: Twin) -> bool:
    """Mistakes that are no other formula: a cast, or something that depends on the answer alone."""
    return twin.level == "answer" or twin.kind == "low precision in the middle"


def _alike(one: list, other: list) -> bool:
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))


def within_power(gradient: Callable, sample: Sample) -> bool:
    """Whether the mistake itself, asked in float64, moves no entry as far as is certain to be seen.

    A cast to a narrow format is what it does in the dtype judged.
    """
    wide = answered(gradient, replace(sample, args=cast(sample.args, "float64")))
    for one in (wide, answered(gradient, sample)):
        if one.failure:
            return False
        for k, truth in enumerate(sample.truth):
            effect, known = beyond(one.got[k], truth), decidable(sample, k)
            if (known & ~(effect <= visible(sample, k))).any():
                return False
    return True


# --- explained or not ------------------------------------------------------------------------


def explained(
    subject: Derivation, twin: Twin, samples: Sequence[Sample], ask: Ask
) -> dict[str, Any]:
    """The rank of the first right explanation, 0 where there is none, None where nobody asked.

    "unaided" is its rank where nothing counts that comes from the catalogue, which knows the
    mistakes that are planted.
    """
    start = time.process_time()
    said = ask(subject, twin, samples)
    if said is None:
        return {"explained": None}
    took = round(time.process_time() - start, 2)
    unaided = [one for one in said if one.kind != "fault"]
    ranks = {"explained": _rank(said, twin), "unaided": _rank(unaided, twin)}
    return {**ranks, "seconds": took, "said": str(said[0])[:SAID] if said else ""}


def _rank(said: Sequence[Explanation], twin: Twin) -> int:
    return next((k for k, one in enumerate(said, 1) if explains(one, twin)), 0)


@lru_cache(maxsize=1)
def explainer() -> Ask:
    """What explanation.explain says of a twin's wrong answers."""
    from ..explanation import explain

    def ask(subject: Derivation, twin: Twin, samples: Sequence[Sample]):
        evidence = tuple(answered(twin.gradient, sample) for sample in samples)
        if any(sample.failure for sample in evidence):
            return None
        how = {"argnums": subject.argnums, "scalar": subject.scalar}
        return explain(evidence, of=subject.function, **how)

    return ask


# --- no false alarms -------------------------------------------------------------------------


def false_alarms(names: Iterable[str], dtypes: Sequence[str], cases: int, seed: int) -> list[dict]:
    """The right gradient of every subject in every way it can be run: (subject, dtype, way)."""
    found = []
    for name in names:
        subject = SUBJECTS[name]
        for dtype in dtypes:
            samples = samples_of(subject, dtype, cases, seed)
            for way, gradient in right_ways(subject).items():
                said = [caught(answered(gradient, sample)) for sample in samples]
                found.append(
                    {"derivation": name, "dtype": dtype, "way": way, "cases": len(samples)}
                    | {"alarms": sum(map(bool, said))}
                )
    return found


def right_ways(subject: Derivation) -> dict[str, Callable]:
    """By hand, compiled and operation by operation."""
    return {"compiled": jax.jit(subject.gradient), "operation by operation": subject.gradient}


def totals(table: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many rows of each status."""
    counts: dict[str, int] = dict.fromkeys((CAUGHT, EQUAL, NOT_MADE, WEAK, SURVIVED), 0)
    for one in table:
        counts[one["status"]] += 1
    return counts
