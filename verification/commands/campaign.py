"""`refnet campaign`: many implementations judged unattended, as a TOML file describes them."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .executors import AT_ONCE, Executor, Scheduler, Where, over
from .mistakes import Mistake, at_least_one, translated
from .status import status_of

if TYPE_CHECKING:
    from ..campaign.run import Tell


def campaign(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.toml", help="The file that says what to judge, see docs/ci.md."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder of the journal and the report.")],
    workers: Annotated[
        int | None,
        typer.Option(
            help="How many processes. Default: one for each core, at most 4. With --scheduler: how "
            "many questions are with the cluster at a time, 64 by default."
        ),
    ] = None,
    executor: Where = Executor.PROCESS,
    scheduler: Scheduler = "",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the answers in the journal.")
    ] = False,
) -> int:
    """Judge many implementations, unattended.

    Every answer is kept as soon as it is there: after Ctrl-C, a crash or a kill, --resume goes on.

    Exit status 0 correct, 1 wrong, inaccurate or rejected, 3 undecided.
    """
    usual = AT_ONCE if scheduler else min(os.cpu_count() or 1, 4)
    workers = usual if workers is None else at_least_one("--workers", workers)
    make = over(executor, scheduler)
    if out.exists() and not out.is_dir():
        raise Mistake(f"--out is {str(out)!r}, which is a file; give a folder")
    with translated(), progress() as tell:
        from ..campaign.plan import read
        from ..campaign.run import run

        done = run(read(file), out, workers, resume, tell, **({"make": make} if make else {}))
    for line in done.damaged:
        said = f"line {line} of the journal was damaged, so its question was asked again"
        typer.echo(said, err=True)
    counts = Counter(row["verdict"] for row in done.rows)
    for verdict, number in counts.items():
        typer.echo(f"{number:6d} {verdict}")
    typer.echo(done.page)
    return status_of(counts)


@contextmanager
def progress() -> Iterator["Tell"]:
    """A bar on stderr, where it is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task("questions", total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
