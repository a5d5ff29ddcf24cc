"""A wrong finding in full: as the document has it, and as a piece of HTML.

The piece shows the wrong expression, the way back and the worst entry.  It brings its own style,
light and dark, and needs no script and no network.  All text is escaped.  What colour says is said
in signs and words as well.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import Any, NamedTuple

from ..vocabulary import Explanation, Finding, Verdict, Worst

STYLE = """<style>
.explained { --e-ink: #1c2024; --e-soft: #545b63; --e-rule: #dfddd6; --e-sunk: #f2f0ea;
  --e-good: #1b6640; --e-good-bg: #e2f1e7; --e-bad: #a3201f; --e-bad-bg: #fbe3e1;
  color: var(--e-ink); font: 1rem/1.55 ui-sans-serif, system-ui, sans-serif;
  overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { .explained { --e-ink: #e7e6e1; --e-soft: #a3a9b0;
  --e-rule: #343a41; --e-sunk: #21262b; --e-good: #8ad7a9; --e-good-bg: #183526;
  --e-bad: #ff9f97; --e-bad-bg: #4a1f1e; } }
.explained h4 { margin: 1.2rem 0 .4rem; font-size: 1rem; }
.explained p { margin: .3rem 0; max-width: 48rem; }
.explained .soft { color: var(--e-soft); font-size: .88rem; }
.explained .scroll { overflow-x: auto; }
.explained pre { margin: 0; padding: .7rem .9rem; background: var(--e-sunk); border-radius: 6px;
  font: .84rem/1.6 ui-monospace, Menlo, Consolas, monospace; width: max-content; min-width: 100%;
  box-sizing: border-box; overflow-wrap: normal; }
.explained mark { background: var(--e-bad-bg); color: var(--e-bad); font-weight: 700;
  text-decoration: underline wavy; padding: .05em .15em; border-radius: 3px; }
.explained .at { color: var(--e-soft); user-select: none; }
.explained table { border-collapse: collapse; font-size: .88rem;
  font-variant-numeric: tabular-nums; }
.explained th, .explained td { text-align: right; padding: .25rem .8rem .25rem 0;
  border-bottom: 1px solid var(--e-rule); white-space: nowrap; }
.explained th:first-child, .explained td:first-child { text-align: left; }
.explained svg { display: block; max-width: none; }
.explained svg text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: var(--e-ink); }
.explained .right rect { fill: var(--e-good-bg); stroke: var(--e-good); }
.explained .wrong rect { fill: var(--e-bad-bg); stroke: var(--e-bad); stroke-width: 2.5;
  stroke-dasharray: 6 3; }
.explained .arrow { stroke: var(--e-soft); fill: none; }
.explained .head { fill: var(--e-soft); }
</style>"""


def fragment(finding: Finding, source: str = "", first: int = 1, folded: bool = False) -> str:
    """HTML of a finding with explanations; `source` is the forward's text from line `first` on.

    Where it is folded, what comes after the marked source opens.
    """
    parts = [STYLE, f"<p><strong>{escape(finding.name)}</strong>: {escape(finding.reason)}</p>"]
    parts += [_explanations(finding.explanation)]
    if source:
        parts += ["<h4>The function that was differentiated</h4>", _source(finding, source, first)]
    more = "".join(_more(finding))
    said = "The way back, the worst entry, and how to reproduce it"
    opens = f'<details class="line"><summary>{said}</summary>{more}</details>'
    return f'<div class="explained">{"".join(parts)}{opens if folded else more}</div>'


def _more(finding: Finding) -> list[str]:
    parts = []
    if finding.sensitivity or finding.power:
        parts += ["<h4>Where cotangents are right and wrong</h4>", _picture(finding)]
    parts += ["<h4>The worst entry</h4>", _worst(finding)]
    if finding.reproduce:
        code = f'<div class="scroll"><pre tabindex="0">{escape(finding.reproduce)}</pre></div>'
        parts += ["<h4>To reproduce it</h4>", code]
    return parts


def of_function(finding: Finding, function: Callable) -> str:
    """The same, with the source of the function itself where Python can read it."""
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return fragment(finding)
    return fragment(finding, "".join(lines), first)


def _explanations(explained: Sequence[Explanation]) -> str:
    if not explained:
        return "<p>No explanation fits.</p>"
    return "".join(_explanation(k, one) for k, one in enumerate(explained, 1))


def _explanation(rank: int, one: Explanation) -> str:
    place = f" <span class='soft'>({escape(one.location)})</span>" if one.location else ""
    sure = f"fits every entry; what it leaves is at most {one.residual:.2g} budgets"
    if not one.fits:
        closest = "closest only: " if one.is_guess else ""
        sure = f"{closest}{one.residual:.2g} budgets are left unexplained"
    apart = ", ".join(map(escape, one.confused_with))
    return (
        f"<p>{rank}. <strong>{escape(one.term)}</strong>{place}: {escape(one.mistake)}."
        + (f" To correct it: {escape(one.remedy)}." if one.remedy else "")
        + "</p>"
        + (f"<p class='soft'>Fits equally well: {apart}.</p>" if apart else "")
        + f"<p class='soft'>{sure}</p>"
    )


def _source(finding: Finding, source: str, first: int) -> str:
    """Numbered lines; where an explanation points at one, the expression is marked."""
    named = {e.source.strip(): e for e in reversed(finding.explanation) if e.source and e.fits}
    rows = []
    for number, line in enumerate(source.splitlines(), first):
        one = named.get(line.strip())
        text = escape(line) if one is None else _marked(line, one)
        sign = "&#9654;" if one is not None else " "
        rows.append(f'<span class="at">{sign}{number:>4}  </span>{text}')
    return f'<div class="scroll"><pre tabindex="0">{chr(10).join(rows)}</pre></div>'


def _marked(line: str, one: Explanation) -> str:
    """The expression in the term's last pair of backticks, or the whole line."""
    quoted = one.term.split("`")[1::2]
    expression = next((q for q in reversed(quoted) if q and q in line), line.strip())
    before, _, after = line.partition(expression)
    return f"{escape(before)}<mark>{escape(expression)}</mark>{escape(after)}"


def _picture(finding: Finding) -> str:
    """From the result back to each leaf: which cotangents arrive right, which wrong."""
    wrong = {leaf for one in finding.explanation for leaf in one.leaves}
    leaves = sorted(finding.power, key=lambda leaf: leaf in wrong)  # the wrong ones below
    named = next((e for e in finding.explanation if e.fits), None)
    height = 44 * max(len(leaves), 1) + 20
    rows = {leaf: 44 * k + 32 for k, leaf in enumerate(leaves)}
    low = [y for leaf, y in rows.items() if leaf in wrong] or list(rows.values()) or [32]
    here, start = sum(low) // len(low), height // 2
    term = _short(named.term if named else "not known", 36)
    arrows = [_arrow(100, start, 150, here)]
    boxes = [_box(10, start, 90, "result", "right"), _box(150, here, 250, term, "wrong")]
    for leaf, y in rows.items():
        bad = leaf in wrong
        arrows.append(_arrow(400, here, 460, y) if bad else _arrow(100, start, 460, y, over=True))
        said = "wrong" if bad else "right"
        boxes.append(_box(460, y, 190, _short(leaf or "argument", 16), said, f", {said}"))
    count = f"{len(wrong & set(leaves))} of {len(leaves)} leaves wrong"
    said = f"The cotangents on the way back: {count}, by {named.term if named else 'no known term'}"
    return (
        f'<div class="scroll" tabindex="0"><svg role="img" width="670" height="{height}" '
        f'viewBox="0 0 670 {height}" aria-label="{escape(said, quote=True)}">'
        f"{''.join(arrows)}{''.join(boxes)}</svg></div>"
        "<p class='soft'>&#10003; and a plain frame: the cotangent is right there; "
        "&#10007; and a broken frame: it is wrong.</p>"
    )


def _box(x: int, y: int, width: int, text: str, kind: str, note: str = "") -> str:
    sign = "&#10003;" if kind == "right" else "&#10007;"
    return (
        f'<g class="{kind}"><rect x="{x}" y="{y - 15}" width="{width}" height="30" rx="6"/>'
        f'<text x="{x + 9}" y="{y + 4}">{sign} {escape(text + note)}</text></g>'
    )


def _arrow(x: int, y: int, to_x: int, to_y: int, over: bool = False) -> str:
    """A curve; one that passes over the wrong box goes round it."""
    bend = f"M{x} {y} C {x + 40} {to_y}, {to_x - 340} {to_y}, {to_x - 7} {to_y}"
    plain = f"M{x} {y} C {x + 30} {y}, {to_x - 37} {to_y}, {to_x - 7} {to_y}"
    return (
        f'<path class="arrow" d="{bend if over else plain}"/>'
        f'<path class="head" d="M{to_x - 8} {to_y - 4} L{to_x} {to_y} L{to_x - 8} {to_y + 4} Z"/>'
    )


def _short(text: str, most: int) -> str:
    text = text.removeprefix("the local derivative of ").removeprefix("the gradient in ")
    return text if len(text) <= most else text[: most - 1] + "\u2026"


def _worst(finding: Finding) -> str:
    worst = finding.worst
    if worst is None:
        return "<p>None: no entry could be judged.</p>"
    where = f"{worst.leaf}{list(worst.index)}" if worst.index else worst.leaf or "the gradient"
    ratio = f"{worst.got / worst.expected:.6g}" if worst.expected else "-"
    cells = (where, worst.case, f"{worst.got:.10g}", f"{worst.expected:.10g}", ratio)
    cells = (*cells, f"{worst.budgets:.3g}")
    heads = ("entry", "case", "got", "expected", "got / expected", "budgets away")
    head = "".join(f'<th scope="col">{h}</th>' for h in heads)
    body = "".join(f"<td>{escape(c)}</td>" for c in cells)
    return (
        '<div class="scroll" tabindex="0"><table><thead><tr>'
        f"{head}</tr></thead><tbody><tr>{body}</tr></tbody></table></div>"
    )


KEPT = ("name", "dtype", "reason", "power", "cases", "skipped", "oracle", "reproduce")


class Worked(NamedTuple):
    """A wrong finding with its forward's source, for the section that it stands in."""

    section: str
    title: str
    lead: str
    finding: Finding
    source: str
    first: int  # the number of its first line


def worked_row(worked: Worked) -> dict[str, Any]:
    """As the document has it: all that `html` and the other pages need."""
    finding = worked.finding
    kept = {key: getattr(finding, key) for key in KEPT}
    kept |= {"verdict": finding.verdict.value, "worst": finding.worst}
    explained = [asdict(one) for one in finding.explanation]
    return worked._asdict() | {"finding": kept | {"explanation": explained}}


def worked_html(row: Mapping[str, Any]) -> str:
    """A row of the document as a piece of HTML."""
    return fragment(read_finding(row["finding"]), row["source"], row["first"], folded=True)


def read_finding(found: Mapping[str, Any]) -> Finding:
    """The finding again; numbers that JSON does not know were written as words."""
    kept = {key: found[key] for key in KEPT}
    kept["power"] = {leaf: float(value) for leaf, value in found["power"].items()}
    explanation = tuple(map(explanation_of, found["explanation"]))
    return Finding(
        **kept,
        verdict=Verdict(found["verdict"]),
        worst=worst_of(found["worst"]),
        explanation=explanation,
    )


def explanation_of(row: Mapping[str, Any]) -> Explanation:
    lists = {key: tuple(row[key]) for key in ("leaves", "confused_with")}
    factor = None if row["factor"] is None else float(row["factor"])
    return Explanation(**{**row, **lists, "residual": float(row["residual"]), "factor": factor})


def worst_of(row: Mapping[str, Any] | None) -> Worst | None:
    if row is None:
        return None
    numbers = ("got", "expected", "radius", "budgets", "ulps", "allowed")
    told = {key: float(row[key]) for key in numbers if key in row}
    return Worst(**{**row, **told, "index": tuple(row["index"])})
