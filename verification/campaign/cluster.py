"""A campaign on other machines: Dask hands the questions out, the journal stays with the caller.

What its workers do is in relay.py.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from functools import partial
from pathlib import Path
from typing import Any

from ..adapters.source_files import Unusable
from .pool import Make
from .relay import LOST, OFTEN, ended, relayed

MISSING = (
    "--executor dask needs Dask's distributed, an optional extra: pip install 'refnet[cluster]'"
)
SECONDS = 30  # until a scheduler must have answered
SPOKEN = ("distributed", "distributed.client")
MISSED = 30.0  # seconds after which another worker is started for one that is gone


def dask(scheduler: str = "") -> Make:
    """make(workers) -> an executor over the workers of `scheduler`, or over a local cluster.

    scheduler    its address, tcp://127.0.0.1:8786, say; empty for a cluster on this machine that
                 ends with the campaign

    `make` raises Unusable where distributed is not installed, or the scheduler does not answer.
    """
    return partial(_connected, scheduler)


def _connected(scheduler: str, workers: int) -> Executor:
    try:
        from distributed import Client  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        raise Unusable(MISSING) from error
    for name in SPOKEN:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what it says is said in sentences
    local = None if scheduler else _local(workers)
    try:
        return _Asked(Client(scheduler or local, timeout=SECONDS), local, workers)
    except (OSError, TimeoutError, ValueError) as error:
        said = f"no scheduler answers at {scheduler!r} within {SECONDS} s; is its address right?"
        raise Unusable(said) from error


def _local(workers: int) -> Any:
    """A scheduler and workers of this machine, on its loopback address."""
    import dask.config as settings  # pyright: ignore[reportMissingImports]
    from distributed import LocalCluster  # pyright: ignore[reportMissingImports]

    settings.set({"distributed.worker.daemon": False})
    settings.set({"distributed.scheduler.allowed-failures": OFTEN})
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,  # a worker that ends is a row of the report
    )


class _Asked(Executor):
    """Futures of the standard library for those of a client; one that gets no answer has None."""

    def __init__(self, client: Any, local: Any, workers: int):
        from distributed.scheduler import KilledWorker  # pyright: ignore[reportMissingImports]

        self.client, self.local, self.killed = client, local, KilledWorker
        self.executor, self.over = client.get_executor(pure=False), threading.Event()
        if local is not None:
            watch = threading.Thread(target=_kept_up, args=(local, workers, self.over), daemon=True)
            watch.start()

    def submit(self, function: Callable, /, *args: Any) -> Future:
        told: Future = Future()
        try:
            asked = self.executor.submit(relayed, str(Path.cwd()), function, args)
        except Exception as error:
            if self.client.status == "running":
                raise
            raise Unusable(LOST) from error
        asked.add_done_callback(partial(_tell, told, self.killed))
        return told

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.over.set()
        if self.client.status == "running":  # a lost cluster has nothing to be ended
            with contextlib.suppress(OSError, TimeoutError):
                self.client.run(ended)
        self.client.close()
        if self.local is not None:
            self.local.close()


def _kept_up(local: Any, workers: int, over: threading.Event) -> None:
    """Another worker for each that stays away: one that was late to start is given up by Dask."""
    since = time.monotonic()
    while not over.wait(MISSED / 10):
        missing = workers - len(local.scheduler_info["workers"])
        if missing <= 0:
            since = time.monotonic()
        elif time.monotonic() - since > MISSED:
            local.scale(len(local.worker_spec) + missing)
            since = time.monotonic()


def _tell(told: Future, killed: type[Exception], asked: Future) -> None:
    """What came of a question, in the words of a campaign."""
    if told.done():
        return
    try:
        told.set_result(asked.result())
    except CancelledError:
        told.set_exception(Unusable(LOST))
    except killed:  # it took more workers with it than may end
        told.set_result(None)
    except Exception as error:
        told.set_exception(error)
