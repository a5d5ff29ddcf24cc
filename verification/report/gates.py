"""The gates that people use, on the same wrong and right gradients as refnet: passed or refused.

Wrong is a planted mistake that makes another function in float64, whatever the dtype judged.  Right
are the derivation by hand, compiled and not, and autodiff and PyTorch's own function, without those
that lose digits in saturation.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .. import faults
from ..adapters.jax_function import entries
from ..derivations import ALL as SUBJECTS
from ..faults.pieces.piece import gradient_of
from ..faults.twin import Twin
from ..judgement import check as judging
from ..measurement.budget import running_bound
from ..measurement.sample import Sample
from ..oracles.question import as_exact
from ..selftest import kill_table
from ..selftest.gates import GATES, STEPS, Answer
from ..selftest.kill_table import answered, caught
from ..vocabulary import Case, Derivation
from . import kills_peers, others
from .kills_peers import Point

NAMES = ("tanh", "gelu", "softplus", "mse", "softmax_cross_entropy", "dense", "layer_norm")
DTYPES = ("float64", "float32", "bfloat16")
CASES = 2
WRONG = (kill_table.CAUGHT, kill_table.SURVIVED, kill_table.WEAK)
CHECKERS = ("PyTorch gradcheck", "JAX check_grads, reverse")
CHECKED = ("float64", "float32")  # where the two checkers can be asked
REFNET = "refnet"
SIZES = (0, 1000)  # numbers of an entrywise function; 0: as the derivation draws them
LOSSY = ("tanh", "gelu")  # PyTorch's, in saturation: by 1 - a^2, and by 1 + erf


class Candidate(NamedTuple):
    """An implementation, and whether it is right."""

    name: str
    right: bool
    gradient: Callable


def rows(
    names: Iterable[str] = NAMES,
    dtypes: Sequence[str] = DTYPES,
    every: int = 9,
    cases: int = CASES,
    seed: int = 0,
    checkers: Sequence[str] = CHECKERS,
    sizes: Sequence[int] = SIZES,
) -> Iterator[dict[str, Any]]:
    """One row for each gate, dtype, size and implementation: whether it passed in all cases.

    `every` picks each n-th mistake.  `passed` is None where the gate could not be asked.  The
    checkers are asked at the derivation's own draws alone: they call the function for each number.
    """
    for name in names:
        candidates = [*right_ones(name), *wrong_ones(name, every, seed)]
        where = [size for size in sizes if not size or name in kills_peers.SIZED]
        made = {size: candidates if not size else made_at(size, candidates, name) for size in where}
        for dtype, size in product(dtypes, where):
            questions = [*questions_of(SUBJECTS[name], size, dtype, cases, seed)]
            for candidate in made[size]:
                who = {"implementation": candidate.name, "right": candidate.right}
                head = {"derivation": name, "dtype": dtype, "size": size, **who}
                for gate, passed in asked(candidate, questions, () if size else checkers):
                    yield {"gate": gate, **head, "passed": passed}


def made_at(size: int, candidates: Iterable[Candidate], name: str) -> list[Candidate]:
    """Those that are a mistake there, too: an axis of one array is all of another."""
    (asked,) = questions_of(SUBJECTS[name], size, "float64", 1, 0)
    right = asked.sample.got

    def differs(candidate: Candidate) -> bool:
        found = answered(candidate.gradient, asked.sample)
        return bool(found.failure) or not all(map(np.array_equal, found.got, right))

    return [one for one in candidates if one.right or differs(one)]


def questions_of(
    subject: Derivation, size: int, dtype: str, cases: int, seed: int
) -> Iterator["Question"]:
    if not size:
        for sample in kill_table.samples_of(subject, dtype, cases, seed):
            yield question(subject, sample, dtype)
        return
    rng = np.random.default_rng([seed, size])
    for k in range(cases):
        case = Case(f"{size} numbers, draw {k}", kills_peers.SIZED[subject.name](rng, size))
        sample = judging.sample(subject, dtype, judging.with_cotangent(subject, case, rng))
        if sample is not None and not sample.silence:
            yield question(subject, sample, dtype)


def right_ones(name: str) -> Iterator[Candidate]:
    subject = SUBJECTS[name]
    for way, gradient in kill_table.right_ways(subject).items():
        yield Candidate(f"by hand, {way}", True, gradient)
    plain = gradient_of(subject.function, subject.argnums, subject.scalar)
    samples = kill_table.samples_of(subject, "float64")
    if not any(caught(answered(plain, sample)) for sample in samples):
        yield Candidate("autodiff", True, plain)
    if find_spec("torch") and name in torch_ones() and name not in LOSSY:
        yield Candidate("PyTorch", True, torch_gradient(subject, torch_ones()[name]))


@lru_cache(maxsize=1)
def torch_ones() -> dict[str, Any]:
    """PyTorch's own function for a derivation, by the derivation's name."""
    return {name: function for _, name, function, *_ in others.torch_pieces()}


def torch_gradient(subject: Derivation, function: Any) -> Callable:
    """Its slopes, at the arguments and the cotangent as they come."""
    import torch  # pyright: ignore[reportMissingImports]

    answers = torch.enable_grad()(function.answers(subject.argnums))

    def gradient(*args) -> list:
        arrays = jax.tree.map(np.array, args)
        given = (*arrays, np.ones((), _float_of(arrays))) if subject.scalar else arrays
        values = len(jax.tree.leaves(given[-1]))
        return answers(*given)[values:]

    return gradient


def _float_of(args: tuple) -> np.dtype:
    return next(x.dtype for x in jax.tree.leaves(args) if jnp.issubdtype(x.dtype, jnp.floating))


def wrong_ones(name: str, every: int, seed: int) -> Iterator[Candidate]:
    """Mistakes that are another function in float64; a cast to fewer digits is none."""
    subject = SUBJECTS[name]
    samples = kill_table.samples_of(subject, "float64", seed=seed)
    clean = kill_table.without_other_mistakes(subject, samples)
    for twin in faults.twins(name)[seed % every :: every]:
        mine = clean if twin.level == "piece" else samples
        if twin.kind != "low precision in the middle" and _differs(subject, twin, mine):
            yield Candidate(
                f"{twin.fault}, {twin.level} {twin.place}".strip(), False, twin.gradient
            )


def _differs(subject: Derivation, twin: Twin, samples: Sequence[Sample]) -> bool:
    return kill_table.row(subject, twin, samples, "float64")["status"] in WRONG


# --- one implementation through all gates ---------------------------------------------------------


class Question(NamedTuple):
    """A case of a derivation, and all that a gate compares an answer with; made once for all."""

    sample: Sample
    compared: Answer
    point: Point


def question(subject: Derivation, sample: Sample, dtype: str) -> Question:
    plain = gradient_of(subject.function, subject.argnums, subject.scalar)
    rng = np.random.default_rng(0)
    direction = [rng.normal(size=ball.mid.shape) for ball in sample.truth]
    compared = Answer(
        got=sample.got,
        truth=[ball.mid for ball in sample.truth],
        eager=answered(plain, sample).got,
        bound=running_bound(subject.gradient, sample.args, dtype),
        direction=direction,
        quotients=tuple(slopes_along(subject, sample.args, direction)),
        dtype=dtype,
    )
    return Question(sample, compared, point_of(subject, sample))


def slopes_along(subject: Derivation, args: tuple, direction: list) -> Iterator[float]:
    """Central differences of <cotangent, f> for each of STEPS, in the dtype of the arguments."""
    inputs, above = (args, None) if subject.scalar else (args[:-1], args[-1])

    def value(step: float) -> float:
        moved = dict(enumerate(inputs)) | dict(zip(subject.argnums, shifted(step), strict=True))
        out = jax.tree.leaves(subject.function(*(moved[k] for k in range(len(inputs)))))
        weights = jax.tree.leaves(above) if above is not None else [np.ones(())]
        pairs = zip(out, weights, strict=True)
        return float(sum(np.sum(as_exact(v) * as_exact(c)) for v, c in pairs))

    def shifted(step: float) -> tuple:
        along = iter(direction)
        by = lambda x: jnp.asarray(as_exact(x) + step * next(along)).astype(x.dtype)
        is_float = lambda x: jnp.issubdtype(np.asarray(x).dtype, jnp.floating)
        chosen = tuple(inputs[k] for k in subject.argnums)
        return jax.tree.map(lambda x: by(x) if is_float(x) else x, chosen)

    with jax.enable_x64(True):
        for step in STEPS:
            yield (value(step) - value(-step)) / (2.0 * step)


def point_of(subject: Derivation, sample: Sample) -> Point:
    args = sample.args if subject.scalar else sample.args[:-1]
    chosen = jax.tree.leaves([args[k] for k in subject.argnums])
    with jax.enable_x64(True):
        return Point(subject, jax.tree.map(jnp.asarray, args), entries(chosen))


def asked(
    candidate: Candidate, questions: Sequence[Question], checkers: Sequence[str]
) -> Iterator[tuple[str, bool | None]]:
    """Each gate, and whether it lets the implementation pass in all cases."""
    found = [answered(candidate.gradient, q.sample) for q in questions]
    broken = any(one.failure for one in found)
    yield REFNET, not broken and not any(map(caught, found))
    pairs = zip(questions, found, strict=True)
    answers = [] if broken else [q.compared._replace(got=one.got) for q, one in pairs]
    for name, gate in GATES.items():
        yield name, not broken and all(map(gate, answers))
    for name in checkers:
        if all(q.compared.dtype in CHECKED for q in questions):
            yield name, _accepted(name, candidate.gradient, questions)


def _accepted(checker: str, gradient: Callable, questions: Sequence[Question]) -> bool | None:
    """None where the checker's package is not there, or where it breaks down."""
    peer = kills_peers.PEERS[checker]
    if not find_spec(peer.package):
        return None
    try:
        with jax.enable_x64(True):
            return not any(peer.refuses(q.point, gradient, q.compared.dtype) for q in questions)
    except Exception:  # a checker that breaks down has no answer: it is counted apart
        return None


# --- counts ---------------------------------------------------------------------------------------


def counts(table: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """By gate, dtype and size: how many wrong ones passed, how many right ones were refused."""
    found: dict[tuple, dict[str, Any]] = {}
    for row in sorted(table, key=lambda row: row["size"]):
        which = {key: row[key] for key in ("gate", "dtype", "size")}
        zero = {"wrong": 0, "passed": 0, "right": 0, "refused": 0, "no answer": 0}
        mine = found.setdefault((*which.values(),), which | zero)
        if row["passed"] is None:
            mine["no answer"] += 1
        elif row["right"]:
            mine["right"] += 1
            mine["refused"] += not row["passed"]
        else:
            mine["wrong"] += 1
            mine["passed"] += row["passed"]
    return list(found.values())
