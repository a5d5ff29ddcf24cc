"""A campaign on other machines: Ray hands the questions out, the journal stays with the caller.

Ray is spoken to by a process of its own.  What it prints, which signals it takes, and how it ends
where its cluster is lost, is none of the caller's: for the caller that is the end of a pipe.  What
the workers do is in relay.py.
"""

import contextlib
import itertools
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ..adapters.source_files import Unusable
from .pool import Make
from .relay import LOST, OFTEN, relayed
from .worker import prepare

MISSING = "--executor ray needs Ray, an optional extra: pip install 'refnet[ray]'"
STARTED = 120.0  # seconds until a local one must have started
ANSWERED = 30.0  # until one that is there must have answered
ENDING = 20  # that its end may take
MEMORY = 100 * 2**20  # of the store of a local one: an answer has some kilobytes
LOCAL = {
    "address": "local",
    "_node_ip_address": "127.0.0.1",
    "include_dashboard": False,
    "object_store_memory": MEMORY,
}


def ray(address: str = "") -> Make:
    """make(workers) -> an executor over the workers of the Ray at `address`, or over a local one.

    address    127.0.0.1:6379, say; empty for a Ray on this machine that ends with the campaign

    `make` raises Unusable where Ray is not installed, or does not answer.
    """
    return partial(_connected, address)


def _connected(address: str, workers: int) -> Executor:
    if not _is_installed():
        raise Unusable(MISSING)
    mine, its = multiprocessing.get_context("spawn").Pipe()
    speaker = multiprocessing.get_context("spawn").Process(
        target=speak, args=(its, address, workers), daemon=True
    )
    speaker.start()
    its.close()
    if said := _first_word(mine, ANSWERED if address else STARTED):
        _end(speaker)
        where = f"at {address!r}; is its address right?" if address else "on this machine"
        raise Unusable(f"no Ray answers {where} ({said})")
    return _Asked(mine, speaker)


def _is_installed() -> bool:
    found = find_spec("ray")
    return found is not None and found.origin is not None  # a folder of that name has none


def _first_word(pipe: Connection, seconds: float) -> str:
    """What is wrong, or nothing."""
    try:
        return pipe.recv() if pipe.poll(seconds) else f"it says nothing within {seconds:g} s"
    except EOFError:
        return "it ended"


def _end(speaker: Any) -> None:
    """The process that speaks to Ray, and all that it has started: they are one group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(speaker.pid, signal.SIGKILL)
    speaker.kill()  # one that was not yet a group of its own
    speaker.join()


class _Asked(Executor):
    """Futures for questions that go through a pipe; one that gets no answer has None."""

    def __init__(self, pipe: Connection, speaker: Any):
        self.pipe, self.speaker = pipe, speaker
        self.numbers, self.open, self.lock = itertools.count(), {}, threading.Lock()
        self.over = False
        threading.Thread(target=self._listen, daemon=True).start()

    def submit(self, function: Callable, /, *args: Any) -> Future:
        told: Future = Future()
        with self.lock:
            if self.over:
                raise Unusable(LOST)
            number = next(self.numbers)
            self.open[number] = told
            with contextlib.suppress(OSError):  # then it is over, and the listener says so
                self.pipe.send((number, str(Path.cwd()), function, args))
        return told

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                number, packed = self.pipe.recv()
                with self.lock:
                    told = self.open.pop(number)
                _tell(told, packed)
        with self.lock:
            self.over, left = True, [*self.open.values()]
        self.pipe.close()
        for told in left:
            if not told.done():
                told.set_exception(Unusable(LOST))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with contextlib.suppress(OSError):
            self.pipe.send(None)
        self.speaker.join(ENDING)
        _end(self.speaker)


def _tell(told: Future, packed: bytes) -> None:
    """What came of a question, in the words of a campaign."""
    try:
        failed, answer = pickle.loads(packed)
    except Exception as error:
        failed, answer = True, error
    if told.done():
        return
    if failed:
        told.set_exception(answer)
    else:
        told.set_result(answer)


# --- in the process that speaks to Ray ---------------------------------------------------------


def speak(pipe: Connection, address: str, workers: int) -> None:
    """Start or join Ray, hand out what comes through the pipe, and end what was started."""
    os.setsid()
    prepare()
    os.dup2(1, 2)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray  # pyright: ignore[reportMissingImports]

    how = {"address": address} if address else {**LOCAL, "num_cpus": workers}
    try:
        try:
            ray.init(log_to_driver=False, **how)
        except Exception as error:
            pipe.send(f"{type(error).__name__}: {error}".partition("\n")[0])
            return
        pipe.send("")
        _hand_out(pipe, ray)
    finally:
        threading.Timer(ENDING / 2, _end_all).start()  # where Ray does not end
        ray.shutdown()
        _end_all()


def _end_all() -> None:
    os.killpg(0, signal.SIGKILL)


def _hand_out(pipe: Connection, ray: Any) -> None:
    """Until nothing comes, or nobody is there who asks."""
    ask = ray.remote(relayed).options(max_retries=0, num_cpus=1)
    lock = threading.Lock()

    def answer(number: int, failed: bool, what: Any) -> None:
        try:
            packed = pickle.dumps((failed, what))
        except Exception as error:
            packed = pickle.dumps((True, RuntimeError(f"{type(error).__name__}: {error}")))
        with lock, contextlib.suppress(OSError):
            pipe.send((number, packed))

    def came(number: int, asked: tuple, left: int, future: Future) -> None:
        failed, what = outcome(future, ray.exceptions)
        if what is Again and left:
            submit(number, asked, left - 1)
        else:
            answer(number, failed, None if what is Again else what)

    def submit(number: int, asked: tuple, left: int) -> None:
        future = ask.remote(*asked).future()
        future.add_done_callback(partial(came, number, asked, left))

    with contextlib.suppress(EOFError):
        while (question := pipe.recv()) is not None:
            submit(question[0], question[1:], OFTEN)


class Again:
    """In the place of an answer: the worker ended, and the question is asked of another."""


def outcome(future: Future, errors: Any) -> tuple[bool, Any]:
    """(whether it failed, the answer or the error), from what Ray says."""
    try:
        return False, future.result()
    except (errors.WorkerCrashedError, errors.OutOfMemoryError, errors.NodeDiedError):
        return False, Again
    except errors.RayTaskError as error:
        return True, error.cause
    except Exception as error:
        return True, Unusable(f"{LOST} ({type(error).__name__})")
