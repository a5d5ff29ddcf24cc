"""The dear stages of a judgement, kept in a folder: truth and budget, which no candidate changes.

A stage is a folder of arrays, named by a fingerprint of everything that it was made of: the
program, its arguments, the format, the sources and the versions of what computes it.  It is written
aside and renamed, so that one that is there is whole; its arrays have check sums.  What is damaged
is said, and computed anew.  Nothing is ever unpickled.
"""

import json
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr

from refnet.about import __version__

from ..arithmetic.inner_programs import constants
from ..arithmetic.integers import is_key
from ..oracles.work import products

SMALL = 2**24  # products: of a smaller program all is found again in a second
SOURCES = ("arithmetic", "measurement", "oracles")  # what computes it
HEAD = "stage.json"


class Kept(NamedTuple):
    """What a stage came to: arrays, and what else is said of them, as JSON has it."""

    arrays: list[np.ndarray]
    said: dict[str, Any] = {}


class Store(NamedTuple):
    """A folder, and the sentences on what is wrong in it."""

    folder: Path
    sentences: list[str]


STORES: list[Store] = []


@contextmanager
def kept_in(folder: str | os.PathLike | None) -> Iterator[list[str]]:
    """Stages inside are kept in the folder.  Yields the sentences on what was damaged there.

    Raises ValueError where the folder is a file.
    """
    if folder is None:
        yield []
        return
    home = Path(folder)
    if home.exists() and not home.is_dir():
        raise ValueError(f"resume is {str(folder)!r}, a file; give a folder to keep stages in")
    home.mkdir(parents=True, exist_ok=True)
    store = Store(home, [])
    STORES.append(store)
    try:
        yield store.sentences
    finally:
        STORES.remove(store)


def place(name: str, program: ClosedJaxpr, leaves: Sequence, asked: str) -> Path | None:
    """Where a stage is kept that depends on these, and on `asked`; None where it is not.

    The leaves need not be held until it is read or written.
    """
    if not STORES or products(program) < SMALL:
        return None
    digest = sha256()
    for word in (_sources(), _text(program), asked):
        digest.update(word.encode() + b"\0")
    for array in (*constants(program), *leaves):
        digest.update(_summed(array).encode() + b"\0")
    return STORES[-1].folder / f"{name}-{digest.hexdigest()[:32]}"


def known(where: Path | None) -> Kept | None:
    """What the stage came to, where it is there and whole."""
    if where is None or not where.exists():
        return None
    try:
        return _read(where)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        STORES[-1].sentences.append(f"{where.name} is damaged ({why}); it was computed anew")
        return None


def keep(where: Path | None, found: Kept) -> Kept:
    """The same, written."""
    if where is not None:
        _write(where, found)
    return found


def forget(where: Path | None) -> None:
    """The stage is part of a later one now."""
    if where is not None:
        shutil.rmtree(where, ignore_errors=True)


def _summed(array: Any) -> str:
    array = jax.random.key_data(array) if is_key(array) else array
    array = np.ascontiguousarray(array)
    return f"{array.dtype} {array.shape} {sha256(array.reshape(-1).view(np.uint8)).hexdigest()}"


def _text(program: ClosedJaxpr) -> str:
    """The equations, without the addresses of the functions in them."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(program.jaxpr))


@cache
def _sources() -> str:
    """Versions, and the files that compute: another rule is another stage."""
    digest, home = sha256(), Path(__file__).parents[1]
    for file in sorted(file for part in SOURCES for file in (home / part).rglob("*.py")):
        digest.update(file.read_bytes())
    return f"{__version__} {jax.__version__} {np.__version__} {digest.hexdigest()}"


# --- the files -----------------------------------------------------------------------------------


def _write(where: Path, found: Kept) -> None:
    aside = where.with_name(f".{where.name}.{os.getpid()}.part")
    for left in where.parent.glob(f".{where.name}.*.part"):  # by one that was killed
        shutil.rmtree(left, ignore_errors=True)
    aside.mkdir()
    try:
        sums = [_saved(aside / f"{k}.npy", array) for k, array in enumerate(found.arrays)]
        (aside / HEAD).write_text(json.dumps({"said": found.said, "sums": sums}))
        shutil.rmtree(where, ignore_errors=True)
        aside.rename(where)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _saved(file: Path, array: np.ndarray) -> int:
    array = np.asarray(array, order="C")
    with open(file, "wb") as out:
        np.save(out, array, allow_pickle=False)
        out.flush()
        os.fsync(out.fileno())
    return _sum_of(array)


def _sum_of(array: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _read(where: Path) -> Kept:
    head = json.loads((where / HEAD).read_text())
    files = (where / f"{k}.npy" for k in range(len(head["sums"])))
    return Kept(list(_loaded(files, head["sums"])), head["said"])


def _loaded(files: Iterable[Path], sums: Sequence[int]) -> Iterator[np.ndarray]:
    for file, wanted in zip(files, sums, strict=True):
        array = np.load(file, allow_pickle=False)
        if _sum_of(array) != wanted:
            raise ValueError(f"the check sum of {file.name} is another")
        yield array
