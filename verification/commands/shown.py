"""A finding on a terminal: in colour and as wide as it is there, plain where it is piped."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 120  # columns, where no terminal says how many
COLOURS = {
    "correct": "bold green",
    "inaccurate": "bold yellow",
    "wrong": "bold red",
    "undecided": "bold magenta",
    "rejected": "bold red",
}
CAPTION = 15  # columns: the longest caption, and a space


def console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def show(row: Mapping[str, Any]) -> None:
    """The verdict, why, the worst element, the explanation, the power, and how to ask again."""
    from ..report.findings.words import facts, place, title

    screen = console()
    where = f"  {place(row)}" if place(row) else ""
    headline(screen, title(row), row["verdict"], where)
    for caption, said in facts(row):
        if caption == "Again":  # to be copied: never cut, never wrapped
            screen.print(f"  {said}", soft_wrap=True, markup=False)
        else:
            say(screen, f"  {caption:<{CAPTION}}", said)


def headline(screen: "Console", name: str, verdict: str, where: str = "") -> None:
    """name: verdict, in its colour.  Foreign words are text, never markup."""
    from rich.text import Text

    line = Text.assemble(f"{name}: ", (str(verdict), COLOURS[verdict]), (where, "dim"))
    screen.print(line, soft_wrap=not screen.is_terminal)


def say(screen: "Console", mark: str, text: str, style: str = "") -> None:
    """The text behind the mark: on a terminal all its lines begin there, in a pipe it is one."""
    from rich.table import Table
    from rich.text import Text

    if not screen.is_terminal:
        screen.print(Text(f"{mark}{text}"), soft_wrap=True)
        return
    grid = Table.grid(expand=False)
    grid.add_column(width=len(mark), no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(mark, "dim"), Text(text, style))
    screen.print(grid)
