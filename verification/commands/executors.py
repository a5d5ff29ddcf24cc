"""Who asks the questions of a long run: processes here, or the workers of a cluster."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from .mistakes import Mistake

if TYPE_CHECKING:
    from ..campaign.pool import Make

AT_ONCE = 64  # questions with a cluster


class Executor(StrEnum):
    """Where questions are asked."""

    PROCESS = "process"
    DASK = "dask"


Where = Annotated[
    Executor, typer.Option(help="Where the questions are asked: here, or by Dask's workers.")
]
Scheduler = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="With --executor dask: tcp://HOST:PORT of its scheduler. Default: a cluster on "
        "this machine, which ends with the run.",
    ),
]


def over(executor: Executor, scheduler: str) -> "Make | None":
    """What makes the executor; None for processes here.  Mistake where the two do not fit."""
    if scheduler and executor is not Executor.DASK:
        raise Mistake("--scheduler is for --executor dask; add that, or leave it out")
    if executor is not Executor.DASK:
        return None
    from ..campaign.cluster import dask

    return dask(scheduler)
