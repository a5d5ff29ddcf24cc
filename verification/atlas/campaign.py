"""All functions of a library, one after another in one process: a row for each, at once on disk.

The journal is lines of JSON.  A function that is in it already is not asked again.  JAX's caches
are emptied after so many functions, so that memory stays bounded.
"""

import gc
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jax

from ..campaign.worker import Late, limited
from . import torch_operators, tried
from .found import Found, functions
from .rows import SLOW, Row, row

DTYPES = ("float64", "float32", "bfloat16")
EMPTIED = 25  # functions after which compiled programs are let go
TORCH = "torch"
SECONDS = 60.0  # for one function in one dtype


def rows(
    library: str,
    journal: Path,
    dtypes: tuple[str, ...] = DTYPES,
    cases: int = 4,
    only: Callable[[str], bool] = lambda name: True,
    seconds: float = SECONDS,
) -> Iterator[Row]:
    """The rows in turn, those of the journal first; the arguments of its rows are tried first."""
    kept = read(journal)
    yield from kept.values()
    done = set(kept)
    likely = {row.name: row.arguments for row in kept.values()}
    every = torch_operators.functions() if library == TORCH else functions(library)
    for count, found in enumerate(f for f in every if only(f.name)):
        wanted = [d for d in dtypes if (found.name, d) not in done]
        if not wanted or (found.name, "") in done:
            continue
        find = partial(tried.suited, likely=likely.get(found.name, ""))
        find = torch_operators.suited if library == TORCH else find
        for one in of_function(found, wanted, cases, seconds, find):
            append(journal, one)
            yield one
        if count % EMPTIED == EMPTIED - 1:
            jax.clear_caches()
            gc.collect()


def of_function(
    found: Found, dtypes: list[str], cases: int, seconds: float, suited: Callable
) -> Iterator[Row]:
    """A row for each dtype; one without a dtype where there is nothing to judge."""
    try:
        with limited(seconds):
            place = suited(found)
    except Late:
        place = f"no arguments were found within {seconds:g} s"
    if isinstance(place, str):
        yield Row(found.name, "", "none", "", reason=place)
        return
    for dtype in dtypes:
        try:
            yield row(place, dtype, cases, limited(seconds))
        except Late:
            late = f"no verdict within {seconds:g} s"
            yield Row(found.name, dtype, SLOW, tried.named(place.kinds), reason=late)


def append(journal: Path, one: Row) -> None:
    with journal.open("a") as file:
        file.write(json.dumps(one.told()) + "\n")


def read(journal: Path) -> dict[tuple[str, str], Row]:
    """What is in the journal, but for a line that was being written when it ended."""
    found: dict[tuple[str, str], Row] = {}
    for line in journal.read_text().splitlines() if journal.exists() else ():
        try:
            told: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[told["name"], told["dtype"]] = Row(**told)
    return found
