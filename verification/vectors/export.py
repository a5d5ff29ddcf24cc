"""Write test vectors: one file for each derivation or update rule, and their schema."""

from collections.abc import Sequence
from pathlib import Path

from ..adapters.run_layouts import PREFIX
from ..adapters.vector_files import text_of, write
from ..arithmetic.formats import DTYPES
from ..derivations import ALL
from ..vocabulary.progress import counted, watched
from . import documents, runs

CASES = 8  # draws of each derivation or update rule, and dtype


def export_vectors(
    folder: Path,
    names: Sequence[str] = tuple(ALL),
    dtypes: Sequence[str] = (),
    cases: int = CASES,
    seed: int = 0,
) -> list[Path]:
    """Write the files of derivations, and of update rules (`update/adam`); the same every time.

    Without dtypes: all of a derivation, runs.DTYPES of an update rule.
    """
    made = (_file(name, dtypes, cases, seed) for name in names)
    with watched("vectors"):
        return write(folder, counted("files", made, range(len(names))))


def _file(name: str, dtypes: Sequence[str], cases: int, seed: int) -> tuple[str, str]:
    made, usual = (runs, runs.DTYPES) if name.startswith(PREFIX) else (documents, DTYPES)
    with watched(name):
        text = text_of(made.document(name, tuple(dtypes) or usual, cases, seed))
    return name.replace("/", "_"), text
