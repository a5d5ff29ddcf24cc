"""Claims A6 and B7: full batch, small batches and single examples, measured on real data."""

import functools
import time

import numpy as np

from ..vocabulary import Claim, Evidence, Judged
from .interval import LEVEL, Interval, factor, ratio, student
from .noise import BATCHES, Noise, endless, enumerated, finite, variance, variance_is
from .races import (
    BLOCK,
    FULL,
    METHODS,
    PROBLEMS,
    SINGLE,
    SMALL,
    Method,
    Problem,
    curves,
    examples,
    examples_to,
)
from .trial import Trial, earned, failed

SEEDS = 16
BAND = (10.0, 50.0, 90.0)  # percentiles over seeds
SHARED_RATE = 2.0**-5
SUBSETS = (64, 224, None)  # None: all 448
CANCER, DIABETES = PROBLEMS


@functools.lru_cache(maxsize=32)
def raced(
    problem: Problem, method: Method, seed: int, size: int | None, group: int
) -> tuple[np.ndarray, int]:
    """Losses (rates, seeds, looks) of one method, and the examples seen between two looks.

    Without defaults, and by place: the cache would take another way to say it for another race.
    """
    data = examples(problem, seed, size)
    runs = [100 * (2 * seed + group) + k for k in range(SEEDS)]
    spacing = BLOCK if method.batch else size or len(data.x)
    return curves(problem, method, data, runs, size=size), spacing


def needed(
    problem: Problem, method: Method, seed: int, size: int | None = None, group: int = 0
) -> np.ndarray:
    """Examples to the target loss, (seeds,): each run at the best of the method's rates."""
    losses, spacing = raced(problem, method, seed, size, group)
    return examples_to(problem.target, losses, spacing).min(axis=0)


def best_rate(problem: Problem, method: Method, seed: int) -> int:
    """The number of the rate with the smallest median of examples to the target loss."""
    losses, spacing = raced(problem, method, seed, None, 0)
    return int(np.median(examples_to(problem.target, losses, spacing), axis=1).argmin())


# --- A6 ------------------------------------------------------------------------------------


def needs_fewer(problem: Problem, method: Method, rival: Method, seed: int, group=0) -> Trial:
    """Whether `method` reaches the target after fewer examples than `rival`."""
    mine = needed(problem, method, seed)
    theirs = needed(problem, rival, seed, group=group)
    if not np.isfinite([mine, theirs]).all():
        return Trial(False, f"{problem.name}: some run never reached a loss of {problem.target}.")
    interval = ratio(theirs, mine)
    says = (
        f"{problem.name}, network {'-'.join(map(str, problem.sizes))}, to a training loss of "
        f"{problem.target}: a median of {np.median(theirs):.0f} examples by {rival.name}, "
        f"{np.median(mine):.0f} by {method.name}: a factor of {factor(interval)}."
    )
    return Trial(interval.low > 1.0, says)


def rates_span_the_best(seed: int) -> Trial:
    """Whether each method's best rate lies inside its grid, so that none is held back by it."""
    inside = [
        0 < best_rate(problem, method, seed) < len(method.rates) - 1
        for problem in PROBLEMS
        for method in METHODS
    ]
    says = f"Of {len(inside)} best rates (by median) {sum(inside)} lie inside their grid of nine."
    return Trial(all(inside), says)


def steps_in_a_row(seed: int) -> str:
    """The price: how many steps must wait for one another."""
    full = np.median(needed(CANCER, FULL, seed)) / len(examples(CANCER, seed).x)
    single = np.median(needed(CANCER, SINGLE, seed))
    return (
        f"Operations grow with the examples; steps that wait for one another do not: on "
        f"breast_cancer the full batch takes {full:.0f} of them and one example at a time "
        f"{single:.0f}, so that seconds depend on the machine and are no part of this row."
    )


def judge_a6(
    seed: int, truth: Method = SINGLE, planted: tuple[Method, Method] = (SINGLE, SINGLE)
) -> Judged:
    """Examples to a target loss, real data, paired by seed."""
    trials = [
        needs_fewer(problem, method, FULL, seed)
        for problem in PROBLEMS
        for method in dict.fromkeys((truth, SMALL))
    ]
    says = earned(*trials, rates_span_the_best(seed))
    return Judged(
        Evidence.MEASURED,
        evidence=f"{SEEDS} initialisations and orders, each run at the best of nine rates; factors "
        f"are mean ratios with Student's t interval of the paired log ratio, {LEVEL:.1%}. {says} "
        + steps_in_a_row(seed),
        control=failed(
            f"{planted[0].name} needs fewer examples than {planted[1].name} with other seeds",
            needs_fewer(DIABETES, *planted, seed, group=1),
        ),
        correction="Faster in examples seen, and so in operations. Not in steps: a full batch "
        "needs fewer of them, and a machine that does a batch at once may finish first.",
        numbers={"examples": {p.name: table(p, seed) for p in PROBLEMS}},
    )


def table(problem: Problem, seed: int) -> dict[str, list[float]]:
    return {m.name: needed(problem, m, seed).tolist() for m in METHODS}


def seconds(seed: int) -> dict[str, dict[str, float]]:
    """Seconds to the target loss on this machine, per data set and method, compilation apart.

    One run at the method's best rate; not deterministic, so no part of a verdict.
    """
    out: dict[str, dict[str, float]] = {}
    for problem in PROBLEMS:
        data = examples(problem, seed)
        for method in METHODS:
            rate = (method.rates[best_rate(problem, method, seed)],)
            again = [_clocked(problem, method, data, rate) for _ in range(3)]
            seen = method.looks * (BLOCK if method.batch else len(data.x))
            share = np.median(needed(problem, method, seed)) / seen
            out.setdefault(problem.name, {})[method.name] = min(again[1:]) * float(share)
    return out


def _clocked(problem: Problem, method: Method, data, rate: tuple[float]) -> float:
    start = time.perf_counter()
    curves(problem, method, data, [0], rate)
    return time.perf_counter() - start


# --- B7 ------------------------------------------------------------------------------------


def gains_with_size(method: Method, seed: int) -> Trial:
    """Whether the advantage over the full batch in examples grows with their number."""
    logs = [
        np.log(needed(CANCER, FULL, seed, size=n)) - np.log(needed(CANCER, method, seed, size=n))
        for n in SUBSETS
    ]
    if not np.isfinite(logs).all():
        return Trial(False, f"breast_cancer: some run never reached a loss of {CANCER.target}.")
    counts = [n or len(examples(CANCER, seed).x) for n in SUBSETS]
    slopes = np.polyfit(np.log(counts), np.array(logs), 1)[0]
    interval = student(slopes)
    listed = lambda values: ", ".join(f"{v:.3g}" for v in values)
    says = (
        f"To a loss of {CANCER.target} on {listed(counts)} examples of breast_cancer, the examples "
        f"seen by full batch over those seen by {method.name} are "
        f"{listed(np.exp(g.mean()) for g in logs)}: a factor that grows like N to the power "
        f"{interval.mean:.2f} ({interval.low:.2f} to {interval.high:.2f})."
    )
    return Trial(interval.low > 0.0, says)


def unrest(problem: Problem, method: Method, seed: int, rate: float, group: int = 0) -> np.ndarray:
    """Standard deviation of the change of loss from look to look, second half of a run, (seeds,)"""
    losses, _ = raced(problem, method, seed, None, group)
    run = losses[method.rates.index(rate)].astype(np.float64)
    return np.diff(run[:, run.shape[1] // 2 :], axis=1).std(axis=1)


def steadier(method: Method, seed: int, rate: float = SHARED_RATE, group: int = 0) -> Trial:
    """Whether the loss under `method` is steadier than under single examples, at one rate."""
    factors = [
        ratio(unrest(p, SINGLE, seed, rate, group), unrest(p, method, seed, rate)) for p in PROBLEMS
    ]
    says = " ".join(
        f"{p.name}, both at the rate {rate:.3g}: the spread of the loss's changes, from look to "
        f"look, under {SINGLE.name} over that under {method.name} is {factor(f)}."
        for p, f in zip(PROBLEMS, factors, strict=True)
    )
    return Trial(all(f.low > 1.0 for f in factors), says)


def own_rates(seed: int) -> Interval:
    """Unrest of single examples over that of small batches on diabetes, each at its best rate."""
    at_best = lambda m: unrest(DIABETES, m, seed, m.rates[best_rate(DIABETES, m, seed)])
    return ratio(at_best(SINGLE), at_best(SMALL))


def meaning(interval: Interval) -> str:
    if interval.low > 1.0:
        return "small batches are steadier there too"
    if interval.high < 1.0:
        return "small batches are the less steady there"
    return "no difference is shown"


def judge_b7(seed: int, truth: Method = SMALL, planted: Method = SINGLE) -> Judged:
    """Variance against its exact formula, progress by size of the data, unrest of the loss."""
    data = examples(DIABETES, seed)
    noise = variance(data, DIABETES.sizes, seed)
    says = earned(
        enumerated(finite, seed),
        variance_is(finite, noise),
        gains_with_size(SINGLE, seed),
        steadier(truth, seed),
    )
    reverse = own_rates(seed)
    return Judged(
        Evidence.MEASURED,
        evidence=f"{says} ({SEEDS} seeds; t intervals, {LEVEL:.1%}.)",
        control=" ".join(
            [
                failed("the variance is sigma^2 / b", variance_is(endless, noise)),
                failed("the full batch gains on itself", gains_with_size(FULL, seed)),
                failed(
                    "single examples are steadier than single examples of other seeds",
                    steadier(planted, seed, group=1),
                ),
            ]
        ),
        correction="Steadier at the same learning rate. With each at its own best rate the same "
        f"factor on diabetes is {factor(reverse)}: {meaning(reverse)}.",
        numbers={"curves": bands(DIABETES, seed), "variance": points(noise)},
    )


def bands(problem: Problem, seed: int) -> dict[str, dict[str, list]]:
    """Per method, at its best rate: examples seen, and the loss's median and band over seeds."""
    out = {}
    for method in METHODS:
        losses, spacing = raced(problem, method, seed, None, 0)
        low, median, high = np.percentile(losses[best_rate(problem, method, seed)], BAND, axis=0)
        seen = (np.arange(len(median)) * spacing).tolist()
        out[method.name] = {"examples": seen} | {
            name: [float(f"{v:.5g}") for v in values]
            for name, values in (("median", median), ("low", low), ("high", high))
        }
    return out


def points(noise: Noise) -> dict[str, list]:
    keep = lambda values: [float(f"{v:.6g}") for v in values]
    return {
        "batch": list(BATCHES),
        "measured": keep(i.mean for i in noise.measured),
        "low": keep(i.low for i in noise.measured),
        "high": keep(i.high for i in noise.measured),
        "exact": keep(noise.expected(finite)),
    }


A6 = Claim(
    "A6",
    "Unlike batch gradient descent, which uses the entire data set for a gradient, SGD processes "
    "one example or a small batch at a time, which allows for faster training.",
    judge_a6,
)
B7 = Claim(
    "B7",
    "Compared with gradient descent, SGD converges faster on large data sets; mini-batches "
    "converge more stably than single examples.",
    judge_b7,
)
