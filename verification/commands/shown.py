"""A finding on a terminal: the parts of vocabulary/screen.py in colour, plain where it is piped.

Colour is never alone: what is wrong says so, what is marked has a caret.
"""

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from ..vocabulary.screen import Screen

WIDE = 120  # columns, where no terminal says how many
COLOURS = {
    "correct": "bold green",
    "inaccurate": "bold yellow",
    "wrong": "bold red",
    "undecided": "bold magenta",
    "rejected": "bold red",
}


def console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def show_all(rows: Iterable[Mapping[str, Any]]) -> None:
    """One below the other."""
    for k, row in enumerate(rows):
        print("\n" if k else "", end="")
        show(row)


def show(row: Mapping[str, Any]) -> None:
    """All parts of the finding.  Foreign words are text, never markup."""
    from ..report.findings.words import parts
    from ..vocabulary.screen import lines

    screen, seen = console(), parts(row)
    first, *rest = lines(seen)
    screen.print(_headline(first, seen), soft_wrap=not screen.is_terminal)
    for line in rest:
        screen.print(
            _coloured(line, seen), soft_wrap=not screen.is_terminal or _is_code(line, seen)
        )


def _headline(first: str, seen: "Screen") -> "Text":
    from rich.text import Text

    line = Text(first)
    line.stylize(COLOURS[seen.verdict], 0, len(seen.verdict))
    line.stylize("bold", len(seen.verdict), len(first) - len(seen.place))
    line.stylize("dim", len(first) - len(seen.place))
    return line


def _coloured(line: str, seen: "Screen") -> "Text":
    from rich.text import Text

    said = line.strip()
    if set(said.partition("|")[2].strip()) == {"^"}:
        return Text(line, "bold red")
    if said == seen.subject or said.startswith("note: "):
        return Text(line, "dim")
    if said in ("what to do:", "again:") or said.startswith("would have been seen:"):
        caption, colon, rest = line.partition(":")
        return Text.assemble((caption + colon, "bold"), rest)
    return Text(line, "cyan") if _is_code(line, seen) else Text(line)


def _is_code(line: str, seen: "Screen") -> bool:
    """To be copied: never cut, never wrapped."""
    return line.strip() in {one.strip() for one in seen.code.splitlines() if one.strip()}
