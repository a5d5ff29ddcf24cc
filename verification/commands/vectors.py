"""`refnet vectors`: test vectors for those who cannot run us, and what became of their answers."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .mistakes import Mistake, at_least_one, known, seed_of
from .status import status_of

WIDE = 120  # columns, where no terminal says how many

if TYPE_CHECKING:
    from ..vectors.answers import Statistics

vectors = typer.Typer(
    help="Test vectors as JSON files: write them, or judge what another program answered.",
    rich_markup_mode=None,
)


@vectors.command("export", short_help="Write a file for each derivation, and their schema.")
def export(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder to write the files to.")
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Derivations, or update rules as update/adam. Default: all derivations.",
        ),
    ] = None,
    dtype: Annotated[
        list[str] | None,
        typer.Option(
            help="A dtype; may be repeated. Default: every dtype; for update rules the first two."
        ),
    ] = None,
    cases: Annotated[int, typer.Option(help="How many cases are drawn, besides the edges.")] = 8,
    seed: Annotated[int, typer.Option(help="Seed of the cases.")] = 0,
) -> int:
    """Write one file for each derivation or update rule, and their schema.

    Inputs, proven gradients or parameters, and the budget of every entry in every dtype. DIR is
    replaced whole.
    """
    at_least_one("--cases", cases)
    seed_of(seed)
    if folder.exists() and not folder.is_dir():
        raise Mistake(f"DIR is {str(folder)!r}, which is a file; give a folder")
    from ..adapters.vector_files import Unreadable
    from ..arithmetic.formats import DTYPES
    from ..derivations import ALL
    from ..vectors import export_vectors

    wanted = [_known(name) for name in dict.fromkeys(names or ALL)]
    dtypes = [known("dtype", d, DTYPES) for d in dict.fromkeys(dtype or ())]
    try:
        files = export_vectors(folder, wanted, dtypes, cases, seed)
    except Unreadable as error:
        raise Mistake(f"{error}; give a folder that is empty or does not exist") from None
    size = sum(file.stat().st_size for file in files)
    typer.echo(f"{len(files)} files, {size / 1e6:.1f} MB: {folder}")
    return 0


def _known(name: str) -> str:
    """The name, if it is one of a derivation, or of an update rule behind update/."""
    from ..adapters.run_layouts import PREFIX
    from ..derivations import ALL
    from ..derivations.rules import VARIANTS

    if name.startswith(PREFIX):
        return PREFIX + known("update rule", name.removeprefix(PREFIX), VARIANTS)
    return known("derivation", name, ALL)


@vectors.command("check")
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that export wrote.")],
    answers: Annotated[
        Path,
        typer.Argument(
            metavar="ANSWERS",
            help="The answers: a JSON file, or a folder of them, from tcId to answer.",
        ),
    ],
) -> int:
    """Judge what another program answered to the tests in DIR.

    Exit status 0 correct, 1 wrong, inaccurate or rejected, 3 undecided: tests without an answer.
    """
    if not folder.is_dir():
        raise Mistake(
            f"DIR is {str(folder)!r}, which is no folder; write one with `vectors export`"
        )
    if not answers.exists():
        raise Mistake(f"ANSWERS is {str(answers)!r}, which does not exist; give a file or a folder")
    from ..adapters.vector_files import Unreadable
    from ..vectors import check_vectors

    try:
        statistics = check_vectors(folder, answers)
    except Unreadable as error:
        raise Mistake(str(error)) from None
    _print(statistics)
    return status_of(row.finding.verdict for row in statistics)


def _print(statistics: list["Statistics"]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table

    names = ("dtype", "verdict", "tests", "missing", "worst", "power")
    table = Table(Column("algorithm", no_wrap=True), *names, box=box.SIMPLE_HEAD)
    for row in statistics:
        f = row.finding
        worst = f"{f.worst.budgets:.2g}" if f.worst else "none"
        power = max(f.power.values(), default=float("inf"))
        counts = str(row.tests), str(len(row.missing))
        table.add_row(f.name, f.dtype, f.verdict, *counts, worst, f"{power:.1e}")
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    console.print(table)
    for row in statistics:
        f = row.finding
        if f.verdict != "correct":
            console.print(f"{f.name}, {f.dtype}: {f.verdict}: {f.reason}", markup=False)
            for said in f.explanation[:1]:
                console.print(f"  {said}", markup=False)
