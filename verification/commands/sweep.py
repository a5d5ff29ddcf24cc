"""`refnet train` with lists: every method, rate, batch and seed, side by side; resumable."""

import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from .mistakes import Mistake
from .tables import check_form, write_table

if TYPE_CHECKING:
    import numpy as np

    from refnet import Split

CHUNKS = 20  # checkpoints of a sweep; between two of them lies one compiled call
WITHOUT = "checkpoints want orbax-checkpoint; install it with `pip install 'refnet[train]'`"


class Sweep(NamedTuple):
    """What is swept over, and how the network is made."""

    data: str
    network: tuple[int, ...]
    activation: str
    initializer: str
    loss: str
    methods: tuple[str, ...]
    rates: tuple[float, ...]
    batches: tuple[int | None, ...]
    seeds: int
    epochs: int
    seed: int


class Curves(NamedTuple):
    """What the runs of one method and batch left: (rates, seeds, ...)."""

    loss: "np.ndarray"  # of every step
    validation_loss: "np.ndarray"  # of every epoch
    stopped_at: "np.ndarray"  # step, 0: none


Cells = dict[tuple[str, int | None], Curves]


def run_sweep(
    plan: Sweep, split: "Split", rules: Mapping, out: Path | None, resume: bool, form: str
) -> int:
    """Run all of it; write tables and a figure to `out`, and say what came of it."""
    check_form(form)
    _prepare(plan, out, resume)
    cells: Cells = {}
    for batch in plan.batches:
        for method, curves in _batch(plan, split, rules, batch, out).items():
            cells[method, batch] = curves
    examples = len(split.train.x)
    runs, curves = list(run_rows(plan, cells, examples)), list(curve_rows(plan, cells, examples))
    if out is not None:
        write_table(out / "runs", runs, form)
        write_table(out / "curves", curves, form)
        _figure(out / "curves.svg", plan, cells, examples)
    return _said(plan, runs, out)


def _prepare(plan: Sweep, out: Path | None, resume: bool) -> None:
    """The settings of a sweep lie beside its results; another sweep is not gone on with."""
    if out is None:
        if resume:
            raise Mistake("--resume goes on with what lies in a folder; give it with --out")
        return
    settings = json.dumps(plan._asdict(), indent=1)
    file = out / "sweep.json"
    if file.exists():
        if not resume:
            raise Mistake(f"--out is {str(out)!r}, which holds a sweep; give --resume, or another")
        if json.loads(file.read_text()) != json.loads(settings):
            raise Mistake(
                f"--out is {str(out)!r}, which holds a sweep with other settings "
                "(sweep.json there); give the same, or another folder"
            )
        if not has_orbax():
            raise Mistake(f"--resume: {WITHOUT}")
    out.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".sweep.json.{os.getpid()}")
    aside.write_text(settings)
    aside.replace(file)


def _batch(plan: Sweep, split: "Split", rules: Mapping, batch, out: Path | None) -> dict:
    """The runs of one batch size, a few epochs at a time."""
    import jax
    import numpy as np

    import refnet as rn

    from .checkpoints import restored, save

    chunk = -(-plan.epochs // CHUNKS)
    place = (
        None if out is None or not has_orbax() else (out / "checkpoints" / str(batch)).absolute()
    )
    key = jax.random.split(jax.random.key(plan.seed), 3)[1]
    keys = jax.random.split(key, plan.seeds)
    f, weights = rn.ACTIVATIONS[plan.activation], rn.INITIALIZERS[plan.initializer]
    network = lambda params, x: rn.mlp(params, x, f)
    init = lambda key: rn.init_mlp(key, plan.network, weights)

    def go_on(first: int, count: int, start: Any) -> dict:
        return rn.sweep(
            network,
            rn.LOSSES[plan.loss],
            rules,
            init,
            split.train,
            rates=plan.rates,
            keys=keys,
            batch=batch,
            epochs=count,
            validation=split.validation,
            start=start,
            first_epoch=first,
        )

    like = lambda first: jax.eval_shape(lambda: go_on(0, max(first, 1), None))
    done, kept = restored(place, like)
    for first in _shown(range(done, plan.epochs, chunk), plan, batch):
        runs = go_on(first, min(chunk, plan.epochs - first), kept)
        kept = joined(kept, jax.tree.map(np.asarray, runs))
        save(place, first + min(chunk, plan.epochs - first), kept)
    return {name: Curves(*map(np.asarray, run[2:])) for name, run in kept.items()}


def has_orbax() -> bool:
    """Whether the library of checkpoints is installed."""
    return importlib.util.find_spec("orbax") is not None


def joined(before: Any, after: Any) -> Any:
    """The runs so far: the new state, and the losses of all epochs."""
    import numpy as np

    if before is None:
        return after
    longer = lambda a, b: np.concatenate([a, b], axis=-1)
    return {
        name: run._replace(
            loss=longer(before[name].loss, run.loss),
            validation_loss=longer(before[name].validation_loss, run.validation_loss),
        )
        for name, run in after.items()
    }


# --- what came of it -------------------------------------------------------------------------


def _shown(firsts: range, plan: Sweep, batch) -> Iterator[int]:
    """A progress bar on stderr, where somebody looks at it."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    count = len(plan.methods) * len(plan.rates) * plan.seeds
    label = f"{count} runs, batch {batch or 'all'}"
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        yield from bar.track(firsts, description=label)


def run_rows(plan: Sweep, cells: Cells, examples: int) -> Iterator[dict]:
    """One row for each run; where it stopped, the step and the loss there."""
    import numpy as np

    for (method, batch), cell in cells.items():
        for i, rate in enumerate(plan.rates):
            for seed in range(plan.seeds):
                loss, stop = cell.loss[i, seed], int(cell.stopped_at[i, seed])
                last = stop - 1 if stop else len(loss)
                yield {
                    "method": method,
                    "rate": rate,
                    "batch": batch or examples,
                    "seed": seed,
                    "steps": last,
                    "stopped_at": stop or None,
                    "loss_there": float(loss[stop - 1]) if stop else None,
                    "last_loss": float(loss[last - 1]) if last else None,
                    "validation_loss": float(cell.validation_loss[i, seed, -1]),
                    "best_validation_loss": float(np.nanmin(cell.validation_loss[i, seed])),
                }


def curve_rows(plan: Sweep, cells: Cells, examples: int) -> Iterator[dict]:
    """One row for each run and epoch; the loss is the mean over the examples of the epoch."""
    for (method, batch), cell in cells.items():
        loss = epoch_means(cell.loss, examples, batch or examples, plan.epochs)
        for i, rate in enumerate(plan.rates):
            for seed in range(plan.seeds):
                for epoch in range(plan.epochs):
                    yield {
                        "method": method,
                        "rate": rate,
                        "batch": batch or examples,
                        "seed": seed,
                        "epoch": epoch + 1,
                        "examples": (epoch + 1) * examples,
                        "loss": float(loss[i, seed, epoch]),
                        "validation_loss": float(cell.validation_loss[i, seed, epoch]),
                    }


def epoch_means(loss: "np.ndarray", examples: int, batch: int, epochs: int) -> "np.ndarray":
    """A last smaller batch counts for its size."""
    import numpy as np

    sizes = np.minimum(batch, examples - np.arange(0, examples, batch))
    whole = np.asarray(loss, np.float64).reshape(*loss.shape[:-1], epochs, len(sizes))
    return whole @ (sizes / examples)


def _figure(file: Path, plan: Sweep, cells: Cells, examples: int) -> None:
    from .curves import drawn

    aside = file.with_name(f".{file.name}.{os.getpid()}")
    losses = {
        (method, rate, batch or examples): cell.validation_loss[i]
        for (method, batch), cell in cells.items()
        for i, rate in enumerate(plan.rates)
    }
    aside.write_text(drawn(f"{plan.data}: {plan.loss}", losses, examples))
    aside.replace(file)


def _said(plan: Sweep, runs: list[dict], out: Path | None) -> int:
    """Median and middle half of the final validation losses; exit status 1 if no run went on."""
    import numpy as np
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("method", "rate", "batch", "runs", "stopped", "validation loss", "25 %", "75 %"):
        table.add_column(name, justify="right")
    groups: dict[tuple, list[dict]] = {}
    for row in runs:
        groups.setdefault((row["method"], row["rate"], row["batch"]), []).append(row)
    for (method, rate, batch), rows in groups.items():
        stopped = sum(row["stopped_at"] is not None for row in rows)
        final = [row["validation_loss"] for row in rows if row["stopped_at"] is None] or [np.nan]
        numbers = (f"{v:.6g}" for v in np.percentile(final, (50, 25, 75)))
        table.add_row(method, f"{rate:g}", str(batch), str(len(rows)), str(stopped), *numbers)
    console = Console(width=max(100, Console().width))
    console.print(f"{plan.data}: {len(runs)} runs of {plan.epochs} epochs", table, sep="\n")
    if out is not None:
        console.print(f"written to {out}", highlight=False)
    lost = sum(row["stopped_at"] is not None for row in runs)
    if lost:
        typer.echo(
            f"refnet: {lost} of {len(runs)} runs stopped: their loss is not finite", err=True
        )
    return int(lost == len(runs))
