"""False alarms: correct gradients of networks, judged entry by entry as anybody's would be.

A verdict is one implementation, one configuration, one dtype, all leaves.  It is a false alarm
where one entry is outside its budget, and undecided where none is and some entry has no budget.
The implementations share one truth and one budget.  The truth is the gradient in float64 of the
numbers as the dtype holds them, with no allowance for its own rounding: that can only add alarms.
In float64 it is the proven ball, or, where that is dear, NumPy's in extended precision.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from itertools import groupby
from typing import Any, NamedTuple

import jax
import numpy as np

from ..adapters import jax_mlp, numpy_mlp, torch_mlp
from ..arithmetic.formats import DTYPES, PRECISIONS
from ..inputs.networks import Configuration, Network, drawn
from ..measurement.answer import PROVABLE, cast
from ..measurement.batch import budgets
from ..measurement.error import beyond
from ..measurement.sample import Sample, decidable, outside, visible
from ..measurement.subject import autodiff
from ..measurement.tolerance import root_mean_square
from ..oracles import ball
from ..oracles.question import Question, as_exact, ask
from ..vocabulary import Ball, Silent
from .statistics import Judged, counted, rows

LITTLE = 2**8  # as much work is run operation by operation: each operation is compiled alone
NAIVE = 2**20  # as much is summed term by term

Arrays = list[np.ndarray]


class Implementation(NamedTuple):
    """One way to compute the gradient: made for a network, where it is not too much work."""

    make: Callable[[Network], Callable]
    most: float = np.inf
    dtypes: tuple[str, ...] = DTYPES
    needs: str = "jax"  # the package it lives in


class Target(NamedTuple):
    """What an answer is held against, in one dtype."""

    paths: tuple[str, ...]
    args: tuple
    truth: list[Ball]
    budget: Arrays
    allowed: float  # the median of the budgets over their leaf's root mean square
    seen: float  # the error, over the same, that is certain to be seen at any entry


def calibrate(met: Iterable[Configuration], **options) -> list[dict[str, Any]]:
    """One row per implementation and dtype; options as `judgements`."""
    return rows(list(judgements(met, **options)))


def installed(implementations: Mapping[str, Implementation]) -> dict[str, Implementation]:
    """Those whose package is on this machine."""
    return {name: i for name, i in implementations.items() if find_spec(i.needs)}


def judgements(
    met: Iterable[Configuration],
    implementations: Mapping[str, Implementation] | None = None,
    dtypes: tuple[str, ...] = DTYPES,
    share: float = 1.0,
) -> Iterator[Judged]:
    """Every verdict in turn; `share` multiplies every budget, for controls."""
    known = installed(ALL if implementations is None else implementations)
    for network, group in groupby(met, key=lambda c: c.network):
        able = {name: i for name, i in known.items() if network.work <= i.most}
        made = {name: i.make(network) for name, i in able.items()}
        points, exact = list(group), compiled(jax_mlp.autodiff, network)
        for dtype in dtypes:
            found = targets(points, dtype, exact, share)
            for configuration, held in zip(points, found, strict=True):
                for name, gradient in made.items():
                    if dtype in able[name].dtypes:
                        yield judged(name, gradient, dtype, configuration, held)


def targets(
    points: list[Configuration], dtype: str, exact: Callable, share: float = 1.0
) -> Iterator[Target]:
    """Truth and budgets at all points of one network; `exact` is its gradient in float64."""
    network = points[0].network
    value = jax_mlp.objective(network.activation, network.loss)
    gradient = autodiff(value, (0,), scalar=True)
    args = [cast(drawn(point), dtype, weights=(0,)) for point in points]
    allowances: Iterable = budgets(gradient, args, dtype)
    for configuration, point, (allowed, _) in zip(points, args, allowances, strict=True):
        question = ask(value, point)
        truth = truth_of(network, dtype, question, exact)
        allowed = [share * leaf for leaf in allowed]
        sample = Sample(str(configuration), question.paths, truth, allowed, [])
        yield Target(question.paths, point, truth, allowed, *sensitivity_of(sample))


def truth_of(network: Network, dtype: str, question: Question, exact: Callable) -> list[Ball]:
    if dtype != "float64":
        leaves = answered(exact, jax.tree.map(as_exact, question.args))
        return [Ball(g, 0.0 * g, 0.0 * g, proven=False) for g in leaves]
    if network.work <= PROVABLE:
        with contextlib.suppress(Silent):  # extended precision answers then, unproven
            return ball.gradient(question)
    return in_extended_precision(network, question)


def in_extended_precision(network: Network, question: Question) -> list[Ball]:
    """NumPy's gradient in the widest float of this machine, as if it were the truth."""
    wide = lambda x: x.astype(np.longdouble) if x.dtype.kind == "f" else x
    gradient = numpy_mlp.gradient(network.activation, network.loss)
    args = jax.tree.map(lambda x: wide(as_exact(x)), question.args)
    return [_ball(g) for g in jax.tree.leaves(gradient(*args))]


def _ball(extended: np.ndarray) -> Ball:
    mid = extended.astype(np.float64)
    return Ball(mid, (extended - mid).astype(np.float64), 0.0 * mid, proven=False)


def answered(gradient: Callable, args: tuple) -> Arrays:
    with jax.enable_x64(True):
        return [as_exact(leaf) for leaf in jax.tree.leaves(gradient(*args))]


def sensitivity_of(sample: Sample) -> tuple[float, float]:
    """Median budget and largest visible error over a leaf's root mean square; NaN without any."""
    medians, seen = [], []
    for k, truth in enumerate(sample.truth):
        known = decidable(sample, k)
        scale = float(root_mean_square(truth.mid, known))
        if not known.all() or not 0.0 < scale < np.inf:
            continue
        medians.append(float(np.median(sample.allowed[k])) / scale)
        seen.append(float(visible(sample, k).max()) / scale)
    return (float(np.median(medians)), max(seen)) if seen else (np.nan, np.nan)


def judged(
    name: str, gradient: Callable, dtype: str, configuration: Configuration | str, held: Target
) -> Judged:
    """Raises ValueError where the answer has other shapes than the truth."""
    got = answered(gradient, held.args)
    shapes, wanted = [g.shape for g in got], [b.mid.shape for b in held.truth]
    if shapes != wanted:
        raise ValueError(f"{name} answered shapes {shapes}; the gradient has {wanted}")
    sample = Sample(str(configuration), held.paths, held.truth, held.budget, got)
    leaves = range(len(got))
    ratios = [_ratios(sample, k) for k in leaves]
    return Judged(
        implementation=name,
        dtype=dtype,
        configuration=configuration,
        alarms=sum(int(outside(sample, k).sum()) for k in leaves),
        undecided=sum(int((~decidable(sample, k)).sum()) for k in leaves),
        entries=sum(g.size for g in got),
        worst=max((float(r.max(initial=0.0)) for r in ratios), default=0.0),
        counts=counted(ratios),
        allowed=held.allowed,
        seen=held.seen,
    )


def _ratios(sample: Sample, leaf: int) -> np.ndarray:
    """Errors in budgets of the entries that have one; NaN is infinitely far."""
    known, error = decidable(sample, leaf), beyond(sample.got[leaf], sample.truth[leaf])
    error, allowed = error[known], sample.allowed[leaf][known]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(error == 0.0, 0.0, error / allowed)
    return np.where(np.isnan(ratio), np.inf, ratio)


# --- the implementations ---------------------------------------------------------------------

FINER = tuple(d for d, p in PRECISIONS.items() if p.sums != p.weights)  # sums are finer than terms
ALIKE = tuple(d for d in DTYPES if d not in FINER)


def compiled(gradient: Callable, network: Network) -> Callable:
    """Under jit, with a cache that goes when the network is done."""
    f = gradient(network.activation, network.loss)
    return jax.jit(lambda params, x, y: f(params, x, y))


def jitted(gradient: Callable) -> Callable[[Network], Callable]:
    return partial(compiled, gradient)


def plain(gradient: Callable, **options) -> Callable[[Network], Callable]:
    return lambda network: gradient(network.activation, network.loss, **options)


in_single = partial(jax_mlp.autodiff_in, "float32")  # autodiff sums where the weights are: narrowly
in_order = plain(numpy_mlp.gradient, in_order=True)
built_in = plain(torch_mlp.gradient, built_in=True)

ALL: dict[str, Implementation] = {
    "refnet by hand, jit": Implementation(jitted(jax_mlp.by_hand)),
    "refnet autodiff, jit": Implementation(jitted(jax_mlp.autodiff), dtypes=ALIKE),
    "refnet autodiff in float32, jit": Implementation(jitted(in_single), dtypes=FINER),
    "refnet by hand, eager": Implementation(plain(jax_mlp.by_hand), LITTLE),
    "refnet autodiff, eager": Implementation(plain(jax_mlp.autodiff), LITTLE, ALIKE),
    "NumPy": Implementation(plain(numpy_mlp.gradient)),
    "NumPy, term by term": Implementation(in_order, NAIVE, ALIKE),
    "PyTorch": Implementation(plain(torch_mlp.gradient), needs="torch"),
}
LOSSY: dict[str, Implementation] = {  # right formulas that lose digits where units saturate
    "PyTorch, built in": Implementation(built_in, needs="torch"),
}
