"""Judge somebody else's update rule: which variant it is, or what is wrong with it."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..derivations.rules import VARIANTS, Variant
from ..judgement.verdict import Draws, judge
from ..measurement.budget import DTYPES
from ..measurement.higher_precision import Told
from ..measurement.sample import Sample, outside
from ..vocabulary import Finding
from . import vectors
from .evaluation import Answering, in_python
from .explain import digits_lost, explained, with_reason
from .planted import KEPT, with_kills
from .rule import RATE, rules
from .truth import proven, rounding
from .vectors import Layout, Sequence, layout

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
    made = rules(init, update)
    asked = Asked.of(against, dtype, cases, steps, seed, params, hyperparameters)
    one = in_python(made)
    _check_given(asked, one)
    return judged(one, asked, f"verification.validate_update({made.name}")


class Asked(NamedTuple):
    """What a rule is judged by: the variant it should be, and the runs that are drawn."""

    variant: Variant
    dtype: str
    cases: int
    steps: int
    seed: int
    where: Layout
    given: Mapping[str, Any]

    @classmethod
    def of(cls, against, dtype, cases, steps, seed, params, given: Mapping[str, Any]) -> "Asked":
        """Raises ValueError for what there is not."""
        variant = _checked(against, dtype, cases, steps, given)
        where = layout(vectors.PARAMS if params is None else params)
        return cls(variant, dtype, cases, steps, seed, where, given)


def judged(one: Answering, asked: Asked, call: str) -> Finding:
    """The verdict on whoever answers; `call` is how the same is asked again, up to its options."""
    variant, where, dtype = asked.variant, asked.where, asked.dtype
    sequences, kept = drawn(one, asked), []

    def at(ks: range) -> Iterator[Sample | None]:
        for k in ks:
            sample = _sample(one, variant, where, dtype, f"case {k}", *next(sequences))
            if len(kept) < KEPT:
                kept.append(sample)
            yield sample

    finding = judge(
        one.name,
        dtype,
        (),
        formula_is_right=partial(_digits, one, variant, where, dtype),
        reproduce=_reproduce(call, asked),
        draws=Draws(at, asked.cases),
        explain=lambda evidence: explained(evidence, variant, where, dtype),
    )
    finding = with_reason(finding, kept, variant, where, dtype)
    return with_kills(finding, variant, where, kept, ADVICE)


def drawn(one: Answering, asked: Asked) -> Iterator[tuple[Sequence, Any]]:
    """Runs, and the rate that the rule is made with: a number or a schedule."""
    variant, steps, dtype = asked.variant, asked.steps, asked.dtype
    rng = np.random.default_rng(asked.seed)
    while True:
        mine = vectors.hyperparameters(variant, rng, dtype)
        if not one.accepts(RATE):
            mine[RATE] = asked.given.get(RATE, 1.0)
        fixed = {n: x for n, x in variant.defaults.items() if not one.accepts(n)}
        chosen = {**mine, **fixed, **asked.given}
        rate = chosen.pop(RATE)
        params, gradients = vectors.draw(
            rng, asked.where.size, steps, dtype, averages=variant.family == "average"
        )
        changes = not callable(rate) and one.follows(chosen, rate)
        rates = vectors.rates(rate, steps, changes)
        yield Sequence(chosen, params, gradients, rates), rate


def _sample(
    one: Answering,
    variant: Variant,
    where: Layout,
    dtype: str,
    label: str,
    sequence: Sequence,
    rate: Any,
) -> Sample:
    """The answers to one run beside the truth and the budget."""
    answers = one.evaluate(sequence, rate, where, dtype)
    bound = rounding(variant, sequence, where, dtype)
    sample = Sample(
        label=label,
        paths=where.paths,
        truth=proven(variant, sequence, where),
        allowed=where.leaves_of(bound.allowed),
        got=where.leaves_of(answers.rows),
        args=(sequence, rate),
        budgets=("running bound",) * len(where.paths),
        failure=answers.failure,
    )
    return one.noted(sample)


def _digits(one: Answering, variant: Variant, where: Layout, dtype: str, sample: Sample) -> Told:
    """Whether the rule is right and only its digits are lost.

    It is where the same rule is inside its budget in float64 at the same numbers; and where the
    rounding of a narrower format explains the answers, and no variant and no mistake does.
    """
    if dtype != "float64":
        again = _sample(one, variant, where, "float64", sample.label, *sample.args)
        if not again.failure and not any(outside(again, k).any() for k in range(len(again.paths))):
            return Told(True, "in float64 the same rule is right")
    return digits_lost(sample, variant, where, dtype)


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


def _check_given(asked: Asked, one: Answering) -> None:
    if RATE not in asked.given and not one.accepts(RATE) and asked.variant.family != "average":
        raise ValueError(f"learning_rate is not given; say what {one.name} was made with")
    for name in asked.given:
        if one.accepts(RATE) and not one.accepts(name):
            raise ValueError(f"{name} is given, but {one.name} does not take it")


def _reproduce(call: str, asked: Asked) -> str:
    told = "".join(f", {n}={x!r}" for n, x in asked.given.items())
    return (
        f'{call}, against="{asked.variant.name}", dtype="{asked.dtype}", '
        f"cases={asked.cases}, steps={asked.steps}, seed={asked.seed}{told})"
    )
