"""Findings written to files: aside and renamed, so that there is never half a file."""

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from .junit import junit
from .page import page
from .sarif import sarif
from .words import Row

FORMATS = ("findings.json", "junit.xml", "findings.sarif", "index.html")


def write_text(file: Path, text: str) -> None:
    """The whole text or the former file; a device or a pipe is written as it is."""
    if file.exists() and not file.is_file():
        file.write_text(text, encoding="utf-8")
        return
    aside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with open(aside, "w", encoding="utf-8", newline="\n") as part:
            part.write(text)
            part.flush()
            os.fsync(part.fileno())
        aside.replace(file)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def write_folder(folder: Path, rows: Sequence[Row], heading: str) -> Path:
    """All formats of the same rows; returns the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    texts: Mapping[str, str] = {
        "findings.json": dumps(list(rows)),
        "junit.xml": junit(rows),
        "findings.sarif": sarif(rows),
        "index.html": page(rows, heading),
    }
    for name in FORMATS:
        write_text(folder / name, texts[name])
    return folder / "index.html"


def dumps(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"


def validate(rows: Sequence[Row]) -> None:
    """Raises ValueError that names the first place at which a row is not as promised."""
    from jsonschema import Draft202012Validator

    checker = Draft202012Validator(schema())
    for k, row in enumerate(rows):
        errors = sorted(checker.iter_errors(row), key=lambda e: e.json_path)
        if errors:
            raise ValueError(f"finding {k}: {errors[0].json_path}: {errors[0].message[:300]}")


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of one finding."""
    text = files("verification.report.findings").joinpath("schema.json").read_text("utf-8")
    return json.loads(text)
