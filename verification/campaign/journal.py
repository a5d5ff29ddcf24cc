"""What a campaign knows so far: a file to which each answer is appended, and flushed to the disk.

A line is a checksum, a length and JSON.  The checksum begins with the plan's hash, so that a line
of another plan is none of this one.  Whatever happens, at most the line being written is lost.
"""

import contextlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..adapters.source_files import Unusable

NAME, LOCK = "journal.jsonl", "journal.lock"


class Read(NamedTuple):
    """The answers that are whole, by question; and the numbers of the lines that are not."""

    answers: dict[int, Mapping[str, Any]]
    damaged: tuple[int, ...]


class Journal:
    """Open for appending; `add` returns when the answer is on the disk."""

    def __init__(self, path: Path, plan_hash: str):
        self.salt = plan_hash
        self.file = open(path, "ab", buffering=0)  # noqa: SIM115

    def add(self, question: int, answer: Mapping[str, Any]) -> None:
        self.file.write(line(self.salt, {"question": question, "answer": answer}))
        os.fsync(self.file.fileno())

    def close(self) -> None:
        self.file.close()


def line(salt: str, value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return b"%08x %d %s\n" % (_crc(salt, text), len(text), text)


def _crc(salt: str, text: bytes) -> int:
    return zlib.crc32(text, zlib.crc32(salt.encode()))


def parsed(salt: str, raw: bytes) -> dict[str, Any] | None:
    """What a line says; None where it is torn, damaged or of another plan."""
    parts = raw.split(b" ", 2)
    if len(parts) != 3 or not raw.endswith(b"\n"):
        return None
    text = parts[2][:-1]
    if parts[:2] != [b"%08x" % _crc(salt, text), b"%d" % len(text)]:
        return None
    return json.loads(text)


# --- opening ---------------------------------------------------------------------------------


def begin(folder: Path, plan_hash: str, count: int, resume: bool) -> tuple[Journal, Read]:
    """The journal of this plan, and what it holds.  Damaged lines are taken out: asked again.

    Raises Unusable where there is one already and `resume` is not asked for, or it is another
    plan's.
    """
    path = folder / NAME
    raw = path.read_bytes() if path.exists() else b""
    head = header(plan_hash, count)
    if b"\n" not in raw:  # nothing, or a first line that a kill tore
        found = Read({}, ())
        _replace(path, head)
    elif not resume:
        raise Unusable(
            f"{folder} holds the journal of a campaign; give --resume to go on with it, "
            "or another --out"
        )
    elif not raw.startswith(head):
        raise Unusable(
            f"the journal in {folder} is of another plan: the campaign, a file that it names, a "
            "package or the working directory has changed; give another --out, or delete that "
            "folder to begin again"
        )
    else:
        found = read(plan_hash, raw[len(head) :], count)
        kept = _whole(plan_hash, raw[len(head) :])
        if head + kept != raw:
            _replace(path, head + kept)
    return Journal(path, plan_hash), found


def header(plan_hash: str, count: int) -> bytes:
    return line(plan_hash, {"plan": plan_hash, "questions": count})


def read(salt: str, raw: bytes, count: int) -> Read:
    answers, damaged = {}, []
    for number, one in enumerate(raw.splitlines(keepends=True), 2):
        value = parsed(salt, one)
        if value is None or not 0 <= value.get("question", -1) < count:
            damaged.append(number)
        else:
            answers.setdefault(value["question"], value["answer"])
    return Read(answers, tuple(damaged))


def _whole(salt: str, raw: bytes) -> bytes:
    return b"".join(one for one in raw.splitlines(keepends=True) if parsed(salt, one))


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.part")
    with open(aside, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """The name of a new file is on the disk as well, where the system can be asked for that."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else writes there meanwhile; the system gives the lock back, however we end.

    Raises Unusable that names the process that holds it.
    """
    import fcntl

    with open(folder / LOCK, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise Unusable(
                f"{folder} is being written by another campaign (process {holder}); "
                "wait for it, or give another --out"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
