"""A library's rule beside the variant it implements, over many settings of hyperparameters.

Settings that share their whole numbers are bounded together; the truth is proven one by one.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

from ..adapters.update_libraries import Cell
from ..arithmetic.formats import format_of
from ..derivations.rules import COUNTS, LEAST, VARIANTS, Variant, run
from ..measurement.error import beyond
from ..measurement.tolerance import lost
from ..oracles.question import as_exact
from . import vectors
from .drawn import with_draws
from .evaluation import evaluated
from .rule import rules
from .running import RunningError
from .truth import proven
from .vectors import Layout, Sequence, layout

STEPS = 12


class Agreed(NamedTuple):
    """How the answers of a library lie in the budgets of a variant, over many settings."""

    variant: str
    dtype: str
    settings: int
    outside: int  # settings with an entry outside its budget
    entries: int
    worst: float  # the largest error in budgets


def settings(cell: Cell, count: int, dtype: str, seed: int, where: Layout) -> list[Sequence]:
    """Drawn settings and runs of a variant; whole numbers are shared by groups of 50."""
    variant, rng, out = VARIANTS[cell.variant], np.random.default_rng(seed), []
    shared: dict[str, Any] = {}
    for k in range(count):
        h = vectors.hyperparameters(variant, rng, dtype) | dict(cell.fixed)
        if k % 50 == 0:
            shared = {n: h[n] for n in COUNTS & h.keys()}
        h |= shared
        rates = vectors.rates(h.pop("learning_rate"), STEPS, changes=True)
        drawn = vectors.draw(rng, where.size, STEPS, dtype, variant.family)
        out.append(Sequence(h, *drawn, rates))
    return out


def bounds(variant: Variant, runs: list[Sequence], where: Layout, dtype: str) -> np.ndarray:
    """The budgets of runs with the same whole numbers: (runs, steps, entries)."""
    steps = side_by_side(variant, runs, RunningError(where.slices, format_of(dtype)))
    shape = (len(runs), where.size)
    errors = np.stack([np.broadcast_to(w.error, shape) for w in steps], axis=1)
    errors = np.where(np.isnan(errors), np.inf, errors)
    if dtype == "float64":
        return errors
    values = np.stack([np.broadcast_to(w.value, shape) for w in steps], axis=1)
    return _drawn(variant, runs, where, dtype, values, errors)


def _drawn(
    variant: Variant,
    runs: list[Sequence],
    where: Layout,
    dtype: str,
    values: np.ndarray,
    errors: np.ndarray,
) -> np.ndarray:
    """The bounds, and where they say nothing what random rounding does: see truth.rounding."""
    target = format_of(dtype)
    least = max(lost(target, run[1:3]) for run in runs)
    steps_in = partial(side_by_side, variant, runs)
    return with_draws(steps_in, values, errors, least, where, target)


def side_by_side(variant: Variant, runs: list[Sequence], numbers: Any) -> list:
    """The parameters after every step, a row for each of runs with the same whole numbers."""
    column = lambda values: np.array(list(values))[:, None]
    names = runs[0].hyperparameters
    h: dict[str, Any] = {
        n: names[n] if n in COUNTS else column(s.hyperparameters[n] for s in runs) for n in names
    }
    with np.errstate(all="ignore"):
        return run(
            variant,
            numbers,
            h,
            numbers.vector(np.stack([s.params for s in runs])),
            [numbers.vector(g) for g in np.stack([s.gradients for s in runs], axis=1)],
            [numbers.scalar(column(r)) for r in zip(*(s.rates for s in runs), strict=True)],
        )


def together(runs: list[Sequence], variant: Variant) -> Iterator[list[Sequence]]:
    """Runs that one program answers: those that share their whole numbers and their branches."""
    whole = lambda s: tuple(s.hyperparameters[n] for n in sorted(COUNTS & s.hyperparameters.keys()))
    key = lambda s: (*whole(s), *(_branches(s, variant) if variant.name in LEAST else ()))
    yield from (list(group) for _, group in groupby(sorted(runs, key=key), key))


def _branches(run: Sequence, variant: Variant) -> tuple[bool, ...]:
    """At which steps RAdam divides by the root."""
    b2, t = run.hyperparameters["b2"], np.arange(1, len(run.rates) + 1)
    last = 2 / (1 - b2) - 1
    return tuple((last - 2 * t * b2**t / (1 - b2**t) > LEAST[variant.name]).tolist())


def agreed(cell: Cell, answers: Callable, count: int, dtype: str, seed: int) -> Agreed:
    """answers(cell, runs, where, dtype) -> (runs, steps, entries), beside truth and budget."""
    variant = VARIANTS[cell.variant]
    where = layout(vectors.params_of(variant))
    outside = entries = 0
    worst = 0.0
    for group in together(settings(cell, count, dtype, seed, where), variant):
        allowed = bounds(variant, group, where, dtype)
        got = answers(cell, group, where, dtype)
        for sequence, room, rows in zip(group, allowed, got, strict=True):
            truth = proven(variant, sequence, where)
            pairs = zip(where.leaves_of(rows), truth, where.leaves_of(room), strict=True)
            ratios = [_ratio(beyond(leaf, ball), a) for leaf, ball, a in pairs]
            largest = max(float(r.max()) for r in ratios)
            outside += not largest <= 1.0
            worst, entries = max(worst, largest), entries + room.size
    return Agreed(cell.variant, dtype, count, outside, entries, worst)


def _ratio(error: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """In budgets; NaN is outside, an entry without a budget says nothing."""
    with np.errstate(all="ignore"):
        ratio = np.where(error == 0.0, 0.0, error / allowed)
    return np.where(np.isnan(ratio) & np.isfinite(allowed), np.inf, np.nan_to_num(ratio))


def in_optax(cell: Cell, runs: list[Sequence], where: Layout, dtype: str) -> np.ndarray:
    """All runs at once, or where a rule looks at its hyperparameters, one by one."""
    try:
        return at_once(cell, runs, where, dtype)
    except jax.errors.ConcretizationTypeError:  # a schedule asks whether its decay is 0
        return np.stack([anew(cell, run, where, dtype) for run in runs])


def anew(cell: Cell, run: Sequence, where: Layout, dtype: str) -> np.ndarray:
    """One run, the rule made anew for every rate."""
    made = rules(cell.make, None)
    by_rate = {r: made.at(run.hyperparameters, r) for r in set(run.rates)}
    return evaluated(by_rate.__getitem__, run, where, dtype).rows


def at_once(cell: Cell, runs: list[Sequence], where: Layout, dtype: str) -> np.ndarray:
    """All runs at once: hyperparameters are arguments of one compiled program."""
    held = format_of(dtype).name
    whole = {n: x for n, x in runs[0].hyperparameters.items() if n in COUNTS}
    column = lambda values: np.array(list(values), held)
    real = [n for n in runs[0].hyperparameters if n not in whole and n not in cell.fixed]
    h = {n: column(s.hyperparameters[n] for s in runs) for n in real}
    rates = np.array([s.rates for s in runs], held)
    params = [where.tree_of(s.params.astype(held)) for s in runs]
    gradients = [[where.tree_of(g.astype(held)) for g in s.gradients] for s in runs]
    stack = lambda *leaves: np.stack(leaves)
    gradients = jax.tree.map(stack, *[jax.tree.map(stack, *g) for g in gradients])
    with jax.enable_x64(dtype == "float64"), jax.numpy_dtype_promotion("standard"):
        one = jax.jit(jax.vmap(lambda *args: _scanned(cell, whole, *args)))
        out = one(h, jax.tree.map(stack, *params), gradients, rates)
    flat = [as_exact(leaf).reshape(len(runs), STEPS, -1) for leaf in jax.tree.leaves(out)]
    return np.concatenate(flat, axis=2)


def _scanned(cell: Cell, whole: dict, h: dict, params, gradients, rates):
    made = cell.make
    rate = {} if cell.variant.startswith("average") else {"learning_rate": rates[0]}
    first = made(**h, **whole, **rate)

    def step(carry, given):
        params, state = carry
        gradient, rate = given
        now = {} if cell.variant.startswith("average") else {"learning_rate": rate}
        rule = made(**h, **whole, **now)
        if isinstance(rule, optax.GradientTransformation):
            updates, state = rule.update(gradient, state, params)
            params = optax.apply_updates(params, updates)
        else:
            params, state = rule[1](gradient, state, params)
        return (params, state), params

    return jax.lax.scan(step, (params, first[0](params)), (gradients, rates))[1]


def one_by_one(cell: Cell, runs: list[Sequence], where: Layout, dtype: str) -> np.ndarray:
    """Every run through the pair (init, update) that the cell makes, told the rates."""
    held, out = format_of(dtype).name, []
    for s in runs:
        h = {n: x for n, x in s.hyperparameters.items() if n not in cell.fixed}
        average = cell.variant.startswith("average")  # has no rate
        init, update = cell.make(**h) if average else cell.make(learning_rate=s.rates[0], **h)
        params = where.tree_of(s.params.astype(held))
        state, rows = init(params), []
        for g, rate in zip(s.gradients, s.rates, strict=True):
            told = () if average else (rate,)
            params, state = update(where.tree_of(g.astype(held)), state, params, *told)
            rows.append(np.concatenate([as_exact(x).reshape(-1) for x in jax.tree.leaves(params)]))
        out.append(np.stack(rows))
    return np.stack(out)


ANSWERS: dict[str, Callable] = {
    "optax": in_optax,
    "PyTorch": one_by_one,
    "scikit-learn": one_by_one,
    "Keras": one_by_one,
}
