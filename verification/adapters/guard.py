"""Run one command within limits, and end everything that it started, however it tries to stay.

    python -I -S guard.py ALIVE STATUS MEMORY COMMAND...

A program of its own that needs the standard library alone.  The command has this process's stdin,
stdout and stderr, and a session of its own.  When it ends, or takes more than MEMORY bytes, on
SIGTERM, or when nobody holds the other end of the pipe ALIVE any more (its owner was killed), all
its descendants are killed.  On Linux that includes those that left their session and lost their
parents: they become children of this process.  One line on the pipe STATUS says how it ended.
"""

import contextlib
import os
import resource
import select
import signal
import sys
import time

POLL, PATIENCE = 0.1, 5.0  # seconds: between looks at the memory; for the killing
SUBREAPER, DEATH_SIGNAL = 36, 1  # of prctl
LINUX = sys.platform == "linux"
DISMISSED: list[int] = []  # SIGTERM, when its owner has sent it


def control(option: int, value: int) -> None:
    if LINUX:
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def begin(command: list[str], status: int, memory: int) -> int:
    """Start the command in a session of its own; its process id."""
    control(SUBREAPER, 1)
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        control(DEATH_SIGNAL, signal.SIGKILL)
        for kind, limit in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
            hard = resource.getrlimit(kind)[1]
            limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (limit, limit))
        for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)
    except (OSError, ValueError) as error:
        os.write(status, f"refused {getattr(error, 'strerror', None) or error}".encode())
    os._exit(127)


def parents() -> dict[int, int]:
    """Every process of the system -> its parent."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                found[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue  # it has just ended
    return found


def descendants(root: int) -> list[int]:
    """Children, their children, and so on."""
    above = parents()
    found, front = [], [root]
    while front:
        front = [pid for pid, parent in above.items() if parent in front]
        found += front
    return found


def pages(pids: list[int]) -> int:
    """Bytes of memory that are there, of all of them together."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm", "rb") as file:
                words = file.read().split()
                total += int(words[1]) - int(words[2])  # resident, less what is shared
        except (OSError, IndexError):
            continue
    return total * resource.getpagesize()


def kill(pids: list[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            continue


def end(pid: int) -> None:
    """Stop them all, so that none can fork; then kill, and look again."""
    last = time.monotonic() + PATIENCE
    if not LINUX:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
    while LINUX and time.monotonic() < last and (found := descendants(os.getpid())):
        kill(found, signal.SIGSTOP)
        kill(descendants(os.getpid()), signal.SIGKILL)
        reap()
        time.sleep(0.001)
    reap()


def reap() -> dict[int, int]:
    """Process ids of those that ended -> how."""
    found = {}
    while True:
        try:
            pid, how = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if not pid:
            return found
        found[pid] = how


def watch(pid: int, alive: int, memory: int) -> str:
    """How it ended; empty where its owner has gone, or wants no more of it."""
    bell, ring = os.pipe()
    os.set_blocking(ring, False)
    signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        how = reap().get(pid)
        if how is not None:
            code = os.waitstatus_to_exitcode(how)
            return f"exited {code}" if code >= 0 else f"killed {-code}"
        if LINUX and pages(descendants(os.getpid())) > memory:
            return "memory"
        ready, _, _ = select.select([alive, bell], [], [], POLL)
        if alive in ready or DISMISSED:
            return ""
        if bell in ready:
            os.read(bell, 4096)


def main(alive: int, status: int, memory: int, command: list[str]) -> None:
    signal.signal(signal.SIGTERM, lambda number, _: DISMISSED.append(number))
    for descriptor in (alive, status):
        os.set_inheritable(descriptor, False)
    pid = begin(command, status, memory)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    how = watch(pid, alive, memory)
    if how:
        with contextlib.suppress(OSError):
            os.write(status, b" " + how.encode())
    end(pid)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
