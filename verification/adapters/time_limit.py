"""A time limit on each answer of somebody's code: an exception in it; where it does not let that
through, as compiled code does not, the process is ended, if it is one that may be.

    >>> import time
    >>> try:
    ...     timed(time.sleep, 0.01)(1.0)
    ... except TimeoutError as error:
    ...     print(error)
    no answer within 0.01 s
"""

import faulthandler
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from .function import Function

GRACE = 1.0  # seconds between the exception and the end of the process
MAY_END = threading.Event()  # set in a process that was made for this


class Late(BaseException):
    """The time is over.  No Exception: foreign code must not catch it."""


class Overdue(TimeoutError):
    """No answer within so many seconds."""


def check_timeout(timeout: Any) -> None:
    """Raises ValueError for what is no time, or where nothing can be timed."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        raise ValueError(f"timeout is {timeout!r}; give seconds, a number above 0")
    if not 0.0 < timeout < float("inf"):
        raise ValueError(f"timeout is {timeout:g}; give a finite number of seconds above 0")
    if not hasattr(signal, "setitimer"):
        raise ValueError("timeout needs the timer signals of POSIX, which this system has not")
    if threading.current_thread() is not threading.main_thread():
        raise ValueError("timeout is given outside the main thread, where no signal arrives")


def in_time(candidate: Any, timeout: Any) -> Any:
    """The candidate, each of whose answers has so many seconds."""
    if timeout is None:
        return candidate
    check_timeout(timeout)
    if not isinstance(candidate, Function):
        return timed(candidate, timeout)
    answers = candidate.answers
    return candidate._replace(answers=lambda argnums: timed(answers(argnums), timeout))


def timed(function: Callable, seconds: float) -> Callable:
    """The function, which raises TimeoutError for an answer that comes later, and ever after."""
    late: list[TimeoutError] = []

    @wraps(function, updated=())
    def asked(*args, **kwargs):
        if late:
            raise late[0]
        try:
            with _limited(seconds):
                return function(*args, **kwargs)
        except Overdue as error:
            late.append(error)
            raise

    return asked


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    is_late = threading.Event()

    def late(*_) -> None:
        is_late.set()
        raise Late

    before = signal.signal(signal.SIGALRM, late)
    with open(os.devnull, "w") as nowhere:
        if MAY_END.is_set():
            faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=nowhere)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        except Late:
            pass  # said below, also of code that catches everything
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            if MAY_END.is_set():
                faulthandler.cancel_dump_traceback_later()
            signal.signal(signal.SIGALRM, before)
    if is_late.is_set():
        raise Overdue(f"no answer within {seconds:g} s")
