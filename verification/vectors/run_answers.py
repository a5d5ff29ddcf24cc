"""Judge the answers to test vectors of an update rule: the verdict, and which rule they are of."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import numpy as np

from ..adapters.run_layouts import PREFIX, WANTED, Run
from ..adapters.strict_json import Improper
from ..derivations.rules import COUNTS, VARIANTS, Variant
from ..judgement.verdict import Draws, judge
from ..measurement.higher_precision import Told
from ..measurement.sample import Sample
from ..oracles.question import as_exact
from ..updates import vectors
from ..updates.digits import digits_lost
from ..updates.explain import explained, with_reason
from ..updates.planted import KEPT, with_kills
from ..updates.trees import sequence_of
from ..updates.vectors import layout
from ..vocabulary import Ball, Finding
from .reading import UNASKED, answered, tree

Evaluated = list[tuple[Mapping[str, Any], Any]]  # tests, each with what was answered to it
ADVICE = "write vectors in float64, or more cases"


def judged(name: str, dtype: str, evaluated: Evaluated, asked: int) -> Finding:
    """The verdict on what was answered to `update/NAME`, where `asked` runs were."""
    if name.removeprefix(PREFIX) not in VARIANTS:
        raise ValueError(f"there is no update rule {name.removeprefix(PREFIX)!r}")
    variant = VARIANTS[name.removeprefix(PREFIX)]
    samples = [_sample(test, said, dtype, variant) for test, said in evaluated]
    where = layout(tree(evaluated[0][0]["input"]["params"]) if evaluated else vectors.PARAMS)
    about = {"variant": variant, "layout": where, "dtype": dtype}
    finding = judge(
        name,
        dtype,
        (),
        formula_is_right=partial(_unasked, **about),
        draws=Draws(lambda ks: samples[ks.start : ks.stop], asked),
        explain=partial(explained, **about),
    )
    finding = with_reason(finding, samples[:KEPT], **about)
    return with_kills(finding, variant, where, samples, ADVICE)


def _unasked(sample: Sample, **about: Any) -> Told:
    """No file is excused for lost digits; where they would explain it, that is said."""
    told = digits_lost(sample, **about)
    return Told(False, f"as if {told.why}; {UNASKED}" if told.right else UNASKED)


def _sample(test: Mapping[str, Any], said: Any, dtype: str, variant: Variant) -> Sample:
    """What was answered to one run, beside the truth and the budget of the file."""
    expected, radius, budget = (tree(test[name]) for name in ("expected", "radius", "budget"))
    mids, radii, allowed = map(_stacked, (expected, radius, budget))
    pairs = zip(mids, radii, strict=True)
    run = _run(test["input"], variant)
    _alike(run, expected[WANTED[0]])
    got, failure = [np.full(mid.shape, np.nan) for mid in mids], ""
    try:
        got = _stacked(answered(said, expected, dtype))
    except Improper as error:
        failure = f"the answer {error}"
    return Sample(
        label=f"{test['tcId']} ({test['comment']})",
        paths=layout(tree(test["input"]["params"])).paths,
        truth=[Ball(mid, np.zeros_like(mid), rad, proven=True) for mid, rad in pairs],
        allowed=allowed,
        got=got,
        args=(sequence_of(run), None),
        budgets=("running bound",) * len(mids),
        failure=failure,
    )


def _stacked(members: Mapping[str, Any]) -> list[np.ndarray]:
    """Parameters after every step, leaf by leaf: (steps, *shape)."""
    steps = (map(as_exact, jax.tree.leaves(step)) for step in members[WANTED[0]])
    return [np.stack(leaves) for leaves in zip(*steps, strict=True)]


def _run(given: Mapping[str, Any], variant: Variant) -> Run:
    """The question of a test.  Raises ValueError for hyperparameters that are not the variant's."""
    if set(given["hyperparameters"]) != set(variant.defaults):
        raise ValueError(f"the hyperparameters are {', '.join(given['hyperparameters'])}")
    kind = lambda name: int if name in COUNTS else float
    told = {name: kind(name)(tree(x)) for name, x in given["hyperparameters"].items()}
    gradients = tuple(tree(g) for g in given["gradients"])
    return Run(told, tree(given["params"]), gradients, tuple(tree(given["rates"]).tolist()))


def _alike(run: Run, expected: list) -> None:
    """Raises ValueError where a step has no gradient, rate or truth, or one of another shape."""
    if not len(run.gradients) == len(run.rates) == len(expected):
        raise ValueError("the numbers of gradients, rates and expected steps differ")
    like = layout(run.params)
    if any(layout(tree) != like for tree in (*run.gradients, *expected)):
        raise ValueError(
            "a gradient, or an expected result, has another structure than the parameters"
        )
