"""`refnet report`: the main job.  Judge everything, write one report."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from .executors import Executor, Scheduler, Where, over
from .mistakes import at_least_one, seed_of, translated
from .status import status_of

Tell = Callable[[str, int, int], None]  # stage, how many of it are done, of how many


def report(
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("reports/local"),
    quick: Annotated[
        bool, typer.Option("--quick", help="A quick run: fewer cases, dtypes and training runs.")
    ] = False,
    seed: Annotated[
        int, typer.Option(help="Seed of every draw; the same seed gives the same report.")
    ] = 0,
    workers: Annotated[
        int | None, typer.Option(help="How many processes. Default: one for each core, at most 4.")
    ] = None,
    executor: Where = Executor.PROCESS,
    scheduler: Scheduler = "",
) -> int:
    """Judge everything, and write one report.

    That is index.html for people, and report.md, report.json and junit.xml.

    Exit status 0 where nothing is left to act on, 1 wrong, inaccurate or rejected, 3 undecided.
    A former report stays as it is until the new one is whole.
    """
    seed_of(seed)
    workers = min(os.cpu_count() or 1, 4) if workers is None else at_least_one("--workers", workers)
    make = over(executor, scheduler)
    from ..report import report as judge_everything
    from ..report.write import writable

    import_module("verification.report.stages")  # what is not installed is said before all else
    writable(out)  # before the work
    asked = {"quick": quick, "seed": seed, "workers": workers, "make": make}
    with translated(), stages() as tell:
        written = judge_everything(out, progress=tell, **asked)
    for verdict, number in written.counts.items():
        if number:
            typer.echo(f"{number:6d} {verdict}")
    typer.echo(out / "index.html")
    if written.passed:
        return 0
    return status_of(verdict for verdict, number in written.counts.items() if number) or 1


@contextmanager
def stages() -> Iterator[Tell]:
    """Where a terminal looks on, a bar for each stage; elsewhere a line as each ends."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda stage, done, total: _line(stage, done, total)
        return
    columns = TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn()
    with Progress(
        *columns, TimeRemainingColumn(elapsed_when_finished=True), console=console
    ) as bars:
        tasks = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield tell


def _line(stage: str, done: int, total: int) -> None:
    if done == total:
        typer.echo(f"{stage}: {total} of {total}", err=True)
