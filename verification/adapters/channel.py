"""A line to a foreign program and a line back, within limits; nothing of it outlives the channel.

The program runs under guard.py, which kills whatever it started when the channel is closed or its
owner dies.  Output is counted while it is read, and never kept beyond its limit.
"""

import contextlib
import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from .limits import Limits
from .strict_json import Improper, shown

GUARD = Path(__file__).with_name("guard.py")
MARK = "REFNET_FOREIGN"  # in the environment of everything that the program starts
CHUNK, TAIL, PIPE = 2**16, 2**12, 2**20  # bytes read at once; kept of stderr; held by a pipe
NEWS, FAREWELL = 0.25, 8.0  # seconds: to learn how it ended; for the guard to end
LOOK = 0.002  # seconds: between looks at those that were killed


class Channel:
    """One running program.  Every method that reads raises Improper where it does not answer."""

    def __init__(self, command: Sequence[str], limits: Limits):
        self.limits, self.tail = limits, bytearray()
        self._buffer, self._news, self._mark = bytearray(), bytearray(), secrets.token_hex(8)
        alive, self._alive = os.pipe()
        self._status, status = os.pipe()
        words = [sys.executable, "-I", "-S", str(GUARD), str(alive), str(status)]
        try:
            self._guard = subprocess.Popen(
                [*words, str(limits.memory), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                pass_fds=(alive, status),
                start_new_session=True,
                env={**os.environ, MARK: self._mark},
            )
        except BaseException:
            os.close(self._alive)
            os.close(self._status)
            raise
        finally:
            os.close(alive)
            os.close(status)
        for stream in (*self._streams(), self._status):
            os.set_blocking(stream if isinstance(stream, int) else stream.fileno(), False)

    def _streams(self) -> tuple[IO[bytes], ...]:
        guard: Any = self._guard
        return guard.stdin, guard.stdout, guard.stderr

    def ask(self, line: bytes, seconds: float) -> bytes:
        """Write one line, and give back the one line that is written then."""
        last = time.monotonic() + seconds
        stdin, stdout, stderr = self._streams()
        if self._read(stdout) and self._buffer:
            raise Improper("wrote a line before it was asked")
        left = memoryview(line + b"\n")
        with selectors.DefaultSelector() as ready:
            ready.register(stdin, selectors.EVENT_WRITE)
            ready.register(stdout, selectors.EVENT_READ)
            ready.register(stderr, selectors.EVENT_READ)
            while (rest := last - time.monotonic()) > 0:
                for key, _ in ready.select(rest):
                    if key.fileobj is stdin:
                        left = self._write(stdin, left)
                        if not left:
                            ready.unregister(stdin)
                    elif key.fileobj is stderr:
                        if not self._read_tail(stderr):
                            ready.unregister(stderr)
                    elif not self._read(stdout):
                        raise Improper(self._ending())
                    elif b"\n" in self._buffer:
                        return self._line()
                if len(self._buffer) > self.limits.output:
                    raise Improper(f"wrote more than {self.limits.output} bytes without an answer")
        cut = f"; it began {shown(bytes(self._buffer))}" if self._buffer else ""
        raise Improper(f"gave no answer within {seconds:g} s{cut}")

    def _write(self, stdin: IO[bytes], left: memoryview) -> memoryview:
        try:
            return left[os.write(stdin.fileno(), left[:CHUNK]) :]
        except BlockingIOError:
            return left
        except OSError:  # it reads no more: its answer, or its end, says why
            return left[:0]

    def _read(self, stdout: IO[bytes]) -> bool:
        """Whether there may be more to read."""
        try:
            chunk = os.read(stdout.fileno(), CHUNK)
        except BlockingIOError:
            return True
        self._buffer += chunk
        return bool(chunk)

    def _read_tail(self, stderr: IO[bytes]) -> bool:
        try:
            chunk = os.read(stderr.fileno(), CHUNK)
        except BlockingIOError:
            return True
        self.tail = bytearray((self.tail + chunk)[-TAIL:])
        return bool(chunk)

    def _line(self) -> bytes:
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer.clear()
        if len(line) > self.limits.output:
            raise Improper(f"wrote more than {self.limits.output} bytes for one answer")
        if rest:
            raise Improper(f"wrote more than one line for one answer: {shown(rest)}")
        return line

    def _ending(self) -> str:
        """In words, why there is no more to read."""
        cut = f"; in the middle of a line: {shown(bytes(self._buffer))}" if self._buffer else ""
        match self._learn(NEWS).split():
            case [b"refused", *why]:
                return f"cannot be executed: {b' '.join(why).decode()}"
            case [b"memory"]:
                return f"took more than {self.limits.memory} bytes of memory{cut}"
            case [b"exited", code]:
                return f"ended with exit status {code.decode()}{cut}"
            case [b"killed", number]:
                return f"was killed by {signal.Signals(int(number)).name}{cut}"
        return f"closed its output{cut}"

    def _learn(self, seconds: float) -> bytes:
        """What the guard has to say, if it says it in time."""
        last = time.monotonic() + seconds
        with selectors.DefaultSelector() as ready:
            ready.register(self._status, selectors.EVENT_READ)
            while (rest := last - time.monotonic()) > 0 and ready.select(rest):
                chunk = os.read(self._status, CHUNK)
                self._news += chunk
                if not chunk or self._news.startswith(b" ") or b" exited" in self._news:
                    break
        _, _, stderr = self._streams()
        for _ in range(PIPE // CHUNK):  # what was left in the pipe, and no more
            self._read_tail(stderr)
        said = bytes(self._news)
        return said.partition(b" exited 127")[0] if said.startswith(b"refused") else said

    def said(self) -> str:
        """The end of its stderr, as one printable line; empty where it said nothing."""
        text = " ".join(self.tail.decode("utf-8", "replace").split())
        return "".join(c if c.isprintable() else "?" for c in text)[-240:]

    def close(self, grace: float = 0.0) -> None:
        """End it and all that it started; `grace` seconds to leave by itself.  May be repeated."""
        if self._alive < 0:
            return
        for stream in self._streams():
            stream.close()
        if grace:
            self._wait(grace)
        os.close(self._alive)
        self._alive = -1
        self._guard.terminate()  # where a forked process holds the other end too
        if not self._wait(FAREWELL):
            self._guard.kill()
            self._guard.wait()
        os.close(self._status)
        kill_marked(self._mark)

    def _wait(self, seconds: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(seconds)
            return True
        return False


def kill_marked(mark: str) -> None:
    """What is left where the guard itself was killed: gone when this returns, not only told to."""
    last = time.monotonic() + FAREWELL
    while (left := marked(mark)) and time.monotonic() < last:
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(LOOK)


def marked(mark: str) -> list[int]:
    """The processes with the mark in their environment; on Linux only."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if any(word.startswith(wanted) for word in environment.read_bytes().split(b"\0")):
                found.append(int(environment.parent.name))
    return found
