"""Right gradients by many hands, each judged at draws and at large scales, in every format.

The budget is that of validate(): autodiff of the function, in the arithmetic of the format.  A
spelling that a format has no functions for is not asked in it.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import numpy as np

from ...arithmetic.formats import PRECISIONS
from ...inputs import draws
from ...judgement.check import mixed
from ...measurement.answer import cast
from ...measurement.batch import budget_at
from ...measurement.evaluation import proof
from ...measurement.sample import Sample, decidable, outside
from ...measurement.subject import autodiff
from ...oracles.question import as_exact, ask
from ...vocabulary import Silent
from .activations import ACTIVATIONS
from .layers import LAYERS
from .losses import LOSSES
from .networks import NETWORKS
from .spelling import Spelled

CORPUS: dict[str, Spelled] = {**ACTIVATIONS, **LOSSES, **LAYERS, **NETWORKS}


class Answered(NamedTuple):
    """One spelling at one point: entries outside of their budgets, entries without one."""

    function: str
    spelling: str
    dtype: str
    scale: float
    seed: int
    alarms: int
    undecided: int
    entries: int
    worst: float  # error in budgets


class Point(NamedTuple):
    """Arguments in a format, and what every answer there is held against."""

    args: tuple
    sample: Sample


def answers(
    functions: dict[str, Spelled],
    dtypes: tuple[str, ...],
    seeds: range,
    change: Callable | None = None,
) -> Iterator[Answered]:
    """Every spelling of every function; `change` alters each answer, for controls."""
    for name, spelled in functions.items():
        for dtype in dtypes:
            for scale in spelled.scales:
                for seed in seeds:
                    here = point(spelled, dtype, scale, seed)
                    for who, gradient in spelled.right.items():
                        got = answer(gradient, here, dtype)
                        if got is not None:
                            got = got if change is None else change(got)
                            yield judged(name, who, dtype, scale, seed, here, got)


def point(spelled: Spelled, dtype: str, scale: float, seed: int) -> Point:
    rng = np.random.default_rng(seed)
    drawn = list(spelled.draw(rng))
    for i in spelled.scaled:
        drawn[i] = jax.tree.map(lambda x: scale * np.asarray(x), drawn[i])
    inputs = cast(tuple(drawn), dtype, weights=spelled.argnums)
    with jax.enable_x64(True):
        out = jax.eval_shape(spelled.of, *cast(tuple(drawn), "float64"))
    if out.shape == ():
        args, question = inputs, ask(spelled.of, inputs, spelled.argnums)
    else:
        above = cast(draws.cotangent(rng, out.shape), PRECISIONS[dtype].results)
        args, question = (*inputs, above), ask(spelled.of, inputs, spelled.argnums, above)
    reference = autodiff(spelled.of, spelled.argnums, out.shape == ())
    truth = proof(question, dtype).truth
    try:
        allowed = budget_at(reference, args, dtype).allowed
    except Silent:
        allowed = [np.full(b.mid.shape, np.inf) for b in truth]
    return Point(args, Sample(f"seed {seed}, scale {scale:g}", question.paths, truth, allowed, []))


def answer(gradient: Callable, here: Point, dtype: str) -> list[np.ndarray] | None:
    """Its leaves; None where its library has no such format, or is not installed."""
    with jax.enable_x64(True), np.errstate(all="ignore"):
        try:
            got = jax.tree.leaves(mixed(gradient, dtype)(*here.args))
        except (TypeError, ImportError, RuntimeError):
            if dtype in ("float32", "float64"):
                raise
            return None
    return [as_exact(leaf) for leaf in got]


def judged(name, who, dtype, scale, seed, here: Point, got: list[np.ndarray]) -> Answered:
    sample = (
        here.sample._replace(got=got)
        if hasattr(here.sample, "_replace")
        else _with(here.sample, got)
    )
    leaves = range(len(sample.paths))
    shapes = [g.shape for g in got]
    if shapes != [b.mid.shape for b in sample.truth]:
        raise ValueError(f"{who} of {name} answered shapes {shapes}")
    return Answered(
        name,
        who,
        dtype,
        scale,
        seed,
        alarms=sum(int(outside(sample, k).sum()) for k in leaves),
        undecided=sum(int((~decidable(sample, k)).sum()) for k in leaves),
        entries=sum(g.size for g in got),
        worst=max((worst(sample, k) for k in leaves), default=0.0),
    )


def _with(sample: Sample, got: list) -> Sample:
    from dataclasses import replace

    return replace(sample, got=got)


def worst(sample: Sample, leaf: int) -> float:
    from ..calibration import _ratios

    return float(_ratios(sample, leaf).max(initial=0.0))
