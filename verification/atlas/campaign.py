"""All functions of a library, one after another or apart: a row for each, at once on disk.

The journal is lines of JSON.  A function that is in it already is not asked again.  One that is not
decided at the first arguments that suit it, is judged at others, and where that does not help, the
first are in its row.  JAX's caches are emptied after so many functions, so that memory stays
bounded.
"""

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import jax

from ..campaign.pool import Pool
from ..campaign.worker import Late, limited
from ..vocabulary.progress import counted, watched
from . import refused, torch_operators, tried
from .found import Found, functions
from .rows import CRASH, SLOW, Row, row
from .tables import DECIDED

DTYPES = ("float64", "float32", "bfloat16")
EMPTIED = 25  # functions after which compiled programs are let go
TORCH = "torch"
ENDED = "it ended the process that it was judged in"
SECONDS = 60.0  # for one function in one dtype
OTHERS = 5  # more arguments that a function is judged at, where the first leave it undecided


def rows(
    library: str,
    journal: Path,
    dtypes: tuple[str, ...] = DTYPES,
    cases: int = 4,
    only: Callable[[str], bool] = lambda name: True,
    seconds: float = SECONDS,
    apart: Pool | None = None,
) -> Iterator[Row]:
    """The rows in turn, those of the journal first; the arguments of its rows are tried first.

    With a pool its processes are asked, and rows come as they are answered.
    """
    kept = read(journal)
    yield from kept.values()
    done = set(kept)
    likely = {row.name: row.arguments for row in kept.values()}
    every = {one.name: one for one in _found(library) if only(one.name)}
    asked = ((name, [d for d in dtypes if (name, d) not in done]) for name in every)
    left = [
        Question(library, name, tuple(wanted), cases, seconds, likely.get(name, ""))
        for name, wanted in asked
        if wanted and (name, "") not in done
    ]
    made = _in_turn(every, left) if apart is None else _apart(apart, left)
    for found in counted("functions", made, range(len(left))):
        yield from (append(journal, one) for one in found)


class Question(NamedTuple):
    """A function by its name, the dtypes that it is judged in, and how."""

    library: str
    name: str
    dtypes: tuple[str, ...]
    cases: int
    seconds: float
    likely: str  # arguments that suited it before


def judged_by_name(question: Question) -> list[Row]:
    """The rows of one function, in another process than that of the journal."""
    return judged(_every(question.library)[question.name], question)


def judged(found: Found, question: Question) -> list[Row]:
    """The rows of one function."""
    library, name, dtypes, cases, seconds, likely = question
    known = partial(refused.every_suited, likely=likely)
    find = torch_operators.every_suited if library == TORCH else known
    with watched(name):
        return list(of_function(found, list(dtypes), cases, seconds, find))


@cache
def _every(library: str) -> dict[str, Found]:
    return {one.name: one for one in _found(library)}


def _found(library: str) -> Iterable[Found]:
    return torch_operators.functions() if library == TORCH else functions(library)


def _in_turn(every: Mapping[str, Found], left: list[Question]) -> Iterator[list[Row]]:
    for count, question in enumerate(left):
        yield judged(every[question.name], question)
        if count % EMPTIED == EMPTIED - 1:
            jax.clear_caches()
            gc.collect()


def _apart(pool: Pool, left: list[Question]) -> Iterator[list[Row]]:
    """As they are answered; a function that ends its process is a row that says so."""
    for (question,), found in pool.each(judged_by_name, [(one,) for one in left], _is_answer):
        crashed = Row(question.name, question.dtypes[0], CRASH, "", reason=ENDED)
        yield [crashed] if found is None else found


def _is_answer(task: tuple[Question], found: Any) -> bool:
    """None is one: that of a function which ends its process."""
    ours = lambda one: isinstance(one, Row) and one.name == task[0].name
    return found is None or (isinstance(found, list) and found != [] and all(map(ours, found)))


def of_function(
    found: Found, dtypes: list[str], cases: int, seconds: float, suited: Callable
) -> Iterator[Row]:
    """A row for each dtype; one without a dtype where there is nothing to judge."""
    places = _Places(suited(found), seconds)
    if places.at(0) is None:
        yield Row(found.name, "", "none", "", reason=places.said or tried.NONE)
        return
    for dtype in dtypes:
        first = _judged(places.at(0), dtype, cases, seconds)
        others = (
            (places.at(k) for k in range(1, OTHERS + 1)) if first.verdict == "undecided" else ()
        )
        more = (_judged(place, dtype, cases, seconds) for place in others if place is not None)
        yield next((one for one in more if one.verdict in DECIDED), first)


class _Places:
    """The arguments that suit a function, found when they are asked for."""

    def __init__(self, every: Iterator, seconds: float) -> None:
        self.every, self.seconds = every, seconds
        self.found: list = []
        self.said = ""

    def at(self, count: int) -> tried.Suited | torch_operators.Sampled | None:
        """The first, the second ...; None where there are not so many."""
        try:
            with limited(self.seconds):
                while len(self.found) <= count and (one := next(self.every, None)) is not None:
                    self._keep(one)
        except Late:
            self.every, self.said = iter(()), f"no arguments were found within {self.seconds:g} s"
        return self.found[count] if count < len(self.found) else None

    def _keep(self, one: Any) -> None:
        if isinstance(one, str):
            self.said = one
        else:
            self.found.append(one)


def _judged(place: Any, dtype: str, cases: int, seconds: float) -> Row:
    try:
        return row(place, dtype, cases, limited(seconds))
    except Late:
        late = f"no verdict within {seconds:g} s"
        return Row(place.name, dtype, SLOW, tried.named(place.kinds), reason=late)


def append(journal: Path, one: Row) -> Row:
    """The row, once it is on disk."""
    with journal.open("a") as file:
        file.write(json.dumps(one.told()) + "\n")
    return one


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
