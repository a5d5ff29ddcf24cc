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
    RAY = "ray"


Where = Annotated[
    Executor,
    typer.Option(help="Who asks the questions: processes here, or workers of Dask or Ray."),
]
Scheduler = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="With --executor dask: tcp://HOST:PORT of its scheduler; with ray: HOST:PORT "
        "of its head. Default: a cluster on this machine, which ends with the run.",
    ),
]


def over(executor: Executor, scheduler: str) -> "Make | None":
    """What makes the executor; None for processes here.  Mistake where the two do not fit."""
    if executor is Executor.PROCESS:
        if scheduler:
            raise Mistake("--scheduler is for --executor dask or ray; add one, or leave it out")
        return None
    if executor is Executor.RAY:
        from ..campaign.cluster_ray import ray

        return ray(scheduler)
    from ..campaign.cluster import dask

    return dask(scheduler)
