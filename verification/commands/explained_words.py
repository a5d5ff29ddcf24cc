"""What is wrong, in words and colour for a terminal: the explanations of a finding.

Colour is never alone: what is right says so, what is wrong says so.
"""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..vocabulary import Explanation, Finding, Verdict

COLOURS = {
    Verdict.CORRECT: "bold green",
    Verdict.WRONG: "bold red",
    Verdict.REJECTED: "bold red",
    Verdict.INACCURATE: "bold yellow",
    Verdict.UNDECIDED: "bold yellow",
}


def explained(finding: Finding) -> RenderableType:
    """The verdict, each explanation with the line it points at, the leaves, the worst entry."""
    head = Text(f"{finding.name} in {finding.dtype}: ")
    head.append(str(finding.verdict), style=COLOURS[finding.verdict])
    parts: list[RenderableType] = [head, Text(finding.reason)]
    parts += [_one(k, said) for k, said in enumerate(finding.explanation, 1)]
    if finding.explanation:
        parts.append(_leaves(finding))
    elif finding.verdict is Verdict.WRONG:
        parts.append(Text("no explanation fits", style="yellow"))
    return Group(*parts)


def _one(rank: int, said: Explanation) -> RenderableType:
    """A sentence, and under it the line with the wrong expression underlined."""
    head = Text(f"\n{rank}. ")
    if said.is_guess:
        head.append(f"closest, but {said.residual:.2g} budgets remain: ", style="yellow")
    head.append(said.term, style="bold")
    head.append(": ")
    head.append(said.mistake, style="red" if said.fits else "yellow")
    parts: list[RenderableType] = [head]
    if said.source:
        parts.append(Padding(_line(said), (0, 0, 0, 3)))
    if said.remedy:
        parts.append(Padding(Text(f"to correct it: {said.remedy}", style="green"), (0, 0, 0, 3)))
    if said.confused_with:
        apart = f"fits equally well: {', '.join(said.confused_with)}"
        parts.append(Padding(Text(apart, style="dim"), (0, 0, 0, 3)))
    return Group(*parts)


def _line(said: Explanation) -> Text:
    text = Text(f"{said.location}  ", style="dim")
    line = Text(said.source, style="default")
    for expression in said.term.split("`")[1::2]:
        if expression and expression in said.source:
            start = said.source.index(expression)
            line.stylize("bold red underline", start, start + len(expression))
    return text + line


def _leaves(finding: Finding) -> RenderableType:
    """Which leaves are right, which wrong."""
    wrong = {leaf for said in finding.explanation for leaf in said.leaves}
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for leaf in finding.power:
        bad = leaf in wrong
        style = "red" if bad else "green"
        table.add_row(Text("x wrong" if bad else "  right", style=style), Text(leaf or "gradient"))
    return Padding(table, (1, 0, 0, 0))
