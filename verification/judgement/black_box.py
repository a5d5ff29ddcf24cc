"""Judge by witnesses: a function that can only be called, its derivative measured by three of them.

What makes an answer wrong.  No witness alone: every estimate must exclude it, each
by its own error bound and the budget.  Where there is no complex step, two kinds of differences
are left, and Taylor's remainder has a veto: it must not fall as it does for a right gradient.
Where they do not all exclude it the entry is undecided.

Budget.  Measured, too: the deviation of the complex step's own rounding (or else the relative noise
of the function) in the dtype that is judged, times the quantile that the budgets of traced
functions have.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr
from scipy import stats

from ..arithmetic.formats import format_of
from ..measurement.answer import cast
from ..measurement.budget import Budget
from ..measurement.evaluation import Proof, evaluated, held
from ..measurement.higher_precision import Told, in_float64
from ..measurement.sample import Sample, outside
from ..measurement.subject import Subject
from ..measurement.tolerance import FALSE_ALARM
from ..oracles import black_box
from ..oracles.question import Question, as_exact
from ..vocabulary import Ball, Case, Finding, Silent

MEASURED = "measured noise"
CALLS = 2**10  # products that a call counts for
DOUBLE, SINGLE = 2.0**-53, 2.0**-24


@cache
def no_program() -> ClosedJaxpr:
    return jax.make_jaxpr(lambda: ())()


class BlackBox:
    """The function of a subject at one point, as a scalar of its wanted coordinates."""

    def __init__(self, subject: Subject, args: tuple, cotangent: Any):
        exact = jax.tree.map(as_exact, args)
        self.of, self.cotangent = subject.of, jax.tree.map(as_exact, cotangent)
        paths, self.tree = jax.tree_util.tree_flatten_with_path(exact)
        self.leaves = [leaf for _, leaf in paths]
        order = {argnum: k for k, argnum in enumerate(subject.argnums)}
        mine = [
            (order[path[0].idx], i)
            for i, (path, leaf) in enumerate(paths)
            if path[0].idx in order and leaf.dtype.kind == "f"
        ]
        self.wanted = [i for _, i in sorted(mine)]
        self.paths = tuple(jax.tree_util.keystr(paths[i][0]) for i in self.wanted)
        self.x = np.concatenate([self.leaves[i].ravel() for i in self.wanted])

    @property
    def question(self) -> Question:
        """What is answered, by name; there is no program."""
        return Question(
            no_program(), self.leaves, tuple(self.wanted), self.paths, self, self.of, ()
        )

    def __call__(self, x: np.ndarray) -> Any:
        """<cotangent, f>, or f, with the coordinates x."""
        leaves = list(self.leaves)
        for i, part in zip(self.wanted, self.split(x), strict=True):
            leaves[i] = part
        value = jax.tree.leaves(self.of(*jax.tree.unflatten(self.tree, leaves)))
        if self.cotangent is None:
            return np.asarray(value[0])[()]
        above = jax.tree.leaves(self.cotangent)
        return sum(np.sum(np.asarray(v) * c) for v, c in zip(value, above, strict=True))

    def split(self, x: np.ndarray) -> list[np.ndarray]:
        shapes = [self.leaves[i].shape for i in self.wanted]
        ends = np.cumsum([int(np.prod(shape, dtype=int)) for shape in shapes])
        return [p.reshape(s) for p, s in zip(np.split(x, ends[:-1]), shapes, strict=True)]


def at(
    subject: Subject, case: Case, rng: np.random.Generator, edge: bool = False, *, notes: list
) -> Sample | None:
    """The candidate's answer at a case, beside what the witnesses measured."""
    here = held(case, subject.dtype, subject.argnums)
    if here is None:
        return None
    cotangent = above(subject, here.args, rng)
    args = here.args if cotangent is None else (*here.args, cotangent)
    box = BlackBox(subject, here.args, cotangent)
    entries, unit = box.x.size, format_of(subject.dtype).unit
    quantile = float(stats.t.isf(FALSE_ALARM / (2 * entries), black_box.DEGREES * entries))
    try:
        found = black_box.measured(box, box.x, rng, quantile, _known(notes))
    except Silent as said:
        return _silent(subject, box, Case(case.label, args), edge, str(said))
    notes.append(found)
    first = found.estimates[0]
    coarser = unit / (SINGLE if found.is_narrow else DOUBLE)
    sigma = np.maximum(found.sigma * coarser, unit * np.abs(first.mid) / np.sqrt(3.0))
    allowed = Budget(box.split(quantile * sigma), (MEASURED,) * len(box.paths))
    proof = Proof(box.question, _balls(box, first), "")
    sample = evaluated(
        partial(answer, subject), proof, lambda: allowed, Case(case.label, args), edge
    )
    names = sorted({e.name for e in found.estimates} - {"polynomial"})
    return _gated(subject, replace(sample, oracle=", ".join(names)), box, found, rng)


def _known(notes: list[black_box.Measured]) -> float:
    """The relative noise of the function, as far as it is more than float64 has."""
    return max((m.noise / abs(m.value) for m in notes if m.is_narrow and m.value), default=0.0)


def _silent(subject: Subject, box: BlackBox, case: Case, edge: bool, why: str) -> Sample:
    unknown = [np.zeros(part.shape) for part in box.split(box.x)]
    truth = [Ball(z, z, z + np.inf, proven=False) for z in unknown]
    allowed = Budget([z + np.inf for z in unknown], ())
    proof = Proof(box.question, truth, why)
    return evaluated(partial(answer, subject), proof, lambda: allowed, case, edge)


def _balls(box: BlackBox, estimate: black_box.Estimate) -> list[Ball]:
    parts = zip(box.split(estimate.mid), box.split(estimate.rad), strict=True)
    return [Ball(mid, np.zeros_like(mid), rad, proven=False) for mid, rad in parts]


def _gated(subject, sample: Sample, box: BlackBox, found: black_box.Measured, rng) -> Sample:
    """Undecided where the answer is outside the first estimate, but inside another."""
    leaves = range(len(sample.paths))
    if sample.failure or not any(outside(sample, k).any() for k in leaves):
        return sample
    out = np.concatenate([outside(sample, k).ravel() for k in leaves])
    got = np.concatenate([np.ravel(g) for g in sample.got])
    room = np.concatenate([np.ravel(a) for a in sample.allowed])
    with np.errstate(invalid="ignore"):
        excluded = [~(np.abs(got - e.mid) <= e.rad + room) for e in found.estimates]
    every = out & np.all(excluded, axis=0)
    without_step = found.estimates[0].name != "complex_step"
    vetoed = without_step and black_box.order(box, box.x, got, found.noise, rng).agrees
    narrow = subject.dtype != "float64" and in_float64(partial(answer, subject), sample).right
    if every.any() and not vetoed and not narrow:
        return sample
    why = f"{found.estimates[0].name} excludes an entry, and another witness does not"
    if narrow:
        why = "asked in float64 its error vanishes, and witnesses do not judge digits"
    unknown = [
        np.where(part, np.inf, b.rad) for part, b in zip(box.split(out), sample.truth, strict=True)
    ]
    truth = [b._replace(rad=rad) for b, rad in zip(sample.truth, unknown, strict=True)]
    return replace(sample, truth=truth, silence=why)


def answer(subject: Subject, *args) -> list:
    """The slopes alone: a function's value is not looked at here."""
    said = subject.answer(*args)
    if subject.function is None:
        return said
    values = len(jax.tree.leaves(args[subject.inputs :]))
    slopes = len(said) - values
    return said[values : values + (slopes // 2 if subject.ahead_at(args) else slopes)]


def above(subject: Subject, args: tuple, rng: np.random.Generator) -> Any:
    """A cotangent of what the function returns, which has to be called to know."""
    with np.errstate(all="ignore"):
        out = subject.of(*cast(args, "float64"))
    return subject.above(jax.tree.map(np.asarray, out), rng)


def work(subject: Subject, case: Case, rng: np.random.Generator) -> int | None:
    """What an edge costs; None where the function refuses it, or is not finite there."""
    try:
        with np.errstate(all="ignore"):
            out = jax.tree.leaves(subject.of(*cast(case.args, "float64")))
            finite = all(np.isfinite(v).all() for v in out)
    except Exception:  # somebody's function, where it was never meant to go
        return None
    entries = sum(np.size(x) for x in jax.tree.leaves(case.args))
    return CALLS * entries * 100 if finite else None


def said(notes: list[black_box.Measured], why: str, finding: Finding) -> Finding:
    """The finding, with what the witnesses were and how much they could see."""
    measured = [m for m in notes if m is not None]
    words = f"of is a black box (traced by JAX it raises {why}): its derivative is measured"
    more = sorted({m.note for m in measured if m.note})
    lines = [words, *(f"no complex step: {note}" for note in more)]
    narrow = [m for m in measured if m.is_narrow]
    if narrow:
        worst = max((m.noise / abs(m.value) for m in narrow if m.value), default=1.0)
        lines.append(
            f"of computes in less than float64: its noise is {worst:.1g} of its value, "
            "and every error is widened by it"
        )
    reason = f"{finding.reason}; by witnesses: of cannot be traced"
    return replace(finding, notes=(*finding.notes, *lines), reason=reason)


def pieces(subject: Subject, why: str) -> tuple[Callable, Callable, Callable, Callable]:
    """How a case is evaluated, excused, weighed, and what the finding says in the end."""
    notes: list[black_box.Measured] = []
    evaluate = partial(at, subject, notes=notes)
    excuse = lambda sample: Told(False, "every witness excludes it", sure=False)
    return evaluate, excuse, partial(work, subject), partial(said, notes, why)
