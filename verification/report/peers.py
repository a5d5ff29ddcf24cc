"""Side by side: which checkers refuse a correct gradient, and the smallest mistake each sees.

Asked of every checker, function, size and dtype alike: is the correct gradient refused, and how
wrong must one entry be, relative to the root mean square of its array, before it is noticed?  The
answers as tables, one for each function, are the same for every kind of page.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .peers_checkers import ACCEPTED, CHECKERS, NO_VERDICT, REFUSED, UNDECIDED, Checker, installed
from .peers_functions import KINDS, Problem

DTYPES = ("float64", "float32", "float16", "bfloat16")
LEAST, MOST = -16, 3  # powers of ten of the errors that are planted
NEVER = float("inf")
SOMETIMES, NOT_RUN, NO_ANSWER = "sometimes refused", "not run", "no answer"
ENTRIES = 10**8  # numbers of one dense array that a check may hold
PACKAGES = {"jax": "JAX", "chex": "chex", "torch": "PyTorch", "scipy": "SciPy"}
GROUPS = {  # checkers that share what is compiled or imported
    "refnet": ("refnet",),
    "JAX": ("JAX check_grads, reverse", "JAX check_grads, forward", "chex assert_numerical_grads"),
    "PyTorch": ("PyTorch gradcheck", "PyTorch gradcheck, fast"),
    "SciPy": ("SciPy check_grad",),
}


class Plan(NamedTuple):
    """Which functions at which sizes and how many points, and what one check may cost."""

    sizes: dict[str, tuple[int, ...]]
    points: int
    limit: float  # of forward passes times parameters
    largest: int = 100_000  # from this size on, one point: a verdict takes half a minute


ONE_SUM, MAP, NETWORK = KINDS
QUICK = Plan({ONE_SUM: (10,)}, points=1, limit=3e6)
FULL = Plan(dict.fromkeys(KINDS, (10, 1_000, 100_000, 1_000_000)), points=3, limit=5e9)


class Row(NamedTuple):
    """What one checker does with one function, at one size, in one dtype.

    correct   what it says of the correct gradient: accepted, refused (a false alarm), sometimes
              refused, undecided, no verdict (a number only); or not run, no answer: see `note`
    refused   at how many of the points the correct gradient is refused
    smallest  the least power of ten that is noticed, at the worst of the points where the correct
              gradient is not refused; inf: not even 10^MOST; None: not measured
    """

    checker: str
    function: str
    size: int
    dtype: str
    correct: str
    points: int = 0
    refused: int = 0
    smallest: float | None = None
    note: str = ""


def rows(names: Iterable[str], plan: Plan, seed: int, known: Iterable[Row] = ()) -> Iterator[Row]:
    """Every checker of `names` on every function, size and dtype of the plan, unless known."""
    before = {row[:4]: row for row in known}
    names = tuple(names)
    for function, sizes in plan.sizes.items():
        for size in sizes:
            points = 1 if size >= plan.largest else plan.points
            problems = [Problem(function, size, seed + k) for k in range(points)]
            for name in names:
                for dtype in DTYPES:
                    head = (name, function, size, dtype)
                    yield before.get(head) or row(name, problems, dtype, plan.limit)


def full(seed: int = 0, known: Iterable[Row] = ()) -> Iterator[Row]:
    """The whole comparison, row by row; what would take hours is left out, and named."""
    return rows(CHECKERS, FULL, seed, known)


def row(name: str, problems: list[Problem], dtype: str, limit: float) -> Row:
    """One checker on one function at each of its points, in one dtype."""
    first, checker = problems[0], CHECKERS[name]
    head = (name, first.kind.name, first.size, dtype)
    why = obstacle(checker, first, limit)
    if why:
        return Row(*head, NOT_RUN, note=why)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a dtype will likely fail is what is measured
        try:
            found = [_asked(checker.ready(problem, dtype)) for problem in problems]
        except Exception as error:  # foreign code: whatever it raises is its answer
            said = " ".join(str(error).split())[:160]
            return Row(*head, NO_ANSWER, note=f"it raised {type(error).__name__}: {said}")
    refused = sum(said == REFUSED for said, _ in found)
    least = max((seen for _, seen in found if seen is not None), default=None)
    return Row(*head, _together([said for said, _ in found]), len(found), refused, least)


def _together(said: list[str]) -> str:
    if len({*said}) == 1:
        return said[0]
    return SOMETIMES if REFUSED in said else UNDECIDED


def obstacle(checker: Checker, problem: Problem, limit: float) -> str:
    """Why a check is not run; empty where it is."""
    if not installed(checker.package):
        return f"{PACKAGES[checker.package]} is not installed"
    if checker.scalar_only and not problem.kind.scalar:
        return "for functions with one output only"
    entries, passes = checker.entries(problem), checker.passes(problem)
    if entries > ENTRIES:
        return f"a dense Jacobian of {entries:,} entries"
    if passes * problem.size > limit:
        return f"about {passes:,} forward passes"
    return ""


def _asked(answers: Callable[[float], str]) -> tuple[str, float | None]:
    """(what it says of the correct gradient, the least error noticed)."""
    correct = answers(0.0)
    if correct not in (ACCEPTED, NO_VERDICT):
        return correct, None
    return correct, smallest(lambda error: answers(error) == REFUSED)


def smallest(seen: Callable[[float], bool]) -> float:
    """The least power of ten from 10^LEAST to 10^MOST that is seen, by bisection; inf if none."""
    low, high = LEAST - 1, MOST + 1  # low is not seen; high is, or stands for never
    while high - low > 1:
        middle = (low + high) // 2
        if seen(10.0**middle):
            high = middle
        else:
            low = middle
    return float(f"1e{high}") if high <= MOST else NEVER


Printed = Mapping[str, Any]
UNMEASURED = {"not run", "no answer"}
LEGEND = (
    "The number is the smallest error of one single entry that is noticed, relative to the root "
    "mean square of its array; errors were planted at powers of ten, from 10⁻¹⁶ to 10³.",
    "refused: a correct gradient is refused there, so no answer of this checker means anything.",
    "never: even an error of 1,000 times the root mean square is not noticed.",
    "*: SciPy gives a number and no verdict, so an error counts as noticed where it doubles "
    "the number; a number over half of the gradient itself counts as a refusal.",
    "–: not measured; the reason stands below the table.",
)
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def ordered(rows: Iterable[Printed]) -> tuple[Printed, ...]:
    """Function by function, size by size, each with all checkers: the groups' rows together."""
    rows = list(rows)
    places = {(row["function"], row["size"]): None for row in rows}
    at = lambda row: (row["function"], row["size"])
    return tuple(row for place in places for row in rows if at(row) == place)


class Cell(NamedTuple):
    """What is printed, and how it is to be taken: good, bad, blind, open or none."""

    text: str
    kind: str


class Grid(NamedTuple):
    """One function: (dtype, size) by column, a checker by line."""

    function: str
    dtypes: tuple[str, ...]
    sizes: tuple[int, ...]
    lines: tuple[tuple[str, tuple[Cell, ...]], ...]
    notes: tuple[str, ...]


def grids(rows: Iterable[Printed]) -> list[Grid]:
    """One table for each function, in the order of the rows."""
    rows = list(rows)
    named = lambda key, some: tuple(dict.fromkeys(row[key] for row in some))
    return [
        _grid(function, [row for row in rows if row["function"] == function])
        for function in named("function", rows)
    ]


def _grid(function: str, rows: list[Printed]) -> Grid:
    named = lambda key: tuple(dict.fromkeys(row[key] for row in rows))
    at = {(row["checker"], row["dtype"], row["size"]): row for row in rows}
    sizes = tuple(sorted(named("size")))
    columns = [(dtype, size) for dtype in named("dtype") for size in sizes]
    lines = tuple(
        (checker, tuple(cell(at.get((checker, *column))) for column in columns))
        for checker in named("checker")
    )
    return Grid(function, named("dtype"), sizes, lines, tuple(_notes(rows, named("dtype"))))


def cell(row: Printed | None) -> Cell:
    """The one word or number for a row; a row that is missing is said to be."""
    if row is None or row["correct"] in UNMEASURED:
        return Cell("–", "none")
    if row["correct"] == "refused":
        return Cell("refused", "bad")
    if row["correct"] == "undecided":
        return Cell("undecided", "open")
    text, kind = _noticed(float(row["smallest"]))
    if row["correct"] == "no verdict":
        return Cell(f"{text} *", kind)
    if row["correct"] == "sometimes refused":
        return Cell(f"{row['refused']} of {row['points']} refused, {text}", "bad")
    return Cell(text, kind)


def _noticed(smallest: float) -> tuple[str, str]:
    if math.isinf(smallest):
        return "never", "blind"
    exponent = round(math.log10(smallest))
    text = f"10{str(exponent).translate(SUPERSCRIPTS)}" if exponent else "1"
    return text, "blind" if exponent >= 0 else "good"


def _notes(rows: list[Printed], dtypes: tuple[str, ...]) -> Iterator[str]:
    """checker, where: why it was not measured; the same reason for all dtypes is said once."""
    found: dict[tuple[str, str, str], dict[int, list[str]]] = {}
    for row in rows:
        if row["correct"] in UNMEASURED:
            key = row["checker"], row["correct"], row["note"]
            found.setdefault(key, {}).setdefault(row["size"], []).append(row["dtype"])
    for (checker, correct, note), places in found.items():
        everywhere = all(tuple(held) == dtypes for held in places.values())
        held = {dtype: None for names in places.values() for dtype in names}
        sizes = ", ".join(f"{size:,}" for size in places)
        where = f"n = {sizes}" if everywhere else f"n = {sizes}, {', '.join(held)}"
        yield f"{checker}, {where}: {correct}, {note}."


def tables(rows: Iterable[Printed]) -> list[tuple[str, list[str], tuple[str, ...]]]:
    """(title, the table as lines of Markdown, notes) of each function."""
    return [(grid.function.capitalize(), _markdown(grid), grid.notes) for grid in grids(rows)]


def _markdown(grid: Grid) -> list[str]:
    columns = [f"{dtype}, n = {size:,}" for dtype in grid.dtypes for size in grid.sizes]
    head = ["checker", *columns]
    body = [[checker, *(cell.text for cell in cells)] for checker, cells in grid.lines]
    return ["| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *body)]
