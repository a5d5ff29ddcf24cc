"""A campaign as its TOML file describes it: implementations, dtypes, and the questions of them all.

The plan is known by a hash of what it says, of the files it names, and of the packages that judge.
"""

import hashlib
import json
import os
import tomllib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..adapters.source_files import Unusable
from .implementation import Implementation
from .keys import KEYS, LIMITS, checked

PACKAGES = ("refnet", "jax", "jaxlib", "numpy", "scipy", "python-flint")


@dataclass(frozen=True)
class Question:
    """One implementation in one dtype at some of the cases."""

    number: int
    implementation: int  # its place in the plan
    dtype: str
    cases: int
    seed: int
    seconds: float  # after which it is given up


@dataclass(frozen=True)
class Plan:
    """All that is to be answered, in the order in which it is reported."""

    title: str
    implementations: tuple[Implementation, ...]
    questions: tuple[Question, ...]
    hash: str


def read(file: Path) -> Plan:
    """The plan of a TOML file.  Raises Unusable, in a sentence, for whatever is the matter."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise Unusable(f"there is no file {file}; give the TOML file of a campaign") from None
    except IsADirectoryError:
        raise Unusable(f"{file} is a folder; give the TOML file of a campaign") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"{file} is not valid TOML: {error}; fix it") from error
    return plan(table, file)


def plan(table: Mapping[str, Any], file: Path) -> Plan:
    """The plan that the parsed file says; its folder is where it names files from."""
    whole = checked(str(file), table, KEYS["campaign"])
    rows = whole["implementation"]
    if not rows:
        raise Unusable(f"{file} has no [[implementation]]; add one")
    entries = [checked(f"{file}, implementation {k}", r, KEYS["implementation"])
               for k, r in enumerate(rows, 1)]  # fmt: skip
    asked = [(one, entry) for entry in entries for one in _implementations(entry, file)]
    implementations = tuple(one for one, _ in asked)
    _distinct(implementations, file)
    questions = tuple(_questions(asked, whole))
    return Plan(whole["title"] or file.stem, implementations, questions,
                _hash(implementations, questions))  # fmt: skip


def _implementations(entry: Mapping[str, Any], file: Path) -> Iterator[Implementation]:
    """One for each derivation it is judged against; {against} in its words is that name."""
    given = {key for key, value in entry.items() if value}
    name = entry["name"]
    where = f"{file}, implementation {name!r}"
    if ("gradient" in given) == ("process" in given):
        raise Unusable(f"{where} needs either gradient or process; give one of the two")
    if not ("against" in given or {"of", "args"} <= given):
        raise Unusable(
            f"{where} does not say whose gradient it is; give against, or both of and args"
        )
    if "against" in given and {"of", "args"} & given:
        raise Unusable(
            f"{where} has against together with of or args; give against alone, or of and args"
        )
    if "gradient" in given and set(LIMITS[1:]) & given:
        raise Unusable(
            f"{where} has memory or output, which are limits of a process; it has no process, so "
            "leave them out"
        )
    if "signature" in given and not {"process", "of"} <= given:
        raise Unusable(
            f"{where} has signature, which is of a process that is judged by a function; give "
            "process, of and args, or leave it out"
        )
    argnums = entry["argnums"]
    limits = tuple((key, float(entry[key])) for key in LIMITS if key in given and entry["process"])
    for against in entry["against"] or ("",):
        filled = lambda key, against=against: entry[key].replace("{against}", against)
        yield Implementation(
            name=name, gradient=filled("gradient"), of=entry["of"], args=entry["args"],
            argnums=tuple(argnums) if isinstance(argnums, list) else argnums,
            process=filled("process"), against=against, allow=tuple(entry["allow"]),
            vary=tuple(entry["vary"]), limits=limits, edges=entry["edges"],
            signature=entry["signature"], folder=str(file.parent),
        )  # fmt: skip


def _distinct(implementations: tuple[Implementation, ...], file: Path) -> None:
    seen = set()
    for one in implementations:
        if (one.name, one.against) in seen:
            raise Unusable(f"{file} has two implementations {one.name!r}; rename one")
        seen.add((one.name, one.against))


def _questions(asked, whole: Mapping[str, Any]) -> Iterator[Question]:
    """By implementation, dtype and chunk; a seed depends on names, not on places."""
    number = 0
    for place, (one, entry) in enumerate(asked):
        cases = entry["cases"] or whole["cases"]
        chunk = entry["chunk"] or whole["chunk"] or cases
        seconds = float(entry["seconds"] or whole["seconds"])
        for dtype in entry["dtypes"] or whole["dtypes"]:
            for first in range(0, cases, chunk):
                label = f"{one.name}/{one.against}/{first}".encode()
                seed = zlib.crc32(label, whole["seed"])
                size = min(chunk, cases - first)
                yield Question(number, place, dtype, size, seed, seconds)
                number += 1


def _hash(implementations, questions) -> str:
    """Changes with anything that an answer may depend on."""
    said = [[asdict(one) | {"folder": os.path.relpath(one.folder)} for one in implementations],
            [asdict(q) for q in questions]]  # fmt: skip
    texts = {name: hashlib.sha256(path.read_bytes()).hexdigest()
             for name, path in sorted(_files(implementations))}  # fmt: skip
    document = json.dumps([said, texts, _versions()], sort_keys=True)
    return hashlib.sha256(document.encode()).hexdigest()


def _files(implementations) -> set[tuple[str, Path]]:
    """The Python files and programs that are named; one that is absent is told of later."""
    found = set()
    for one in implementations:
        names = {given.rpartition(":")[0] for given in (one.gradient, one.of, one.args)} - {""}
        found |= {(name, Path(one.folder) / name) for name in names}
        found |= {(word, Path(word)) for word in one.process.split()}
        is_file = one.signature and not one.signature.lstrip().startswith("{")
        found |= {(one.signature, Path(one.folder) / one.signature)} if is_file else set()
    return {(name, path) for name, path in found if path.is_file()}


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a check-out
            found[package] = ""
    return found
