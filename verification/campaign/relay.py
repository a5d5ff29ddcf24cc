"""At a worker of a cluster: each question is asked in a process of its own, as on one machine.

Time limits, crashes and the precision of proofs belong to that process.  Workers need the same
files at the same paths, and the same refnet.
"""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any

from ..adapters.source_files import Unusable
from .pool import Pool, processes

DAEMON = "DASK_DISTRIBUTED__WORKER__DAEMON"
IS_DAEMON = f"a worker of the cluster may start no processes: start it with {DAEMON}=False"
LOST = "the cluster was lost; the answers that came are kept, go on with --resume"
OFTEN = 10  # times that workers may end under one question before it is held to be the cause

_AT_WORK = threading.Lock()  # a worker of several threads asks one question at a time
_POOLS: dict[str, Pool] = {}  # the one process that this worker asks in, by the folder it works in
_OVER = threading.Event()  # no process is made for a campaign that has ended


def ended() -> None:
    """The processes of this worker, once a campaign is over."""
    _OVER.set()
    for pool in list(_POOLS.values()):
        pool.close()
    _POOLS.clear()


def relayed(folder: str, function: Callable, args: tuple) -> Any:
    """function(*args) in a process of this worker; None where it ended that process twice."""
    if multiprocessing.current_process().daemon:
        raise Unusable(IS_DAEMON)
    with _AT_WORK:
        _OVER.clear()
        if folder not in _POOLS:
            _POOLS[folder] = Pool(1, partial(_processes, folder))
        ((_, answer),) = _POOLS[folder].each(function, [args])
        return answer


def _processes(folder: str, workers: int) -> Executor:
    if _OVER.is_set():
        raise RuntimeError("the campaign is over")
    return processes(workers, folder)
