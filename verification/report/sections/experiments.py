"""Experiments: the full batch, small batches and single examples over many seeds, with bands.

The sweeps of claims A6 and B7, as rows of plain data, as figures and as a table: every rate and
seed of a batch size is one program of refnet.sweep.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np

import refnet as rn

from ...claims.interval import LEVEL, student
from ..document import Figure, Panel, Series
from ..tables import NUMBER, Column, Table
from .section import Part, Section, together

SEEDS, QUICK_SEEDS = 16, 12
BAND = (10.0, 50.0, 90.0)  # percentiles over seeds


class Experiment(NamedTuple):
    """A data set, its network and loss, and the loss that counts as learned."""

    name: str
    data: str
    sizes: tuple[int, ...]
    loss: str
    target: float


class Size(NamedTuple):
    """A batch size, and the rates that it is tried at: its best lies inside them."""

    label: str
    batch: int | None
    epochs: int
    rates: tuple[float, ...]


EXPERIMENTS = (Experiment("diabetes", "diabetes", (10, 4, 1), "mse", 0.48),)
SIZES = (
    Size("full batch", None, 50, tuple(2.0**k for k in range(-2, 2))),
    Size("batches of 32", 32, 16, tuple(2.0**k for k in range(-4, 0))),
    Size("one example", 1, 8, tuple(2.0**k for k in range(-8, -4))),
)


@lru_cache(maxsize=8)
def swept(experiment: Experiment, size: Size, seeds: int, seed: int) -> np.ndarray:
    """The mean loss of every epoch, (rates, seeds, epochs); NaN where a run had stopped."""
    split = rn.DATASETS[experiment.data](jax.random.key(seed))
    count = len(split.train.x) // 32 * 32  # whole batches: one program
    data = rn.Examples(split.train.x[:count], split.train.y[:count])
    runs = rn.sweep(
        rn.mlp,
        rn.LOSSES[experiment.loss],
        {"sgd": rn.gradient_descent},
        lambda key: rn.init_mlp(key, experiment.sizes),
        data,
        rates=size.rates,
        keys=jax.random.split(jax.random.key(seed + 1), seeds),
        batch=size.batch,
        epochs=size.epochs,
        validation=data,  # the loss over all examples after each epoch
    )["sgd"]
    assert runs.validation_loss is not None
    return np.asarray(runs.validation_loss, np.float64)


def best(losses: np.ndarray) -> int:
    """The rate whose median loss at the end is lowest."""
    return int(np.nan_to_num(np.median(losses[..., -1], axis=1), nan=np.inf).argmin())


def epochs_to(losses: np.ndarray, target: float) -> np.ndarray:
    """Epochs until the loss is at most the target, each run at its best rate; inf for never."""
    reached = losses <= target
    first = np.where(reached.any(axis=-1), reached.argmax(axis=-1) + 1.0, np.inf)
    return first.min(axis=0)


def experiment_rows(seed: int = 0, quick: bool = False) -> list[dict[str, Any]]:
    """One row for each experiment and batch size: epochs and steps to the target, with intervals.

    The interval is Student's, of the logarithm, at the claims' level; None where some seed did not
    arrive.  `gain` is the full batch's epochs over these, paired by seed.
    """
    seeds, out = (QUICK_SEEDS if quick else SEEDS), []
    for experiment in EXPERIMENTS:
        everything = epochs_to(swept(experiment, SIZES[0], seeds, seed), experiment.target)
        for size in SIZES:
            losses = swept(experiment, size, seeds, seed)
            needed = epochs_to(losses, experiment.target)
            arrived = bool(np.isfinite(needed).all() and np.isfinite(everything).all())
            out.append(
                {
                    "experiment": experiment.name,
                    "batch": size.label,
                    "seeds": seeds,
                    "rate": size.rates[best(losses)],
                    "rate_inside": 0 < best(losses) < len(size.rates) - 1,
                    "target": experiment.target,
                    "epochs_median": float(np.median(needed)),
                    "arrived": int(np.isfinite(needed).sum()),
                    "gain": factor(everything / needed) if arrived else None,
                    "level": LEVEL,
                }
            )
    return out


def factor(ratios: np.ndarray) -> dict[str, float]:
    """The mean ratio and its interval, from the logarithms."""
    logs = np.log(ratios)
    if np.ptp(logs) == 0.0:
        same = float(ratios[0])
        return {"mean": same, "low": same, "high": same}
    mean, low, high = np.exp(student(logs)).tolist()
    return {"mean": mean, "low": low, "high": high}


def figures(seed: int = 0, quick: bool = False) -> tuple[Figure, ...]:
    """The loss over epochs of every batch size at its best rate, with bands over seeds."""
    seeds = QUICK_SEEDS if quick else SEEDS
    panels = tuple(_panel(experiment, seeds, seed) for experiment in EXPERIMENTS)
    caption = (
        "The loss on all training data after each epoch, every batch size at its best learning "
        f"rate: the median over {seeds} seeds, with the middle 80 % of them."
    )
    return (Figure("sweeps", "Batch sizes, many seeds", caption, panels),)


def _panel(experiment: Experiment, seeds: int, seed: int) -> Panel:
    series = []
    for size in SIZES:
        losses = swept(experiment, size, seeds, seed)
        low, middle, high = np.percentile(losses[best(losses)], BAND, axis=0)
        seen = tuple(map(float, range(1, len(middle) + 1)))
        columns: tuple[Any, ...] = tuple(tuple(c.tolist()) for c in (middle, low, high))
        series.append(Series(size.label, seen, *columns))
    return Panel(experiment.name, "epochs", "loss", tuple(series), y_scale="linear")


SWEEPS = "sweeps"
COLUMNS = (
    Column("experiment", "Data"),
    Column("batch", "Batch"),
    Column("seeds", "Seeds", NUMBER),
    Column("rate", "Best rate", NUMBER),
    Column("inside", "Inside the rates tried"),
    Column("target", "Loss to reach", NUMBER),
    Column("arrived", "Arrived", NUMBER),
    Column("epochs_median", "Epochs, median", NUMBER),
    Column("gain", "Full batch's epochs over these"),
)
LEAD = (
    "The full batch, small batches and single examples, each at its own best learning rate, over "
    "many seeds. Counted are the passes over the data until the training loss is at most the "
    "target. The ratio is paired by seed, and has its interval."
)


QUICKLY = "A quick run trains none of these."


def work(part: str, seed: int, quick: bool) -> Part:
    """The sweeps, which a quick run leaves out."""
    if quick:
        return Part([])
    return Part(list(map(row, experiment_rows(seed, quick))), figures=figures(seed, quick))


def row(found: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in found.items() if key not in ("rate_inside", "gain")}
    return kept | {
        "inside": "yes" if found["rate_inside"] else "no",
        "gain": gain(found["gain"], found["level"]),
    }


def gain(factor: Mapping[str, float] | None, level: float) -> str:
    """2.4, between 2.1 and 2.8 at 99 %."""
    if factor is None:
        return "not every seed arrived"
    mean, low, high = (f"{factor[key]:.3g}" for key in ("mean", "low", "high"))
    return mean if low == high else f"{mean}, between {low} and {high} at {100 * level:g} %"


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    rows = tuple(together(parts))
    notes = () if rows else (QUICKLY,)
    return (Table("experiments", "Experiments", LEAD, COLUMNS, rows, notes=notes),)


SECTION = Section((SWEEPS,), work, tables)
