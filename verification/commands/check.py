"""`refnet check`: judge our own derivations, by dtype, arrow by arrow, oracle by oracle."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .mistakes import at_least_one, known, seed_of, writable_file
from .status import status_of

WIDE = 120  # columns, where no terminal says how many

if TYPE_CHECKING:
    from rich.table import Table

    from ..vocabulary import Agreement, Check, Finding


def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Names of derivations. Default: all."),
    ] = None,
    dtype: Annotated[
        list[str] | None,
        typer.Option(
            help="float64, float32, float16, bfloat16, bfloat16_float32 or float16_float32; "
            "may be repeated. Default: the first two."
        ),
    ] = None,
    cases: Annotated[int, typer.Option(help="How many cases are drawn, besides the edges.")] = 64,
    seed: Annotated[int, typer.Option(help="Seed of the cases.")] = 0,
    narrow: Annotated[
        int | None,
        typer.Option(
            help="How many cases in other dtypes than float64 and float32. Default: --cases."
        ),
    ] = None,
    arrows_in: Annotated[
        list[str] | None,
        typer.Option(
            help="Judge single arrows in this dtype alone; may be repeated. Default: in all."
        ),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(help="Write the findings to this file as JSON, too.")
    ] = None,
) -> int:
    """Judge our own derivations.

    Every dtype, every arrow of the chain rule, every oracle.

    Exit status 0 correct, 1 wrong, inaccurate or rejected, 3 undecided.
    """
    at_least_one("--cases", cases)
    at_least_one("--narrow", cases if narrow is None else narrow)
    seed_of(seed)
    writable_file("--json", json)
    from ..derivations import ALL
    from ..judgement.check import DTYPES
    from ..judgement.check import check as judge
    from ..measurement.budget import DTYPES as KNOWN
    from ..vocabulary.progress import counted, watched

    wanted = [known("derivation", name, ALL) for name in names or ALL]
    dtypes = tuple(known("dtype", d, KNOWN) for d in dtype) if dtype else DTYPES
    single = tuple(known("dtype", d, KNOWN) for d in arrows_in) if arrows_in else None
    judged = lambda name: judge(name, cases, seed, dtypes, narrow, single)
    with watched("check"):
        checks = list(counted("derivations", map(judged, wanted), range(len(wanted))))
    _print(checks, details=bool(names))
    if json is not None:
        _write(json, checks)
    return status_of(check.verdict for check in checks)


def _print(checks: list["Check"], details: bool) -> None:
    from rich.console import Console

    wide = None if sys.stdout.isatty() else WIDE  # a pipe has no width: do not cut words
    console = Console(highlight=False, width=wide)
    console.print(_findings(checks))
    if details:
        for check in checks:
            console.print(check.name, _arrows(check), _oracles(check.agreements), sep="\n")
    for finding in _every_finding(checks):
        if finding.verdict != "correct":
            console.print(f"{finding.name}, {finding.dtype}: {finding.verdict}: {finding.reason}")


def _every_finding(checks: list["Check"]) -> Iterable["Finding"]:
    for check in checks:
        yield from check.findings
        for arrow in check.arrows:
            yield from arrow.findings


def _findings(checks: list["Check"]) -> "Table":
    table = _table("derivation", "dtype", "verdict", "cases", "skipped", "worst", "power", "arrows")
    for check in checks:
        for f in check.findings:
            arrows = [a for row in check.arrows for a in row.findings if a.dtype == f.dtype]
            good = sum(a.verdict == "correct" for a in arrows)
            share = f"{good}/{len(arrows)}"
            table.add_row(check.name, f.dtype, f.verdict, *_numbers(f), share)
    return table


def _numbers(finding: "Finding") -> tuple[str, ...]:
    """Cases; skipped or left out; the worst error, in budgets; the least that would be caught."""
    worst = f"{finding.worst.budgets:.2g}" if finding.worst else "none"
    power = max(finding.power.values(), default=float("inf"))
    out = f" + {finding.left_out} out" if finding.left_out else ""
    return str(finding.cases), f"{finding.skipped}{out}", worst, f"{power:.1e}"


def _arrows(check: "Check") -> "Table":
    table = _table("arrow", "dtype", "verdict", "cases", "skipped", "worst", "power", "oracles")
    for arrow in check.arrows:
        said = [a.agrees for a in arrow.agreements if a.agrees is not None]
        for f in arrow.findings:
            table.add_row(arrow.name, f.dtype, f.verdict, *_numbers(f), f"{sum(said)}/{len(said)}")
    return table


def _oracles(agreements: tuple["Agreement", ...]) -> "Table":
    table = _table("oracle", "rank", "agrees", "distance", "note")
    for a in agreements:
        says = {True: "yes", False: "no", None: "silent"}[a.agrees]
        distance = "" if a.agrees is None else f"{a.distance:.1e}"
        table.add_row(a.oracle, a.rank, says, distance, a.note)
    return table


def _table(*columns: str) -> "Table":
    from rich import box
    from rich.table import Column, Table

    first, *others = columns
    return Table(Column(first, no_wrap=True), *others, box=box.SIMPLE_HEAD)


def _write(file: Path, checks: list["Check"]) -> None:
    """Aside, then renamed: never half a file.  A device or a pipe is written as it is."""
    from ..report.document import derivation_rows, dumps

    rows = [row for check in checks for row in derivation_rows(check)]
    aside = file if file.exists() and not file.is_file() else file.with_name(f".{file.name}.part")
    try:
        aside.write_text(dumps({"derivations": rows}), encoding="utf-8")
        if aside is not file:
            aside.replace(file)
    except BaseException:
        if aside is not file:
            aside.unlink(missing_ok=True)
        raise
