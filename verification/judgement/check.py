"""Judge one of our own derivations: whole and arrow by arrow, in every dtype, by every oracle."""

import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from .. import faults
from ..derivations import ALL as DERIVATIONS
from ..inputs import draws
from ..oracles.question import Question, as_exact, ask
from ..vocabulary import Arrow, ArrowCheck, Ball, Case, Check, Derivation, Finding, Verdict
from .agreement import agreements
from .answer import answer, cast, truth
from .budget import budget
from .formula import right_formula
from .sample import Sample
from .verdict import judge

DTYPES = ("float64", "float32")  # judged where none is asked for; draws are exact in both
SEVERITY = (
    Verdict.REJECTED,
    Verdict.WRONG,
    Verdict.INACCURATE,
    Verdict.UNDECIDED,
    Verdict.CORRECT,
)


def check(name: str, cases: int = 64, seed: int = 0, dtypes: tuple[str, ...] = DTYPES) -> Check:
    """Every oracle, every arrow, every edge of one derivation.

    Raises ValueError for an unknown name.
    """
    if name not in DERIVATIONS:
        raise ValueError(f"unknown derivation {name!r}; there are {', '.join(DERIVATIONS)}")
    derivation = DERIVATIONS[name]
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    findings, question = examine(derivation, rng, cases, dtypes, seed)
    arrows = tuple(check_arrow(arrow, rng, dtypes) for arrow in derivation.arrows)
    everything = [*findings, *(f for a in arrows for f in a.findings)]
    return Check(
        name=name,
        latex=derivation.latex,
        verdict=min((f.verdict for f in everything), key=SEVERITY.index),
        findings=findings,
        agreements=agreements(question),
        arrows=arrows,
    )


def check_arrow(arrow: Arrow, rng: np.random.Generator, dtypes=DTYPES) -> ArrowCheck:
    """One factor of the chain rule, alone."""
    findings, question = examine(arrow, rng, cases=8, dtypes=dtypes, seed=0)
    return ArrowCheck(arrow.name, arrow.latex, findings, agreements(question))


def examine(
    subject: Derivation | Arrow, rng: np.random.Generator, cases: int, dtypes, seed: int
) -> tuple[tuple[Finding, ...], Question]:
    """Draw once, prove once, and judge in every dtype; the edges belong to one dtype each."""
    drawn = [with_cotangent(subject, c, rng) for c in draw(subject, rng, cases)]
    proofs = [proved(subject, case) for case in drawn]
    findings = []
    for dtype in dtypes:
        narrow = dtype not in DTYPES  # a draw that overflows there is one of the format's edges
        held = [proved(subject, c) for c in as_held(drawn, dtype)] if narrow else proofs
        samples = [sample(subject, dtype, *proof, edge=narrow) for proof in held]
        edges = [with_cotangent(subject, case, rng) for case in edges_of(subject, dtype)]
        for case in as_held(edges, dtype):
            samples.append(sample(subject, dtype, *proved(subject, case), edge=True))
        findings.append(
            judge(
                subject.name,
                dtype,
                samples,
                faults.ALL.values(),
                formula_is_right=right_formula(subject.gradient),
                reproduce=f'verification.check("{subject.name}", cases={cases}, seed={seed})',
            )
        )
    return tuple(findings), proofs[0][1]


def draw(subject: Derivation | Arrow, rng: np.random.Generator, cases: int) -> Iterator[Case]:
    return (Case(f"draw {k}", subject.draw(rng)) for k in range(cases))


def proved(subject: Derivation | Arrow, case: Case) -> tuple[Case, Question, list[Ball]]:
    question = question_of(subject, case.args)
    return case, question, truth(question)


def as_held(cases: list[Case], dtype: str) -> list[Case]:
    """The cases at the numbers that a narrow format holds; those beyond its range are left out."""
    if dtype in DTYPES:
        return cases
    with np.errstate(over="ignore"):
        held = [Case(case.label, cast(case.args, dtype)) for case in cases]
    finite = lambda case: all(np.isfinite(as_exact(x)).all() for x in jax.tree.leaves(case.args))
    return [case for case in held if finite(case)]


def edges_of(subject: Derivation | Arrow, dtype: str) -> tuple[Case, ...]:
    return subject.edges(np.dtype(dtype)) if isinstance(subject, Derivation) else ()


def is_scalar(subject: Derivation | Arrow) -> bool:
    return isinstance(subject, Derivation) and subject.scalar


def with_cotangent(subject, case: Case, rng: np.random.Generator) -> Case:
    """An array-valued function is asked for its pullback: a cotangent joins its arguments."""
    if is_scalar(subject):
        return case
    with jax.enable_x64(True):
        out = jax.eval_shape(subject.function, *cast(case.args, "float64"))
    cotangent = jax.tree.map(lambda leaf: draws.cotangent(rng, leaf.shape), out)
    return Case(case.label, (*case.args, cotangent))


def question_of(subject, args: tuple) -> Question:
    """The question that the subject's arguments (and cotangent) ask."""
    if is_scalar(subject):
        return ask(subject.function, args, subject.argnums)
    *inputs, cotangent = args
    return ask(subject.function, tuple(inputs), subject.argnums, cotangent)


def sample(subject, dtype: str, case: Case, question: Question, proven, edge=False) -> Sample:
    """The subject's gradient by hand, compiled, in `dtype`, at one case."""
    args = cast(case.args, dtype)
    return answer(
        runner(subject),
        question,
        proven,
        budget(subject.gradient, args, dtype),
        args,
        label=case.label,
        edge=edge,
    )


def runner(subject) -> Callable:
    """A derivation runs as users run it, under jit; an arrow operation by operation."""
    if isinstance(subject, Derivation):
        return compiled(subject.gradient)
    return lambda *args: subject.gradient(*jax.tree.map(jnp.asarray, args))


@lru_cache(maxsize=256)
def compiled(gradient: Callable) -> Callable:
    return jax.jit(gradient)
