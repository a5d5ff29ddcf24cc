"""Judge one of our own derivations: whole and arrow by arrow, in every dtype, by every oracle."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache, partial
from itertools import count, islice

import jax
import jax.numpy as jnp
import numpy as np

from .. import faults
from ..arithmetic.formats import PRECISIONS
from ..derivations import ALL as DERIVATIONS
from ..explanation import explain
from ..inputs import draws
from ..measurement.agreement import agreements
from ..measurement.answer import cast
from ..measurement.batch import budget_at
from ..measurement.budget import DTYPES as KNOWN
from ..measurement.evaluation import Proof, evaluated, held, proof, unchanged
from ..measurement.higher_precision import right_formula
from ..measurement.sample import Sample
from ..oracles.question import Question, ask
from ..vocabulary import SEVERITY, Arrow, ArrowCheck, Case, Check, Derivation, Finding
from ..vocabulary.names import nearest, unknown
from ..vocabulary.progress import counted, watched
from .leaf_names import names_of, with_names
from .verdict import Draws, judge

DTYPES = ("float64", "float32")  # judged where none is asked for


def check(
    name: str,
    cases: int = 64,
    seed: int = 0,
    dtypes: tuple[str, ...] = DTYPES,
    narrow: int | None = None,
    arrows_in: tuple[str, ...] | None = None,
) -> Check:
    """Every oracle, every arrow, every edge of one derivation.

    `narrow` is the number of cases in the other dtypes than float64 and float32, where it is not
    to be `cases`; as everywhere, more are drawn where those could not have shown a mistake.
    `arrows_in` are the dtypes, of those asked for, in which the arrows are judged; None for all.

    Raises ValueError for an unknown name or dtype, or a number of cases below 1.
    """
    if name not in DERIVATIONS:
        known = f"{nearest(name, DERIVATIONS)}there are {', '.join(DERIVATIONS)}"
        raise ValueError(f"unknown derivation {name!r}; {known}")
    for dtype in dtypes:
        if dtype not in KNOWN:
            raise ValueError(unknown("dtype", dtype, KNOWN))
    if cases < 1:
        raise ValueError(f"cases is {cases}; at least 1 is needed")
    derivation = DERIVATIONS[name]
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    asked = {d: cases if narrow is None or d in DTYPES else narrow for d in dtypes}
    single = tuple(d for d in dtypes if arrows_in is None or d in arrows_in)
    with watched(name):
        findings, question = examine(derivation, rng, asked, seed)
        made = (check_arrow(arrow, rng, single) for arrow in derivation.arrows)
        arrows = tuple(counted("arrows", made, range(len(derivation.arrows))))
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
    with watched(arrow.name):
        findings, question = examine(arrow, rng, dict.fromkeys(dtypes, 8), seed=0)
    return ArrowCheck(arrow.name, arrow.latex, findings, agreements(question))


def examine(
    subject: Derivation | Arrow, rng: np.random.Generator, asked: Mapping[str, int], seed: int
) -> tuple[tuple[Finding, ...], Question]:
    """Draw once, prove once, and judge in every dtype; the edges belong to one dtype each."""
    drawing, meeting = rng.spawn(2)
    drawn = numbered(with_cotangent(subject, c, drawing) for c in draw(subject, drawing))
    exact = cache(lambda k: proof(question_of(subject, drawn(k).args)))
    names = names_of(subject.function, len(drawn(0).args))

    def finding(dtype: str) -> Finding:
        edges = [with_cotangent(subject, case, meeting) for case in edges_of(subject, dtype)]
        found = judge(
            subject.name,
            dtype,
            [sample(subject, dtype, case, edge=True) for case in edges],
            faults.ALL.values(),
            formula_is_right=right_formula(subject.gradient),
            reproduce=f'verification.check("{subject.name}", cases={asked[dtype]}, seed={seed})',
            draws=Draws(partial(drawn_samples, subject, dtype, drawn, exact), asked[dtype]),
            explain=partial(
                explain, of=subject.function, argnums=subject.argnums, scalar=is_scalar(subject)
            ),
        )
        return with_names(found, names)

    findings = tuple(counted("dtypes", (watched(d)(finding)(d) for d in asked), range(len(asked))))
    return findings, exact(0).question


def drawn_samples(
    subject, dtype: str, drawn: Callable, exact: Callable, ks: range
) -> Iterator[Sample | None]:
    """The draws ks; where dtypes hold one exactly, they share its proof."""
    for k in ks:
        yield sample(subject, dtype, drawn(k), partial(exact, k))


def draw(subject: Derivation | Arrow, rng: np.random.Generator) -> Iterator[Case]:
    return (Case(f"draw {k}", subject.draw(rng)) for k in count())


def numbered(items: Iterator[Case]) -> Callable[[int], Case]:
    """k -> the k-th item; each is made once."""
    made: list[Case] = []

    def at(k: int) -> Case:
        made.extend(islice(items, max(k + 1 - len(made), 0)))
        return made[k]

    return at


def edges_of(subject: Derivation | Arrow, dtype: str) -> tuple[Case, ...]:
    inputs = np.dtype(PRECISIONS[dtype].inputs)
    return subject.edges(inputs) if isinstance(subject, Derivation) else ()


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


def sample(
    subject, dtype: str, case: Case, exact: Callable[[], Proof] | None = None, edge: bool = False
) -> Sample | None:
    """The subject's gradient by hand at one case; None where the dtype does not reach there.

    exact() is the proof at the case as it was given.
    """
    here = held(case, dtype, subject.argnums)
    if here is None:
        return None
    if exact is not None and unchanged(case, here):
        proven = exact()
    else:
        proven = proof(question_of(subject, here.args))
    bound = partial(budget_at, subject.gradient, here.args, dtype)
    return evaluated(runner(subject, dtype), proven, bound, here, edge)


def runner(subject, dtype: str) -> Callable:
    """A derivation runs as users run it, under jit; an arrow operation by operation."""
    gradient = mixed(subject.gradient, dtype)
    if isinstance(subject, Derivation):
        return compiled(gradient)
    return lambda *args: gradient(*jax.tree.map(jnp.asarray, args))


@lru_cache(maxsize=256)
def mixed(gradient: Callable, dtype: str) -> Callable:
    """In a mixed precision numbers come and go in their own dtypes; between, sums have theirs."""
    precision = PRECISIONS[dtype]
    if precision.inputs == precision.sums == precision.results:
        return gradient

    def narrow(*args):
        return converted(gradient(*converted(args, precision.sums)), precision.results)

    return narrow


def converted(tree, dtype: str):
    is_float = lambda leaf: jnp.issubdtype(leaf.dtype, jnp.floating)
    return jax.tree.map(lambda leaf: leaf.astype(dtype) if is_float(leaf) else leaf, tree)


@lru_cache(maxsize=256)
def compiled(gradient: Callable) -> Callable:
    return jax.jit(gradient)
