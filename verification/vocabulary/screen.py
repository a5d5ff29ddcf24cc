"""What a person sees of a finding, part by part: every surface shows these parts, in this order.

A terminal, a notebook, pytest, a campaign and the report differ in colour and in markup alone.
"""

import math
import re
from itertools import islice
from typing import NamedTuple

from .digits import rounded, short
from .findings import ORACLES, Explanation, Finding, Worst, plural
from .headline import headline, parts_of
from .nouns import Verdict

COLUMNS = ("entry", "got", "expected", "allowed", "where")
SMALLEST = "the smallest failing input:"
OTHERS = 3  # explanations beside the first
WORDY = (Verdict.CORRECT, Verdict.WRONG)  # the first line says what the reason begins with


class Excerpt(NamedTuple):
    """A line of source, with the columns from start to end marked."""

    place: str  # FILE.py:LINE
    line: str
    start: int
    end: int


class Screen(NamedTuple):
    """The parts from top to bottom; an empty one is not shown."""

    verdict: Verdict
    headline: str
    place: str
    subject: str  # who was judged, where that stands, and how
    why: str
    excerpt: Excerpt | None
    said: str  # of the excerpt, or of the answer
    rows: tuple[tuple[str, ...], ...]  # under COLUMNS
    seen: str
    to_do: tuple[str, ...]
    others: tuple[str, ...]  # what fits as well
    notes: tuple[str, ...]
    example: str  # the smallest failing input, as code
    code: str


def screen(finding: Finding, place: str = "", of: str = "") -> Screen:
    """The parts; `place` is the candidate's FILE.py:LINE, `of` what it is the gradient of."""
    told = finding.explanation
    placed = [one for one in told if one.location]
    pointed = next((one for one in placed if one.fits), next(iter(placed), None))
    main = pointed or next(iter(told), None)
    where = place or finding.place
    excerpt = _excerpt(pointed) if pointed else None
    wordy, said = finding.verdict in WORDY, headline(finding)
    is_bad = finding.verdict is not Verdict.CORRECT
    others = (one for one in told if one is not main and not one.remedy.startswith("allow="))
    return Screen(
        verdict=finding.verdict,
        headline=said,
        place=excerpt.place if excerpt else where,
        subject=f"{title(finding, of)}{where and f', {where}'}; {judged(finding)}",
        why="" if wordy or finding.reason == said else finding.reason,
        excerpt=excerpt,
        said=_said(main) if main else "",
        rows=tuple(map(_row, _worst_entries(finding) if is_bad else ())),
        seen=power(finding),
        to_do=_to_do(finding, main, where),
        others=tuple(map(_whole, islice(others, OTHERS))),
        notes=_notes(finding) + (_not_yet_said(finding) if wordy else ()),
        example=str(finding.example or ""),
        code=finding.reproduce if is_bad else "",
    )


def title(finding: Finding, of: str = "") -> str:
    """ "gradient of mse in float64"."""
    return f"{finding.name}{of and f' of {of}'} in {finding.dtype}"


def text(finding: Finding, place: str = "", of: str = "") -> str:
    """All parts as plain text."""
    return "\n".join(lines(screen(finding, place, of)))


def lines(parts: Screen) -> list[str]:
    first = f"{parts.verdict.upper()}  {parts.headline}"
    blocks = [
        [f"{first}   {parts.place}" if parts.place else first, f"  {parts.subject}"],
        _indented([parts.why]),
        _indented([*pointed_at(parts.excerpt), parts.said]),
        _indented(table(parts.rows)),
        _indented([f"would have been seen: {parts.seen}"] if parts.seen else []),
        _indented(["what to do:", *(f"  {one}" for one in parts.to_do)] if parts.to_do else []),
        _indented([f"or: {one}" for one in parts.others]),
        _indented([f"note: {one}" for one in parts.notes]),
        _indented([SMALLEST, *_indented(parts.example.splitlines(), 4)] if parts.example else []),
        _indented(["again:", *_indented(parts.code.splitlines(), 4)] if parts.code else []),
    ]  # fmt: skip
    return [line for block in blocks if block for line in ([*block, ""])][:-1]


def _indented(found: list[str], by: int = 2) -> list[str]:
    return [" " * by + line for line in found if line]


def pointed_at(excerpt: Excerpt | None) -> list[str]:
    """The line, and a caret under each column that is marked."""
    if excerpt is None:
        return []
    number = excerpt.place.rpartition(":")[2]
    caret = "^" * max(excerpt.end - excerpt.start, 1)
    edge = " " * len(number)
    return [f"{number} | {excerpt.line}", f"{edge} | {' ' * excerpt.start}{caret}"]


def table(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    """Columns side by side, numbers to the right."""
    if not rows:
        return []
    whole = (COLUMNS, *rows)
    widths = [max(len(row[k]) for row in whole) for k in range(len(COLUMNS))]
    cells = [[_cell(row[k], widths[k], k) for k in range(len(COLUMNS))] for row in whole]
    return ["  ".join(row).rstrip() for row in cells]


def _cell(said: str, width: int, column: int) -> str:
    return said.ljust(width) if column in (0, len(COLUMNS) - 1) else said.rjust(width)


def entry_of(worst: Worst) -> str:
    """ "w[1, 2]"; the leaf alone where it is one number."""
    return f"{worst.leaf}{list(worst.index) if worst.index else ''}" or "the gradient"


def _worst_entries(finding: Finding) -> tuple[Worst, ...]:
    return finding.entries or ((finding.worst,) if finding.worst else ())


def _row(worst: Worst) -> tuple[str, ...]:
    got, expected = rounded(worst.got, worst.expected)
    allowed = f"± {worst.allowed:.1e}" if math.isfinite(worst.allowed) else ""
    return entry_of(worst), got, expected, allowed, worst.case.replace("edge: ", "the edge ")


def judged(finding: Finding) -> str:
    more = f", {finding.cases_drawn} drawn for the {finding.cases_asked} asked for"
    drawn = more if finding.cases_drawn > finding.cases_asked else ""
    partly = f", {finding.skipped} of them only in part" if finding.skipped else ""
    skipped = f", {finding.edges_skipped} skipped" if finding.edges_skipped else ""
    has_edges = finding.edges or finding.edges_skipped
    edges = f" and {plural(finding.edges, 'edge')}{skipped}" if has_edges else ""
    known = ORACLES.get(finding.oracle, finding.oracle) or "no oracle"
    within = f" within the {finding.budget}" if finding.budget else ""
    is_unasked = finding.verdict is Verdict.REJECTED and not finding.oracle
    how = "" if is_unasked else f", by {known}{within}"
    return f"{plural(finding.cases, 'case')}{drawn}{partly}{edges}{how}"


def power(finding: Finding) -> str:
    """The smallest error certain to be seen, leaf by leaf; empty where no leaf was judged."""
    named = [(leaf or "the gradient", size) for leaf, size in finding.power.items()]
    each = ", ".join(f"{short(size)} in {leaf}" for leaf, size in named if math.isfinite(size))
    hidden = ", ".join(leaf for leaf, size in named if not math.isfinite(size))
    some = [f"an error of one entry, over the RMS of its leaf, of {each}"] if each else []
    return "; ".join([*some, *([f"in {hidden} no error for certain"] if hidden else [])])


def _excerpt(said: Explanation) -> Excerpt | None:
    """The line, the expression that the term names marked; all of it where that is elsewhere."""
    if not said.source:
        return None
    line = said.source.strip()
    quoted = [one for one in said.term.split("`")[1::2] if one and one in line]
    start = line.index(quoted[0]) if quoted else 0
    return Excerpt(said.location, line, start, start + len(quoted[0]) if quoted else len(line))


def _said(one: Explanation) -> str:
    """The term and the mistake; what it should be belongs to a formula."""
    guess = f"closest, but {one.residual:.2g} budgets remain: " if one.is_guess else ""
    should = f"; {one.remedy}" if one.kind == "slope" and one.remedy else ""
    return f"{guess}{one.term}: {one.mistake}{should}"


def _whole(one: Explanation) -> str:
    place = f"{one.location}: " if one.location else ""
    should = f"; {one.remedy}" if one.remedy and one.kind != "slope" else ""
    return f"{place}{_said(one)}{should}"


def _to_do(finding: Finding, main: Explanation | None, place: str) -> tuple[str, ...]:
    """What mends it, what accepts it, what makes it decidable."""
    if finding.verdict is Verdict.CORRECT:
        return ()
    mend = main.remedy if main and main.fits else ""
    if main and main.kind == "slope" and mend:
        is_formula = mend.startswith(SHOULD)
        mend = f"take {main.term} to be {mend.removeprefix(SHOULD)}" if is_formula else ""
    there = f"in {finding.name} ({place}): " if place else f"in {finding.name}: "
    mend = _undone(main) if main and mend.startswith("allow") else mend
    found = [there + mend] if mend else []
    if finding.conventions:
        each = " or ".join(map(_allowing, finding.conventions))
        meant = f"say that it is meant: {each} accepts it"
        found.append(f"or {meant}" if found else meant)
    known = mend and finding.verdict is Verdict.INACCURATE  # then no other form is wanted
    return (*found, *(() if known else ADVICE.get(finding.verdict, ())))


def _allowing(convention: str) -> str:
    names = ", ".join(f'"{name}"' for name in parts_of(convention))
    return f"allow=({names},)"


def _undone(one: Explanation) -> str:
    """What takes a convention back, where it is a factor."""
    if one.factor is None or not math.isfinite(1.0 / (one.factor or math.inf)):
        return ""
    if one.factor == -1.0:
        return "turn the sign of what it returns"
    counted = None if "; and " in one.mistake else SIZE.search(one.mistake)
    by = one.factor if abs(one.factor) > 1.0 else 1.0 / one.factor
    here = f"{counted[0]} (here {by:.6g})" if counted else f"{by:.6g}"
    verb = "divide" if abs(one.factor) > 1.0 else "multiply"
    return f"{verb} what it returns by {here}"


SIZE = re.compile(r"the (?:size of axis \d+|number of entries) of [^\s;]+")


SHOULD = "here it should be "  # how the remedy of a wrong slope begins
ADVICE = {
    Verdict.INACCURATE: ("write the same formula in another form: expm1, log1p, logits, a shift",),
    Verdict.UNDECIDED: ("this is no pass: give other args, or more cases",),
}


def _not_yet_said(finding: Finding) -> tuple[str, ...]:
    """The reason, of `correct` without what the first line, the power and the notes say already."""
    if finding.verdict is not Verdict.CORRECT:
        return (finding.reason,)
    left = (part for part in finding.reason.split("; ") if not SAID_ABOVE.match(part))
    return tuple(filter(None, ["; ".join(left)]))


SAID_ABOVE = re.compile(
    r"every entry inside its budget at (?:the one case|all \d+ cases)$"
    r"|(?:any error of one entry|one entry off by \S+ of its leaf's RMS) would have been seen$"
    r"|by witnesses: "
)


def _notes(finding: Finding) -> tuple[str, ...]:
    out = f"{plural(finding.left_out, 'case')} left out: beyond {finding.dtype}'s range"
    kinks = f"at kinks: {finding.convention}"
    met = [one.confused_with for one in finding.explanation if one.confused_with][:1]
    equal = [f"fits equally well: {', '.join(one)}" for one in met]
    return (
        *([out] if finding.left_out else []),
        *equal,
        *([kinks] if finding.convention else []),
        *finding.notes,
    )
