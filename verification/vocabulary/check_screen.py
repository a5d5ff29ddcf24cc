"""A check of a derivation as text and as HTML: whole, arrow by arrow, oracle by oracle."""

import math
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from .digits import short
from .findings import Finding, plural
from .html import STYLE, chip, fragment
from .nouns import Verdict

if TYPE_CHECKING:
    from .checks import Agreement, Check

SAYS = {True: "agrees", False: "differs", None: "silent"}


def headline(check: "Check") -> str:
    """ "sigmoid: 2 dtypes, 3 arrows, 5 of 6 oracles agree"."""
    agree = sum(a.agrees is True for a in check.agreements)
    dtypes, arrows = plural(len(check.findings), "dtype"), plural(len(check.arrows), "arrow")
    return f"{check.name}: {dtypes}, {arrows}, {agree} of {len(check.agreements)} oracles agree"


def findings(check: "Check") -> list[Finding]:
    """All of them, the whole ones first."""
    return [*check.findings, *(one for arrow in check.arrows for one in arrow.findings)]


def text(check: "Check") -> str:
    """The first line, one line for each dtype, and all of each finding that is not correct."""
    dtypes = (f"  {one.dtype}: {one.verdict}, {', '.join(_said(one))}" for one in check.findings)
    bad = (str(one) for one in findings(check) if one.verdict is not Verdict.CORRECT)
    first = f"{check.verdict.upper()}  {headline(check)}"
    return "\n".join([first, *dtypes, *(f"\n{one}" for one in bad)])


def html(check: "Check") -> str:
    """Chips by dtype, a table of arrows by dtypes, one of oracles, and what is not correct."""
    dtypes = [one.dtype for one in check.findings]
    rows = [[one.dtype, chip(one.verdict), *map(escape, _said(one))] for one in check.findings]
    arrows = [[escape(arrow.name), *_chips(arrow.findings, dtypes)] for arrow in check.arrows]
    head = (
        f'<p class="head">{chip(check.verdict)} {escape(headline(check))}</p>'
        f'<div class="scroll soft">{formula(check.latex)}</div>'
    )
    parts = [
        head,
        _table(("dtype", "", "cases", "worst error", "would have been seen"), rows),
        _table(("arrow", *dtypes), arrows),
        _table(("oracle", "rank", "", "distance", "note"), map(_agreement, check.agreements)),
    ]
    bad = (one for one in findings(check) if one.verdict is not Verdict.CORRECT)
    return f'{STYLE}<div class="refnet">{"".join(parts)}</div>' + "".join(
        fragment(one, style=False) for one in bad
    )


def formula(latex: str) -> str:
    """As MathML; as its source where nothing is installed that makes it."""
    try:
        from latex2mathml.converter import convert
    except ModuleNotFoundError:
        return f"<code>{escape(latex)}</code>"
    return convert(latex)


def _said(finding: Finding) -> tuple[str, str, str]:
    worst = f"{short(finding.worst.budgets)} budgets" if finding.worst else "none"
    power = max(finding.power.values(), default=math.inf)
    return plural(finding.cases, "case"), worst, f"{short(power)} of the RMS"


def _chips(of: tuple[Finding, ...], dtypes: list[str]) -> list[str]:
    found = {one.dtype: one.verdict for one in of}
    return [chip(found[dtype]) if dtype in found else "" for dtype in dtypes]


def _agreement(one: "Agreement") -> list[str]:
    distance = "" if one.agrees is None else short(one.distance)
    name = escape(one.oracle).replace("_", "_<wbr/>")  # where it is narrow
    return [name, escape(one.rank), SAYS[one.agrees], distance, escape(one.note)]


def _table(columns: Iterable[str], rows: Iterable[list[str]]) -> str:
    """Columns are our words; cells are HTML already."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    if not body:
        return ""
    inner = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="scroll"><table class="words">{inner}</table></div>'
