"""Judge somebody else's update rule: which variant it is, or what is wrong with it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...derivations.rules import VARIANTS, Variant
from ...faults.update_rules import wrong_rules
from ...vocabulary import Finding, Verdict
from ..budget import DTYPES
from ..formula import Told
from ..sample import Sample, outside
from ..verdict import Draws, judge
from . import vectors
from .explain import explained, narrower, with_reason
from .hearing import heard
from .leaves import Layout, layout
from .rule import RATE, Rules, rules
from .truth import proven, roughly, rounding
from .vectors import Sequence

KEPT = 3  # runs that the catalogue is tried on
ADVICE = "judge it in float64, or pass a function that makes it from other hyperparameters"


def validate_update(
    init: Any,
    update: Callable | None = None,
    *,
    against: str,
    dtype: str = "float64",
    cases: int = 4,
    steps: int = 16,
    seed: int = 0,
    params: Any = None,
    **hyperparameters: Any,
) -> Finding:
    """The verdict on an update rule, against the variant `against` of derivations.rules.VARIANTS.

    init, update     init(params) -> state and update(gradient, state, params) -> (params, state);
                     or an optax transformation alone; or a function that makes either of them
                     from hyperparameters, which then are drawn anew for every case
    hyperparameters  what the rule was made with, by optax's names; learning_rate may be a schedule
                     (steps taken -> rate).  Those not given are the variant's defaults, or drawn
                     where the rule is made by a function
    params           a tree of arrays like those to be updated; only shapes count

    The rate changes twice on the way where it can: where `update` has a parameter learning_rate,
    where a function makes the rule, where a schedule says so.  Leaves of the finding have the step
    as their first axis.  Raises ValueError for an unknown variant, dtype or hyperparameter and for
    a count below its least, TypeError for what is no rule.
    """
    variant = _checked(against, dtype, cases, steps, hyperparameters)
    made, where = rules(init, update), layout(vectors.PARAMS if params is None else params)
    _check_given(variant, made, hyperparameters)
    rng, kept = np.random.default_rng(seed), []
    sequences = drawn(variant, made, hyperparameters, rng, where, steps, dtype)
    here = partial(_sample, variant, made, where, dtype)

    def at(ks: range) -> Iterator[Sample | None]:
        for k in ks:
            sample = here(f"case {k}", *next(sequences))
            if len(kept) < KEPT:
                kept.append(sample)
            yield sample

    finding = judge(
        made.name,
        dtype,
        (),
        formula_is_right=partial(_digits, variant, made, where, dtype),
        reproduce=_reproduce(made.name, against, dtype, cases, steps, seed, hyperparameters),
        draws=Draws(at, cases),
        explain=lambda evidence: explained(evidence, variant, where, dtype),
    )
    finding = with_reason(finding, kept, variant, where, dtype)
    return _with_kills(finding, variant, where, kept)


def drawn(
    variant: Variant,
    made: Rules,
    given: Mapping[str, Any],
    rng: np.random.Generator,
    where: Layout,
    steps: int,
    dtype: str,
) -> Iterator[tuple[Sequence, Any]]:
    """Runs, and the rate that the rule is made with: a number or a schedule."""
    while True:
        mine = vectors.hyperparameters(variant, rng, dtype)
        if not made.accepts(RATE):
            mine[RATE] = given.get(RATE, 1.0)
        fixed = {n: x for n, x in variant.defaults.items() if not made.accepts(n)}
        chosen = {**mine, **fixed, **given}
        rate = chosen.pop(RATE)
        params, gradients = vectors.draw(
            rng, where.size, steps, dtype, averages=variant.family == "average"
        )
        told = made.at(chosen, rate).takes_rate
        changes = (made.accepts(RATE) or told) and not callable(rate)
        rates = vectors.rates(rate, steps, changes)
        yield Sequence(chosen, params, gradients, rates), rate


def _sample(
    variant: Variant,
    made: Rules,
    where: Layout,
    dtype: str,
    label: str,
    sequence: Sequence,
    rate: Any,
) -> Sample:
    """The answers to one run beside the truth and the budget."""
    answers = heard(_rule_at(made, sequence, rate), sequence, where, dtype)
    bound = rounding(variant, sequence, where, dtype)
    return Sample(
        label=label,
        paths=where.paths,
        truth=proven(variant, sequence, where),
        allowed=where.leaves_of(bound.allowed),
        got=where.leaves_of(answers.rows),
        args=(sequence, rate),
        budgets=("running bound",) * len(where.paths),
        failure=answers.failure,
    )


def _rule_at(made: Rules, sequence: Sequence, rate: Any) -> Callable:
    """rate -> the rule: one for all rates where it is told them, or has a schedule of its own."""
    one = made.at(sequence.hyperparameters, rate)
    if one.takes_rate or callable(rate) or not made.accepts(RATE):
        return lambda now: one
    others = {now: made.at(sequence.hyperparameters, now) for now in set(sequence.rates)}
    return others.__getitem__


def _digits(variant: Variant, made: Rules, where: Layout, dtype: str, sample: Sample) -> Told:
    """Whether the rule is right and only its digits are lost.

    It is where the same rule is inside its budget in float64 at the same numbers; and where the
    rounding of a narrower format explains the answers, and no variant and no mistake does.
    """
    if dtype != "float64":
        again = _sample(variant, made, where, "float64", sample.label, *sample.args)
        if not again.failure and not any(outside(again, k).any() for k in range(len(again.paths))):
            return Told(True, "in float64 the same rule is right")
    name = narrower(sample, variant, where, dtype)
    if not name:
        return Told(False, "")
    if any(said.fits for said in explained((sample,), variant, where, dtype)):
        return Told(False, "")
    return Told(True, f"something is kept or computed in {name}")


# --- what would have been seen ---------------------------------------------------------------


def _with_kills(finding: Finding, variant: Variant, where: Layout, kept: list[Sample]) -> Finding:
    """The finding, with every catalogued mistake that changes anything, and whether it shows."""
    usable = [_Shown.of(sample, variant, where) for sample in kept if not sample.failure]
    made = ((w.fault.name, _killed(w.variant, where, usable)) for w in wrong_rules(variant.name))
    kills = {name: seen for name, seen in made if seen is not None}
    finding = replace(finding, kills=kills)
    unseen = [name for name, seen in kills.items() if not seen]
    if finding.verdict is not Verdict.CORRECT or not unseen:
        return finding
    said = f"these mistakes would have gone unseen: {', '.join(unseen)}; {ADVICE}"
    return replace(finding, verdict=Verdict.UNDECIDED, reason=said)


class _Shown(NamedTuple):
    """One run: what is right, what shows in the dtype, and what is no rounding of float64."""

    sequence: Sequence
    right: np.ndarray
    allowed: np.ndarray
    exact: np.ndarray

    @classmethod
    def of(cls, sample: Sample, variant: Variant, where: Layout) -> "_Shown":
        sequence = sample.args[0]
        bound = rounding(variant, sequence, where, "float64")
        allowed = [a.reshape(len(a), -1) for a in sample.allowed]
        return cls(sequence, bound.values, np.concatenate(allowed, axis=1), 2.0 * bound.allowed)


def _killed(wrong: Variant, where: Layout, runs: list[_Shown]) -> bool | None:
    """Whether a mistake shows; None where it is the same rule on these runs, but for rounding."""
    differs = False
    for run in runs:
        with np.errstate(invalid="ignore"):
            gap = np.abs(roughly(wrong, run.sequence, where) - run.right)
        if (~(gap <= run.allowed + run.exact) & np.isfinite(run.allowed)).any():
            return True
        differs |= bool((gap > run.exact).any())
    return False if differs else None


# --- what was asked for ----------------------------------------------------------------------


def _checked(against: str, dtype: str, cases: int, steps: int, given: Mapping) -> Variant:
    if against not in VARIANTS:
        raise ValueError(f"against is {against!r}; it must be one of {', '.join(VARIANTS)}")
    if dtype not in DTYPES:
        raise ValueError(f"dtype is {dtype!r}; it must be one of {', '.join(DTYPES)}")
    for name, value, least in (("cases", cases, 1), ("steps", steps, 2)):
        if value < least:
            raise ValueError(f"{name} is {value}; at least {least} is needed")
    variant = VARIANTS[against]
    known = (RATE, *variant.defaults)
    for name in given:
        if name not in known:
            raise ValueError(f"{against} has no {name!r}; it has {', '.join(known)}")
    return variant


def _check_given(variant: Variant, made: Rules, given: Mapping) -> None:
    if RATE not in given and not made.accepts(RATE) and variant.family != "average":
        raise ValueError(f"learning_rate is not given; say what {made.name} was made with")
    for name in given:
        if made.accepts("learning_rate") and not made.accepts(name):
            raise ValueError(f"{name} is given, but {made.name} does not take it")


def _reproduce(name, against, dtype, cases, steps, seed, given: Mapping) -> str:
    told = "".join(f", {n}={x!r}" for n, x in given.items())
    return (
        f'verification.validate_update({name}, against="{against}", dtype="{dtype}", '
        f"cases={cases}, steps={steps}, seed={seed}{told})"
    )
