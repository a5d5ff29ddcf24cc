"""Who asks the questions of a benchmark: this process, its children, or a cluster's workers."""

import argparse
from importlib.util import find_spec

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


def asked(options: argparse.Namespace) -> pool.Pool | None:
    """The pool that the options ask for; None where this process alone is to do it."""
    make = over(Executor(options.executor), options.scheduler)
    if make is None and options.workers == 1:
        return None
    return pool.Pool(options.workers, make or pool.processes)
