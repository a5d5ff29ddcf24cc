"""Files of test vectors: one per derivation or update rule, hexadecimal floats, a test to a line.

Organised like Wycheproof's: notes say what kind of mistake a flag stands for, groups hold tests of
one kind, and every test has a result: conforming, must-differ or convention.
Source: the layout of https://github.com/C2SP/wycheproof (doc/formats.md).
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SCHEMA = "vectors.schema.json"
VERSION = 1
CONFORMING, MUST_DIFFER, CONVENTION = "conforming", "must-differ", "convention"


class Unreadable(ValueError):
    """A file is not what it should be; the message names it and what is wrong."""


@cache
def schema() -> Mapping[str, Any]:
    return json.loads(Path(__file__).with_name(SCHEMA).read_text(encoding="utf-8"))


# --- numbers -----------------------------------------------------------------------------------


def hexadecimal(values: Any) -> Any:
    """An array as nested lists of hexadecimal strings, without the zeros at their ends."""
    nested = np.asarray(values, np.float64).tolist()
    return _mapped(nested)


def _mapped(nested: Any) -> Any:
    return [_mapped(item) for item in nested] if isinstance(nested, list) else short(nested)


def short(value: float) -> str:
    """0x1.8p+1, not 0x1.8000000000000p+1."""
    head, p, exponent = value.hex().partition("p")
    return f"{head.rstrip('0').rstrip('.') if '.' in head else head}{p}{exponent}"


def number(text: str) -> float:
    return float.fromhex(text)


# --- writing -----------------------------------------------------------------------------------


def text_of(document: Mapping[str, Any]) -> str:
    """The document as JSON: its head indented, each test on a line of its own."""
    head = {key: value for key, value in document.items() if key != "testGroups"}
    groups = ",\n".join(_group(group) for group in document["testGroups"])
    return f'{json.dumps(head, indent=1)[:-2]},\n "testGroups": [\n{groups}\n ]\n}}\n'


def _group(group: Mapping[str, Any]) -> str:
    head = {key: value for key, value in group.items() if key != "tests"}
    tests = ",\n".join(f"   {json.dumps(test, separators=(',', ':'))}" for test in group["tests"])
    return f'  {json.dumps(head)[:-1]}, "tests": [\n{tests}\n  ]}}'


def write(folder: Path, documents: Iterable[tuple[str, str]]) -> list[Path]:
    """All files (name, text) aside, in a folder that is then renamed; the schema beside them.

    A folder that is there already must be empty, or hold nothing but such files: it is replaced.
    """
    foreign = [p.name for p in folder.iterdir() if not _ours(p)] if folder.is_dir() else []
    if foreign:
        raise Unreadable(f"{folder} holds {sorted(foreign)[0]!r}, which is no file of vectors")
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        aside.chmod(0o755)
        _put(aside / SCHEMA, json.dumps(schema(), indent=1) + "\n")
        names = [_put(aside / f"{name}.json", text).name for name, text in documents]
        _replace(folder, aside)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return [folder / name for name in names]


def _replace(folder: Path, new: Path) -> None:
    """`new` takes the place of `folder`; what was there before goes last."""
    if not folder.exists():
        new.replace(folder)
        return
    old = new.with_name(f"{new.name}.old")
    folder.replace(old)
    new.replace(folder)
    shutil.rmtree(old)


def _put(file: Path, text: str) -> Path:
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return file


def _ours(path: Path) -> bool:
    if path.name == SCHEMA:
        return True
    if path.suffix != ".json" or not path.is_file():
        return False
    with path.open("rb") as stream:
        return f'"schema": "{SCHEMA}"'.encode() in stream.read(400)


# --- reading -----------------------------------------------------------------------------------


def read(folder: Path) -> list[Mapping[str, Any]]:
    """Every document of a folder, by the schema.  Raises Unreadable."""
    files = sorted(p for p in folder.glob("*.json") if p.name != SCHEMA)
    if not files:
        raise Unreadable(f"{folder} holds no file of vectors; write them with `vectors export`")
    return [_valid(file) for file in files]


def _valid(file: Path) -> Mapping[str, Any]:
    from jsonschema import Draft202012Validator

    document = _loaded(file)
    error = next(Draft202012Validator(dict(schema())).iter_errors(document), None)
    if error is not None:
        place = "/".join(map(str, error.absolute_path)) or "its top"
        raise Unreadable(f"{file} is no file of vectors: at {place}, {error.message[:200]}")
    return document


def answers(place: Path) -> dict[str, Any]:
    """tcId -> what was answered, of one file or of every JSON file in a folder."""
    files = sorted(place.glob("*.json")) if place.is_dir() else [place]
    if not files:
        raise Unreadable(f"{place} holds no JSON file of answers")
    found: dict[str, Any] = {}
    for file in files:
        table = _loaded(file)
        if not isinstance(table, dict):
            raise Unreadable(f"{file} must hold an object: the tcId of a test -> its answer")
        twice = sorted(found.keys() & table.keys())
        if twice:
            raise Unreadable(f"{file} answers {twice[0]!r}, which another file answers too")
        found |= table
    return found


def _loaded(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes(), object_pairs_hook=_once, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{file} is no JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has the member {twice!r} twice")
    return dict(pairs)


def _integer(text: str) -> float | int:
    return int(text) if len(text) < 300 else float(text)
