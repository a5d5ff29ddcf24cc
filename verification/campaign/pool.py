"""An executor that outlives its processes: only the task of one that dies has no answer."""

import contextlib
import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from typing import Any

from .worker import prepare

Make = Callable[[int], Executor]


def processes(workers: int, folder: str = "") -> ProcessPoolExecutor:
    """Fresh processes, nothing inherited: threads of JAX do not survive a fork.

    They work in `folder`, or where this process does.
    """
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=prepare, initargs=(folder,))


class Pool:
    """`each` asks a function of many tasks, so many at a time, and yields as answers arrive."""

    def __init__(self, workers: int, make: Make = processes):
        self.workers, self.make = workers, make
        self.former = set(multiprocessing.active_children())
        self.executor = make(workers)

    def each(
        self,
        function: Callable,
        tasks: Iterable[tuple],
        is_answer: Callable[[tuple, Any], bool] = lambda task, answer: True,
    ) -> Iterator[tuple[tuple, Any]]:
        """(task, its answer), or (task, None) where it ended its process.

        No task is begun before the answer that freed its place has been taken.  What is no answer
        is asked for once more, and then given as it comes.
        """
        waiting, running = deque(tasks), {}
        again: list[tuple] = []
        while waiting or running:
            lost = self._launch(function, waiting, running)
            done = wait(running, return_when=FIRST_COMPLETED).done if not lost else set(running)
            interrupted = []
            for future in done:
                task = running.pop(future)
                if _is_broken(future):
                    interrupted.append(task)
                elif is_answer(task, future.result()) or any(task is one for one in again):
                    yield task, future.result()
                else:
                    again.append(task)
                    waiting.append(task)
            if interrupted or lost:
                for future in list(running):  # they ended with it
                    waiting.appendleft(running.pop(future))
                self._renew(self.workers)
                yield from self._one_by_one(function, interrupted)

    def _launch(self, function: Callable, waiting: deque, running: dict[Future, tuple]) -> bool:
        """Fill the free places; whether the executor was found broken."""
        while waiting and len(running) < self.workers:
            try:
                with _uninterrupted():
                    future = self.executor.submit(function, *waiting[0])
            except BrokenExecutor:
                return True
            running[future] = waiting.popleft()
        return False

    def _one_by_one(
        self, function: Callable, interrupted: list[tuple]
    ) -> Iterator[tuple[tuple, Any]]:
        """Each alone, so that who ends a process is known."""
        for task in interrupted:
            running: dict[Future, tuple] = {}
            self._launch(function, deque([task]), running)
            (future,) = running
            if _is_broken(future):
                self._renew(self.workers)
                yield task, None
            else:
                yield task, future.result()

    def _renew(self, workers: int) -> None:
        self.close()
        self.executor = self.make(workers)

    def close(self) -> None:
        """At once: nothing that is asked for still is in the air."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - self.former:
            process.kill()
            process.join()


def _is_broken(future: Future) -> bool:
    return isinstance(future.exception(), BrokenExecutor)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C comes a moment later, and never to a process that is being made."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
