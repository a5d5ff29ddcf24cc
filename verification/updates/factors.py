"""Is it the rule but for one constant factor, on the step or on the decay?  Which one is it?

The factor is fitted by Gauss-Newton, run by run; a fit explains nothing unless every answer of
every run lies within the budget of the rule with that factor.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from ..arithmetic.formats import format_of
from ..derivations.rules import COUNTS, Variant
from ..explanation.factors import spelled
from ..faults.update_rules.change import multiplied, scaled
from .same import Candidate
from .truth import roughly, rounding
from .vectors import Layout, Sequence

NAME = "constant factor"
RUNS, ITERATIONS, NEARBY = 3, 5, 2.0**-12
CLOSE = 64.0  # units of the format between a factor and the hyperparameter that it is
FORMS: Mapping[str, Callable] = {
    "{}": lambda x: x,
    "1 / {}": lambda x: 1 / x,
    "1 - {}": lambda x: 1 - x,
    "1 / (1 - {})": lambda x: 1 / (1 - x),
    "1 + {}": lambda x: 1 + x,
}


def candidates(variant: Variant, seen: list, layout: Layout, dtype: str) -> Iterator[Candidate]:
    """The rule with a factor on its step, or on its decay, that is nearest to all runs."""
    short = sorted(seen, key=lambda pair: len(pair[1]))[:RUNS]
    makes = {"the step": partial(scaled, variant)}
    if "weight_decay" in variant.defaults:
        makes["weight_decay"] = partial(multiplied, variant, "weight_decay")
    for what, make in makes.items():
        found = [_factor(make, variant, run, rows, layout, dtype) for run, rows in short]
        factors = [c for c in found if c is not None]
        if len(factors) < len(found):
            continue
        equal = _equal(factors, [run for run, _ in short], dtype)
        for form, name in equal if what == "the step" else ():
            said = form.format(name)
            made = make(lambda h, f=FORMS[form], name=name: f(getattr(h, name)))
            yield Candidate(made, "factor", NAME, f"{what} is {said} times what it should be", 1)
        c = float(np.median(factors))
        also = f", which is {equal[0][0].format(equal[0][1])}" if equal else ""
        yield Candidate(
            make(c), "factor", NAME, f"{what} is {spelled(c)} times what it should be{also}", 2
        )


def _factor(
    make: Callable, variant: Variant, run: Sequence, rows: np.ndarray, layout: Layout, dtype: str
) -> float | None:
    """c of the nearest run of make(c), each entry weighed by its budget; None for none, or 1."""
    allowed = rounding(variant, run, layout, dtype).allowed
    known = np.isfinite(allowed) & (allowed > 0.0) & np.isfinite(rows)
    weights = np.where(known, 1.0 / np.where(known, allowed, 1.0), 0.0)
    c = 1.0
    with np.errstate(all="ignore"):
        for _ in range(ITERATIONS):
            here, there = (roughly(make(x), run, layout) for x in (c, c * (1.0 + NEARBY)))
            slope = np.where(known, (there - here) * weights / (c * NEARBY), 0.0)
            gap = np.where(known, (rows - here) * weights, 0.0)
            c += float((slope * gap).sum() / (slope * slope).sum())
            if not np.isfinite(c) or c == 0.0:
                return None
    return None if abs(c - 1.0) <= 4.0 * format_of(dtype).unit else c


def _equal(factors: list[float], runs: list[Sequence], dtype: str) -> list[tuple[str, str]]:
    """Which forms of which hyperparameters the factors are, at every run."""
    near = CLOSE * format_of(dtype).unit
    is_it = lambda f, name: all(
        abs(f(run.hyperparameters[name]) / c - 1.0) <= near
        for c, run in zip(factors, runs, strict=True)
    )
    names = [n for n, x in runs[0].hyperparameters.items() if n not in COUNTS and x]
    return [(form, n) for n in names for form, f in FORMS.items() if is_it(f, n)]
