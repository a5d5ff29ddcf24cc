"""A process that ends when whoever started it has ended, in whatever way."""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """From now on; of a process that multiprocessing started, and of no other."""
    threading.Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
