"""Workers end with whoever started them, though it was killed and could not tell them."""

import os
import signal
import subprocess
import sys
import time

import pytest

PARENT = """
import multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor
from verification.report import stages

if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer={initializer})
    print(pool.submit(os.getpid).result(), flush=True)
    sys.stdin.read()
"""


def is_there(worker: int) -> bool:
    try:
        os.kill(worker, 0)
    except ProcessLookupError:
        return False
    return True


def after_a_kill(initializer: str, folder) -> int:
    """The worker of a process that was killed when it had answered once."""
    program = folder / "parent.py"
    program.write_text(PARENT.format(initializer=initializer))
    command = [sys.executable, str(program)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, env=os.environ | {"PYTHONPATH": os.getcwd()}) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
    return worker


@pytest.mark.dear
def test_a_worker_of_a_report_that_is_killed_ends(tmp_path):
    worker = after_a_kill("stages.alone_with_interruptions", tmp_path)
    until = time.monotonic() + 20.0
    while is_there(worker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_there(worker)


@pytest.mark.dear
def test_a_worker_that_is_not_told_to_stays(tmp_path):
    """Why it has to be told: nobody else ends it."""
    worker = after_a_kill("None", tmp_path)
    time.sleep(2.0)
    assert is_there(worker)
    os.kill(worker, signal.SIGKILL)
