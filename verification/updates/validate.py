"""Judge somebody else's update rule: which variant it is, or what is wrong with it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.formats import DTYPES, format_of
from ..derivations.rules import VARIANTS, Variant, family_of
from ..judgement.verdict import Draws, judge
from ..measurement.higher_precision import Told
from ..measurement.sample import Sample, outside
from ..vocabulary import Finding, Verdict
from ..vocabulary.names import VARIANTS_LISTED, nearest, unknown
from ..vocabulary.progress import begin, watched
from . import vectors
from .digits import digits_lost
from .evaluation import Answering, in_python
from .explain import explained, with_reason
from .places import places
from .planted import kept, with_horizon, with_kills
from .rule import RATE, Rules, rules
from .truth import in_float64, proven, rounding
from .vectors import Layout, Sequence, layout

HORIZON = 300  # a count of 8 bits has overflowed, and of b2 = 0.999 a quarter is forgotten
MOST = 2**20  # entries times steps of the long run
USUAL = ("b1", "b2", "eps")  # at their defaults in the long run
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
                     (steps taken -> rate), the rates of the steps, or None of a rule that has
                     none: it is 1.  Those not given are the variant's defaults, or drawn where the
                     rule is made by a function that takes them
    cases            runs that are drawn; twice as many in bfloat16 and float16
    steps            of each case; one more run has 300 steps, at the usual b1, b2 and eps: what
                     begins later still is not seen, and a note says so
    params           a tree of arrays like those to be updated; only shapes count

    The rate changes twice on the way where it can: where `update` has a parameter learning_rate,
    where a function makes the rule, where a schedule says so.  Leaves of the finding have the step
    as their first axis.  Raises ValueError for an unknown variant, dtype or hyperparameter and for
    a count below its least, TypeError for what is no rule.
    """
    made = rules(init, update)
    _check_makes(made)
    asked = Asked.of(against, dtype, cases, steps, seed, params, hyperparameters)
    one = in_python(made)
    _check_given(asked, one)
    _check_needed(made, asked.variant)
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

    @property
    def runs(self) -> int:
        """Twice as many as were asked for in a coarse format: each shows fewer mistakes."""
        return self.cases * (1 + vectors.is_coarse(self.dtype))

    @property
    def horizon(self) -> int:
        """Steps of the long run: as many as HORIZON, fewer for large leaves."""
        usual = [x for n, x in self.variant.defaults.items() if n in USUAL and x]
        tiny = format_of(self.dtype).tiny
        if not all(tiny <= vectors.held(x, self.dtype) < 1 for x in usual):
            return 0  # with an epsilon that is rounded away, or a decay of 1, it is another rule
        return min(HORIZON, MOST // self.where.size)

    @classmethod
    def of(cls, against, dtype, cases, steps, seed, params, given: Mapping[str, Any]) -> "Asked":
        """Raises ValueError for what there is not."""
        variant = _checked(against, dtype, cases, steps, given)
        where = layout(vectors.params_of(variant) if params is None else params)
        return cls(variant, dtype, cases, steps, seed, where, given)


def judged(one: Answering, asked: Asked, call: str) -> Finding:
    """The verdict on whoever answers; `call` is how the same is asked again, up to its options."""
    variant, where, dtype = asked.variant, asked.where, asked.dtype
    sequences, tried, long = drawn(one, asked), [], []

    def at(ks: range) -> Iterator[Sample | None]:
        for k in ks:
            sample = _sample(one, variant, where, dtype, f"case {k}", *next(sequences))
            if len(tried) < kept(dtype):
                tried.append(sample)
            yield sample
        if not long and asked.horizon > asked.steps:
            long.append(_sample(one, variant, where, dtype, *horizon(one, asked), proof=False))
            yield long[0]

    with watched(one.name):
        finding = judge(
            one.name,
            dtype,
            (),
            formula_is_right=partial(_digits, one, variant, where, dtype),
            reproduce=_reproduce(call, asked),
            draws=Draws(at, asked.runs),
            explain=lambda evidence: explained(evidence, variant, where, dtype),
        )
        finding = with_reason(finding, tried, variant, where, dtype)
        finding = _with_places(finding, [*tried, *long], asked)
        begin("looks for mistakes that would have gone unseen")
        finding = with_kills(finding, variant, where, tried, ADVICE)
        return with_horizon(finding, variant, where, [*tried, *long], asked.dtype)


def _with_places(finding: Finding, samples: list[Sample], asked: Asked) -> Finding:
    """What is wrong and has no name: where it is right is said."""
    if finding.verdict is not Verdict.WRONG or any(one.fits for one in finding.explanation):
        return finding
    answered = [sample for sample in samples if not sample.failure]
    own = [rounding(asked.variant, s.args[0], asked.where, asked.dtype) for s in answered]
    said = tuple(places(answered, own, asked.where))
    return replace(finding, notes=(*said, *finding.notes))


def drawn(one: Answering, asked: Asked) -> Iterator[tuple[Sequence, Any]]:
    """Runs, and the rate that the rule is made with: a number or a schedule."""
    rng = np.random.default_rng(asked.seed)
    while True:
        chosen, rate = _settings(one, asked, rng, {})
        params, gradients = vectors.draw(
            rng, asked.where.size, asked.steps, asked.dtype, asked.variant.family
        )
        changes = not callable(rate) and one.follows(chosen, rate)
        yield (
            Sequence(
                chosen, params, gradients, vectors.rates(rate, asked.steps, changes, asked.dtype)
            ),
            rate,
        )


def horizon(one: Answering, asked: Asked) -> tuple[str, Sequence, Any]:
    """A long run at the libraries' own constants and one rate: its label, itself, the rate."""
    steps, rng = asked.horizon, np.random.default_rng((asked.seed, HORIZON))
    usual = {n: asked.variant.defaults[n] for n in USUAL if n in asked.variant.defaults}
    usual = {n: vectors.held(x, asked.dtype) for n, x in usual.items()}
    chosen, rate = _settings(one, asked, rng, usual)
    family = asked.variant.family
    params, gradients = vectors.draw(rng, asked.where.size, steps, asked.dtype, family)
    rates = vectors.rates(rate, steps, changes=False)
    return f"a run of {steps} steps", Sequence(chosen, params, gradients, rates), rate


def _settings(one: Answering, asked: Asked, rng, usual: Mapping) -> tuple[dict[str, Any], Any]:
    """Hyperparameters: those given, the variant's own where none can be chosen, else drawn."""
    mine = {**vectors.hyperparameters(asked.variant, rng, asked.dtype), **usual}
    if not one.accepts(RATE):
        mine[RATE] = asked.given.get(RATE, 1.0)
    fixed = {n: x for n, x in asked.variant.defaults.items() if not one.accepts(n)}
    chosen = {**mine, **fixed, **asked.given}
    return chosen, _rate(chosen.pop(RATE))


def _rate(given: Any) -> Any:
    """A number or a schedule; of a list the last rate stays."""
    if given is None:
        return lambda t: 1.0
    if isinstance(given, list | tuple):
        return lambda t: given[min(int(t), len(given) - 1)]
    return given


def _sample(
    one: Answering,
    variant: Variant,
    where: Layout,
    dtype: str,
    label: str,
    sequence: Sequence,
    rate: Any,
    proof: bool = True,
) -> Sample:
    """The answers to one run beside the truth and the budget; without proof, float64's truth."""
    answers = one.evaluate(sequence, rate, where, dtype)
    bound = rounding(variant, sequence, where, dtype)
    sample = Sample(
        label=label,
        paths=where.paths,
        silence=bound.silence,
        truth=(proven if proof else in_float64)(variant, sequence, where),
        edge=not proof,  # beside the cases that were asked for
        allowed=where.leaves_of(bound.allowed),
        got=where.leaves_of(answers.rows),
        args=(sequence, rate),
        budgets=("running bound",) * len(where.paths),
        failure=answers.failure,
        notes=(answers.note,) if answers.note else (),
    )
    return one.noted(sample)


def _digits(one: Answering, variant: Variant, where: Layout, dtype: str, sample: Sample) -> Told:
    """Whether the rule is right and only its digits are lost.

    It is where the same rule is inside its budget in float64 at the same numbers; and where the
    rounding of a narrower format explains the answers, and no variant and no mistake does.
    """
    if dtype != "float64":
        proof = not sample.edge
        again = _sample(one, variant, where, "float64", sample.label, *sample.args, proof=proof)
        if not again.failure and not any(outside(again, k).any() for k in range(len(again.paths))):
            return Told(True, "in float64 the same rule is right")
    return digits_lost(sample, variant, where, dtype, one)


# --- what was asked for ----------------------------------------------------------------------


def _checked(against: str, dtype: str, cases: int, steps: int, given: Mapping) -> Variant:
    if against not in VARIANTS:
        raise ValueError(unknown("against", against, VARIANTS, VARIANTS_LISTED))
    if dtype not in DTYPES:
        raise ValueError(unknown("dtype", dtype, DTYPES))
    for name, value, least in (("cases", cases, 1), ("steps", steps, 2)):
        if value < least:
            raise ValueError(f"{name} is {value}; at least {least} is needed")
    variant = VARIANTS[against]
    if given.get(RATE, 1.0) in ([], ()):
        raise ValueError("learning_rate is empty; give the rate of each step, or one for all")
    known = (RATE, *variant.defaults)
    for name in given:
        if name not in known:
            has = f"{nearest(name, known)}it has {', '.join(known)}"
            raise ValueError(f"{against} has no {name!r}; {has}")
    return variant


def _check_makes(made: Rules) -> None:
    """One step of a rule is not what makes it."""
    for name in set(made.needs) & {"grad", "grads", "gradient", "gradients", "g", "dw"}:
        raise TypeError(
            f"{made.name} takes {name!r}, as one step of a rule does; hand over what makes the "
            "rule: a pair of init(params) -> state and update(gradient, state, params) -> (params, "
            "state), as optimizer_object makes it of an object that remembers; `refnet init` "
            "writes one"
        )


def _check_given(asked: Asked, one: Answering) -> None:
    if RATE not in asked.given and not one.accepts(RATE) and asked.variant.family != "average":
        raise ValueError(f"learning_rate is not given; say what {one.name} was made with")


def _check_needed(made: Rules, variant: Variant) -> None:
    """What the function that makes the rule must be given, the variant must have."""
    known = (RATE, *variant.defaults)
    for name in made.needs:
        if name not in known:
            having = [v.name for v in family_of(variant.name) if name in v.defaults]
            or_else = f", or judge it against {' or '.join(having)}" if having else ""
            raise ValueError(
                f"{made.name} cannot be made without {name!r}, which {variant.name} does not have: "
                f"it has {', '.join(known)}; give {name!r} a default{or_else}"
            )


def _reproduce(call: str, asked: Asked) -> str:
    told = "".join(f", {n}={x!r}" for n, x in asked.given.items())
    return (
        f'{call}, against="{asked.variant.name}", dtype="{asked.dtype}", '
        f"cases={asked.cases}, steps={asked.steps}, seed={asked.seed}{told})"
    )
