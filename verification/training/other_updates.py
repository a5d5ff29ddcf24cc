"""Updates that a loop with a known mistake would have made of the same gradients.

Where the rule has a name, the run itself is handed to those who name update rules: its start, the
gradients that the loop told, and the rates.  What is named explains all weights from the first step
to some steps after the wrong one.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..arithmetic.bounded import Bounded
from ..arithmetic.formats import format_of
from ..derivations.rules import VARIANTS
from ..explanation.factors import spelled
from ..measurement.sample import Sample
from ..updates.explain import explained
from ..updates.vectors import Sequence, layout
from ..vocabulary import Explanation
from . import other_counts, other_decays
from .local import Memory, moved
from .single_steps import Left, WrongStep, fed, fitted, nearest


def of_update(wrong: WrongStep, first: Left) -> Iterator[Explanation]:
    """Every update that a known mistake would have made of the same gradients."""
    here, term = wrong.k + 1, f"the update of step {wrong.k + 1}"
    yield from _not_moved(wrong, first)
    gradient = fed(wrong.base, wrong.step)
    say = lambda fault, said, memory, slopes=gradient: Explanation(
        "fault", term, said, fault=fault, **_moves(wrong, memory, slopes)
    )
    if wrong.k and wrong.steps[wrong.k - 1].gradient is not None:
        before = fed(wrong.base, wrong.steps[wrong.k - 1])
        last = f"it is made of the gradient of step {here - 1}"
        yield say("stale gradient", last, wrong.memory, before)
        told = [step.gradient for step in wrong.steps[: wrong.k + 1]]
        if all(one is not None for one in told):
            total = [Bounded(sum(map(_float64, row))) for row in zip(*told, strict=True)]
            piled = "it is made of the sum of all gradients so far: they are never cleared"
            yield say("gradients never cleared", piled, wrong.memory, total)
    yield from (say(*other) for other in other_counts.others(wrong))
    for fault, said, told in other_decays.others(wrong):
        yield Explanation("fault", term, said, fault=fault, **fitted(told))
    yield _each_alone(wrong, gradient, term)
    yield from _clipped_by_value(wrong, gradient, term)
    yield from _decayed(wrong, first)
    yield from _rescaled(wrong, first)


def _each_alone(wrong: WrongStep, gradient: list[Bounded], term: str) -> Explanation:
    """Each tensor as if there were no other: what a rule takes over all of them it has alone."""
    told = []
    for at, answer in enumerate(wrong.step.weights):
        alone = [g if i == at else Bounded(0.0 * g.value) for i, g in enumerate(gradient)]
        moves, _ = moved(wrong.reference, wrong.memory, alone, wrong.before)
        told.append((answer, moves.truth[at], moves.allowed[at]))
    said = "each tensor is updated as if there were no other: clipped by its own norm, not by all"
    return Explanation("fault", term, said, fault="clip by local norm", **fitted(told))


def _clipped_by_value(
    wrong: WrongStep, gradient: list[Bounded], term: str
) -> Iterator[Explanation]:
    """w' = w0 - a max(min(g, c), -c), w0 where no gradient takes it; a and c are fitted.

    Both kinds of entries must be there: those that follow the gradient, and those that stop.
    """
    none = [Bounded(0.0 * g.value) for g in gradient]
    rest, _ = moved(wrong.reference, wrong.memory, none, wrong.before)
    flat = lambda leaves: np.concatenate([_float64(leaf).ravel() for leaf in leaves])
    g, here = flat([g.value for g in gradient]), flat([ball.mid for ball in rest.truth])
    off, unit = here - flat(wrong.step.weights), format_of(wrong.reference.dtype).unit
    slips = unit * (np.abs(here) + np.abs(off) + TINY)
    stopped = np.abs(off) >= np.abs(off).max(initial=0.0) * (1.0 - NEARLY)
    free = ~stopped & (g != 0.0)
    if not free.any() or stopped.sum() < 2 or not (np.isfinite(g) & np.isfinite(off)).all():
        return
    surest = np.flatnonzero(stopped)[np.argmin(slips[stopped])]
    limit, (a, room) = float(np.abs(off[surest])), _slope(g[free], off[free], slips[free])
    if not (a > 0.0 and (np.abs(g[stopped]) * (a + room) >= limit).all()):
        return
    c, told = limit / a, []
    for answer, slope, ball, width in zip(
        wrong.step.weights, gradient, rest.truth, rest.allowed, strict=True
    ):
        bent = np.clip(_float64(slope.value), -c, c)
        own = unit * (np.abs(ball.mid) + a * np.abs(bent)) + slips[surest] + room * np.abs(bent)
        told.append((answer, ball._replace(mid=ball.mid - a * bent), width + 4.0 * own))
    said = f"entries follow the gradient up to {c:.6g} and no further: it is clipped by value"
    yield Explanation("fault", term, said, fault="clip by value", factor=c, **fitted(told))


def _slope(g: np.ndarray, off: np.ndarray, slips: np.ndarray) -> tuple[float, float]:
    """a of off = a g at the entry that tells it best, and what it may be off by."""
    surest = np.argmin(slips / np.abs(g))
    return float(off[surest] / g[surest]), float(slips[surest] / np.abs(g[surest]))


NEARLY, TINY = 2.0**-16, np.finfo(np.float64).tiny


def _float64(leaf) -> np.ndarray:
    return np.asarray(leaf, np.float64)


def _not_moved(wrong: WrongStep, first: Left) -> Iterator[Explanation]:
    """Tensors that stay what they are, that are updated twice, or that should have stayed."""
    at = [wrong.reference.paths.index(path) for path in first.tensors]
    names, term = ", ".join(first.tensors), f"the update of step {wrong.k + 1}"
    say = lambda fault, said, told, **more: Explanation(
        "fault", term, said, fault=fault, leaves=first.tensors, **fitted(told), **more
    )
    before = [_float64(wrong.before[i]) for i in at]
    got, truth = [first.sample.got[i] for i in at], [first.sample.truth[i] for i in at]
    room = [first.sample.allowed[i] for i in at]
    if all(np.array_equal(a, b) for a, b in zip(got, before, strict=True)):
        last = [_float64(wrong.steps[-1].weights[i]) for i in at]
        start = [_float64(wrong.reference.weights(wrong.steps, 0)[i]) for i in at]
        ever = all(np.array_equal(a, b) for a, b in zip(last, start, strict=True))
        all_of_them = all(
            i in at or _stays(first.sample, wrong, i) for i in range(len(first.sample.paths))
        )
        fault, said = "parameters not handed over", f"{names} stay as they are"
        if ever:
            said += ", in every step: they were never handed to the rule"
        elif all_of_them:
            fault, said = "rate is zero", f"{said} in this step: a schedule that is 0 there"
        else:
            said += " in this step"
        yield Explanation(
            "fault", term, said, fault=fault, residual=0.0, fits=True, leaves=first.tensors
        )
        return
    if all(np.array_equal(ball.mid, w) for ball, w in zip(truth, before, strict=True)):
        said = f"{names} should stay as they are: frozen parameters are updated"
        yield Explanation(
            "fault", term, said, fault="frozen parameters updated", residual=0.0, fits=True,
            leaves=first.tensors,
        )  # fmt: skip
    if len(first.tensors) < len(wrong.reference.paths):
        twice = [
            (g, ball._replace(mid=2.0 * ball.mid - w), 3.0 * a)
            for g, ball, w, a in zip(got, truth, before, room, strict=True)
        ]
        said = f"{names} move by twice their step: weights that are tied are updated twice"
        yield say("tied weights updated twice", said, twice)
        said = f"the rule is applied twice to {names}: weights that are tied are updated twice"
        yield say("tied weights updated twice", said, _applied_again(wrong, at, got))


def _stays(sample: Sample, wrong: WrongStep, i: int) -> bool:
    """Whether a tensor should stay what it is."""
    return np.array_equal(sample.truth[i].mid, _float64(wrong.before[i]))


def _applied_again(wrong: WrongStep, at: list[int], got: list) -> list[tuple]:
    """What the rule makes of its own answer, with the same gradient, count and rate."""
    slopes = fed(wrong.base, wrong.step)
    once, after = moved(wrong.reference, wrong.memory, slopes, wrong.before)
    pairs = zip(after.leaves, wrong.memory.leaves, strict=True)
    kept = [new if isinstance(new, Bounded) else old for new, old in pairs]
    weights = [ball.mid for ball in once.truth]
    again, _ = moved(wrong.reference, after._replace(leaves=kept), slopes, weights)
    room = [2.0 * (again.allowed[i] + once.allowed[i]) for i in at]
    return [(g, again.truth[i], a) for g, i, a in zip(got, at, room, strict=True)]


def _moves(wrong: WrongStep, memory: Memory, gradient: list) -> dict:
    moves, _ = moved(wrong.reference, memory, gradient, wrong.before)
    return fitted(list(zip(wrong.step.weights, moves.truth, moves.allowed, strict=True)))


def _decayed(wrong: WrongStep, first: Left) -> Iterator[Explanation]:
    """Further decay, -c w, of the tensors that left, with one c for all of them."""
    at = [wrong.reference.paths.index(path) for path in first.tensors]
    before = [np.asarray(wrong.before[i], np.float64) for i in at]
    for when, old in (("before", before), ("after", [first.sample.truth[i].mid for i in at])):
        off = [np.asarray(first.sample.got[i] - first.sample.truth[i].mid) for i in at]
        share = nearest(off, old)
        if share is None or sum(w.size for w in old) < 2:  # one number is any share of another
            continue
        told = [
            (got - share * w, first.sample.truth[i], 2.0 * first.sample.allowed[i])
            for i, got, w in zip(at, (first.sample.got[i] for i in at), old, strict=True)
        ]
        which = "biases" if all(w.ndim < 2 for w in old) else "weights"
        same = zip(at, before, strict=True)
        if all(np.array_equal(first.sample.truth[i].mid, w) for i, w in same):
            which = "frozen parameters"
        size = f"{share:.6g} too little" if share > 0.0 else f"a further {-share:.6g} of themselves"
        fault = "decay missing" if share > 0.0 else f"decay on {which}"
        said = f"{', '.join(first.tensors)} decay by {size}, taken {when} the step"
        yield Explanation(
            "fault",
            f"the update of step {wrong.k + 1}",
            f"{said}: weight {fault}",
            fault=fault,
            factor=share,
            leaves=first.tensors,
            **fitted(told),
        )


def _rescaled(wrong: WrongStep, first: Left) -> Iterator[Explanation]:
    """The right update times one factor."""
    before = [np.asarray(leaf, np.float64) for leaf in wrong.before]
    right = [np.asarray(b.mid - w) for b, w in zip(first.sample.truth, before, strict=True)]
    made = [np.asarray(got - w) for got, w in zip(first.sample.got, before, strict=True)]
    factor = nearest(made, right)
    if factor is None:
        return
    wider = 2.0 * max(1.0, abs(factor))
    told = [
        (got, ball._replace(mid=w + factor * d), wider * room)
        for got, ball, w, d, room in zip(
            first.sample.got, first.sample.truth, before, right, first.sample.allowed, strict=True
        )
    ]
    said = f"it is {spelled(factor)} times what it should be: another learning rate"
    yield Explanation(
        "factor",
        f"the update of step {wrong.k + 1}",
        said,
        fault="wrong rate",
        factor=factor,
        **fitted(told),
    )


AHEAD = 8  # steps after the wrong one that must be explained too
MOST = 2**18  # entries times steps: every variant and every mistake is run on them


def of_rule(wrong: WrongStep) -> tuple[Explanation, ...]:
    """What explains the run; empty where the rule has no name, or gradients are not told."""
    reference, steps = wrong.reference, wrong.steps[: wrong.k + 1 + AHEAD]
    where = layout(reference.params)
    told = [step.gradient for step in steps if step.gradient is not None]
    name, given = reference.named
    if name not in VARIANTS or len(told) < len(steps) or len(steps) * where.size > MOST:
        return ()
    variant = VARIANTS[name]
    hyperparameters = {**variant.defaults, **given}
    rates = _rates(hyperparameters.pop("learning_rate", 1.0), len(steps))
    start = _row(reference.weights(steps, 0))
    sequence = Sequence(hyperparameters, start, np.stack(list(map(_row, told))), rates)
    got = where.leaves_of(np.stack([_row(step.weights) for step in steps]))
    sample = Sample("the run", where.paths, [], [], got, (sequence, None))
    said = explained((sample,), variant, where, reference.dtype)
    term = f"the update of step {wrong.k + 1}"
    return tuple(replace(one, term=term) for one in said if one.fits)


def _rates(rate: Any, count: int) -> tuple[float, ...]:
    at = rate if callable(rate) else lambda k: rate
    return tuple(float(np.asarray(at(k))) for k in range(count))


def _row(leaves: Any) -> np.ndarray:
    return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in leaves])
