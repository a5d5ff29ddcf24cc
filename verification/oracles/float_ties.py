"""Ties of programs that are too large for a proof: seen in float64, and left open.

The derivative in float64 has the convention of the function's own rules at a tie.  Another may be
as right, so an entry is open where it matters: where the derivative a little beside the point, on
opposite sides, does not tend to what it is at the point.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from ..arithmetic.bounded import Bounded
from ..arithmetic.interpreter import Arithmetic, is_plain, run
from ..arithmetic.one_thread import one_thread
from ..arithmetic.ties import COMPARISONS, REDUCTIONS
from ..vocabulary import Ball
from .autodiff import FLOAT64
from .question import Question

STEP = 2.0**-40  # of a number, or of the smallest one: far above its rounding
ROOM = 8.0  # times the error bounds that the differences are made of
PAIRS = ("max", "min", *COMPARISONS)


def opened(question: Question, gradient: Callable[[Question], list[Ball]]) -> list[Ball]:
    """The gradient, with entries open that a tie gives a choice, or a slope by equality alone."""
    at = gradient(question)
    if not is_tied(question):
        return at
    rng = np.random.default_rng(len(at))
    ways = [rng.choice([-1.0, 1.0], b.mid.shape) * rng.uniform(0.5, 1.0, b.mid.shape) for b in at]
    near, far = (
        [gradient(_moved(question, ways, sign * step)) for sign in (1.0, -1.0)]
        for step in (STEP, 2.0 * STEP)
    )
    return [_opened(*leaf) for leaf in zip(at, *near, *far, strict=True)]


def _moved(question: Question, ways: list[np.ndarray], step: float) -> Question:
    floats = [np.abs(x) for x, f in zip(question.leaves, question.floats, strict=True) if f]
    least = min((float(x[x > 0].min()) for x in floats if (x > 0).any()), default=1.0)
    leaves = list(question.leaves)
    for i, way in zip(question.wanted, ways, strict=True):
        leaves[i] = leaves[i] + step * way * np.maximum(np.abs(leaves[i]), least)
    return replace(question, leaves=leaves)


def _opened(at: Ball, up: Ball, down: Ball, far_up: Ball, far_down: Ball) -> Ball:
    """What is smooth changes by twice as much on twice the way; a choice by the same."""
    all_five = at, up, down, far_up, far_down
    size = np.max([np.abs(b.mid) for b in all_five], axis=0)
    room = ROOM * sum(b.rad for b in all_five) + STEP**0.5 * size
    change, more = up.mid - down.mid, far_up.mid - far_down.mid
    middle, wider = 0.5 * (up.mid + down.mid), 0.5 * (far_up.mid + far_down.mid)
    jumps = np.abs(2.0 * change - more) > room
    aside = np.abs(2.0 * middle - wider - at.mid) > room
    return at._replace(rad=np.where(jumps | aside, np.inf, at.rad))


def is_tied(question: Question) -> bool:
    """Whether a comparison, or choice of an extreme, that the output depends on with a slope is
    decided by equality in float64: what stands behind a stop_gradient chooses none."""
    met, steered = {}, []
    rules = {name: _noting(name, rule, met, steered) for name, rule in FLOAT64.rules.items()}

    def decide(predicate: Any) -> Any:
        steered.extend(["a branch"] * (id(predicate) in met))
        return FLOAT64.decide(predicate)

    watching = Arithmetic(FLOAT64.name, FLOAT64.lift, rules, decide)
    point = zip(question.leaves, question.floats, strict=True)
    with np.errstate(all="ignore"), one_thread():
        outs = run(question.program, [FLOAT64.lift(x) if f else x for x, f in point], watching)
    return bool(steered) or any(id(out) in met for out in outs)


def _noting(name: str, rule: Callable, met: dict[int, Any], steered: list[str]) -> Callable:
    """The rule; `met`: values that a tie went into, by identity, and held, as identities are."""

    def noted(*ins, **params):
        outs = rule(*ins, **params)
        if name == "stop_gradient":
            return copy(outs)
        if any(id(x) in met for x in ins) or _has_tie(name, ins, params):
            each = outs if type(outs) in (list, tuple) else [outs]
            met.update((id(out), out) for out in each)
            steered.extend(name for out in each if is_plain(out))  # no rule follows that further
        return outs

    return noted


def _has_tie(name: str, ins: tuple, params: dict) -> bool:
    if not any(isinstance(x, Bounded) for x in ins):
        return False
    values = [x.value if isinstance(x, Bounded) else x for x in ins]
    if name in PAIRS:
        return ins[0] is not ins[1] and bool(np.any(values[0] == values[1]))
    if name in ("abs", "sign"):
        return bool((values[0] == 0.0).any())
    if name == "clamp":
        return bool(((values[0] == values[1]) | (values[1] == values[2])).any())
    if name in REDUCTIONS and values[0].size:
        axes = tuple(params["axes"])
        best = (np.max if name == "reduce_max" else np.min)(values[0], axis=axes, keepdims=True)
        return bool(((values[0] == best).sum(axis=axes) > 1).any())
    return False
