"""Products of matrices by one thread, and whole passes over a program side by side.

BLAS spreads a product over all processors, and its threads wait for each other in a loop: on a
machine that others use, too, a product of 64 x 256 by 256 x 256 takes a hundred times as long.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
TOGETHER = min(2, os.cpu_count() or 1)  # passes: each holds its own numbers


@contextmanager
def one_thread() -> Iterator[None]:
    with _pools().limit(limits=1, user_api="blas"):
        yield


def side_by_side(step: Callable[[int], T], ks: Sequence[int]) -> Iterator[T]:
    """step(k) of each, in turn: the first alone, as it finds what all have in common."""
    if not ks:
        return
    yield step(ks[0])
    with ThreadPoolExecutor(TOGETHER) as pool:
        begun: deque[Future[T]] = deque()
        for k in ks[1:]:
            begun.append(pool.submit(step, k))
            if len(begun) == TOGETHER:  # no more are begun: what is done waits in memory
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


@cache
def _pools() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
