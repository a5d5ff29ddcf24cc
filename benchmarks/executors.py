"""Who asks the questions of a benchmark: this process, its children, or a cluster's workers."""

import argparse
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from typing import Any

from verification.campaign import cluster, cluster_ray, pool
from verification.commands.executors import Executor, over

NEEDS = {"dask": "distributed", "ray": "ray"}


def clusters() -> dict[str, pool.Make]:
    """One of this machine of each kind that is installed."""
    known = {"dask": cluster.dask(), "ray": cluster_ray.ray()}
    return {name: make for name, make in known.items() if find_spec(NEEDS[name]) is not None}


def add(parser: argparse.ArgumentParser) -> None:
    """--executor, --scheduler and --workers, as `refnet campaign` has them."""
    parser.add_argument("--executor", choices=[*map(str, Executor)], default="process")
    parser.add_argument("--scheduler", default="", metavar="ADDRESS")
    parser.add_argument("--workers", type=int, default=1)


@contextmanager
def asked(options: argparse.Namespace) -> Iterator[pool.Pool | None]:
    """The pool that the options ask for; None where this process alone is to do it."""
    make = over(Executor(options.executor), options.scheduler)
    if make is None and options.workers == 1:
        yield None
        return
    with closing(pool.Pool(options.workers, make or pool.processes)) as made:
        yield made


def answers(
    asked: Any, function: Callable, tasks: Iterable[tuple], kind: type
) -> Iterator[tuple[tuple, Any]]:
    """(task, what the function says of it), of that kind, as they come; here where nobody else is.

    Raises RuntimeError where a task ends its process twice, or is answered by something else.
    """
    if asked is None:
        yield from ((task, function(*task)) for task in tasks)
        return
    for task, said in asked.each(function, tasks, lambda task, said: isinstance(said, kind)):
        if not isinstance(said, kind):
            raise RuntimeError(f"{task[0]} has no answer: it ended its process twice, or worse")
        yield task, said
