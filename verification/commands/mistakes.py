"""A user's mistake: one sentence that names the value and the remedy, and never a traceback."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Mistake(Exception):
    """The command cannot be carried out as it was given.  Exit status 2."""


@contextmanager
def translated() -> Iterator[None]:
    """What is the matter with a user's file, as the Mistake that it is."""
    from ..adapters.source_files import Unusable

    try:
        yield
    except Unusable as error:
        raise Mistake(str(error)) from error


def known(kind: str, name: str, names: Iterable[str]) -> str:
    """`name`, if it is one of `names`; otherwise a Mistake that lists them, the nearest first."""
    names = tuple(names)
    if name in names:
        return name
    from ..vocabulary.names import nearest

    guess, each = nearest(name, names), ", ".join(names) or "none yet"
    raise Mistake(f"unknown {kind} {name!r}; {guess}known: {each}")


def positive(option: str, value: float) -> float:
    """`value`, if it is finite and above 0."""
    if not 0.0 < value < float("inf"):
        raise Mistake(f"{option} is {value:g}; give a finite number above 0")
    return value


def at_least_one(option: str, value: int) -> int:
    return at_least(option, value, 1)


def at_least(option: str, value: int, least: int) -> int:
    if value < least:
        raise Mistake(f"{option} is {value}; give a whole number of at least {least}")
    return value


def seed_of(value: int) -> int:
    """`value`, if JAX and NumPy can both be seeded with it."""
    if not 0 <= value < 2**32:
        raise Mistake(f"--seed is {value}; give a whole number from 0 to {2**32 - 1}")
    return value


def writable_file(option: str, file: Path | None) -> Path | None:
    """`file`, if it can be written; None stays None."""
    if file is None or (file.exists() and not file.is_dir() and not file.is_file()):
        return file  # a device or a pipe: nothing to try without writing to it
    if file.is_dir():
        raise Mistake(f"{option} is {str(file)!r}, which is a folder; give a file in it")
    if not file.absolute().parent.exists():
        raise Mistake(f"{option} is {str(file)!r}, but its folder does not exist; make it first")
    _try_to_write(option, file, file.absolute().parent)
    return file


def _try_to_write(option: str, wanted: Path, place: Path) -> None:
    """Make and remove a file in `place`, or in the nearest folder above it that exists."""
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.NamedTemporaryFile(dir=place):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Mistake(
            f"{option} is {str(wanted)!r}, but {str(place)!r} cannot be written to ({reason}); "
            f"give a path with {option} that you may write to"
        ) from error
