"""Tidy tables: one row per observation, as CSV, or as Parquet where pyarrow is installed."""

import csv
import io
import os
from pathlib import Path

from .mistakes import Mistake, known

FORMS = ("csv", "parquet")


def check_form(form: str) -> None:
    """Raises Mistake for a form that cannot be written, before anything is computed."""
    if known("format", form, FORMS) == "parquet":
        _pyarrow()


def write_table(file: Path, rows: list[dict], form: str) -> Path:
    """Write aside and rename; returns the path with its suffix.  None is an empty cell."""
    file = file.with_suffix(f".{form}")
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    if form == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        aside.write_text(text.getvalue())
    else:
        arrow, parquet = _pyarrow()
        parquet.write_table(arrow.Table.from_pylist(rows), aside)
    aside.replace(file)
    return file


def _pyarrow():
    try:
        import pyarrow  # pyright: ignore[reportMissingImports]
        from pyarrow import parquet  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise Mistake(
            "--format is 'parquet', which wants pyarrow; `pip install pyarrow`, or give csv"
        ) from error
    return pyarrow, parquet
