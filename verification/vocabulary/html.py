"""A finding as a piece of HTML: the parts of screen.py, for notebooks, pages and reports.

It brings its own style, light and dark, and needs no script and no network.  All words are escaped.
What colour says is said in words as well.
"""

import re
from collections.abc import Iterable
from html import escape

from .findings import Finding
from .heat import picture
from .screen import COLUMNS, Excerpt, Screen, screen

STYLE = """<style>
.refnet { --ink: #1c2024; --soft: #545b63; --rule: #dfddd6; --sunk: #f2f0ea; --paper: #ffffff;
  --good: #1b6640; --good-bg: #e2f1e7; --bad: #a3201f; --bad-bg: #fbe3e1;
  --open: #7f4b00; --open-bg: #fbecd2; --edge: #0003;
  --h0: #dfe9e2; --h1: #f5c6a5; --h2: #e4794b; --h3: #a3201f;
  color: var(--ink); background: var(--paper); border: 1px solid var(--rule); border-radius: 8px;
  padding: .9rem 1.1rem; margin: .8rem 0; max-width: 60rem; overflow-wrap: anywhere;
  font: 15px/1.55 ui-sans-serif, system-ui, "Liberation Sans", sans-serif; }
@media (prefers-color-scheme: dark) { .refnet { --ink: #e7e6e1; --soft: #a3a9b0; --rule: #343a41;
  --sunk: #21262b; --paper: #1c2024; --good: #8ad7a9; --good-bg: #183526; --bad: #ff9f97;
  --bad-bg: #4a1f1e; --open: #f0bf74; --open-bg: #3d2d12; --edge: #fff5;
  --h0: #26342b; --h1: #6b4526; --h2: #b5562c; --h3: #ff9f97; } }
.refnet p, .refnet ul, .refnet figure { margin: .55rem 0; }
.refnet .head { font-size: 17px; font-weight: 600; margin: 0; }
.refnet .chip { display: inline-block; border-radius: 99px; padding: 0 .6em; font-size: 13px;
  letter-spacing: .03em; }
.refnet .correct { color: var(--good); background: var(--good-bg); }
.refnet .wrong, .refnet .rejected { color: var(--bad); background: var(--bad-bg); }
.refnet .inaccurate, .refnet .undecided { color: var(--open); background: var(--open-bg); }
.refnet .soft, .refnet figcaption { color: var(--soft); font-size: 14px; }
.refnet figure { display: block; width: auto; text-align: left; }
.refnet figcaption { font-style: normal; max-width: none; margin: 0 0 .3rem; text-align: left; }
.refnet code, .refnet pre { font-size: 13.5px;
  font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.refnet .scroll { overflow-x: auto; max-width: 100%; background:
  linear-gradient(to right, var(--paper) 40%, transparent) left / 3rem 100%,
  linear-gradient(to left, var(--paper) 40%, transparent) right / 3rem 100%,
  linear-gradient(to right, var(--edge), transparent) left / .9rem 100%,
  linear-gradient(to left, var(--edge), transparent) right / .9rem 100%;
  background-attachment: local, local, scroll, scroll; background-repeat: no-repeat; }
.refnet pre { background: var(--sunk); color: var(--ink); border-radius: 6px; padding: .6rem .8rem;
  margin: .3rem 0; box-sizing: border-box; line-height: 1.5; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.refnet mark { background: var(--bad-bg); color: var(--bad); font-weight: 700;
  text-decoration: underline wavy; }
.refnet table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px;
  margin: 0; color: var(--ink); }
.refnet th, .refnet td { text-align: right; padding: .2rem 1rem .2rem 0; white-space: nowrap;
  border-bottom: 1px solid var(--rule); background: none; }
.refnet th:first-child, .refnet td:first-child, .refnet .words th, .refnet .words td {
  text-align: left; }
.refnet .scroll + .scroll { margin-top: 1rem; }
.refnet td:last-child { white-space: normal; }
@media (max-width: 36rem) { .refnet th, .refnet td { padding-right: .45rem; font-size: 12.5px;
  overflow-wrap: normal; } .refnet .words th, .refnet .words td { white-space: normal; }
  .refnet .words .chip { font-size: 11px; white-space: nowrap; }
  .refnet .entries thead { position: absolute; clip-path: inset(50%); }
  .refnet .entries tr { display: flex; flex-wrap: wrap; column-gap: .9rem; padding: .25rem 0;
    border-bottom: 1px solid var(--rule); }
  .refnet .entries td { text-align: left; padding: 0; border: 0; overflow-wrap: anywhere; }
  .refnet .entries td:first-child { flex: 1 0 100%; font-weight: 600; white-space: normal; }
  .refnet .entries td + td::before { content: attr(data-name) " "; color: var(--soft); } }
.refnet svg { display: block; max-width: none; }
.refnet rect { fill: var(--sunk); }
.refnet rect.inside { fill: var(--h0); } .refnet rect.low { fill: var(--h1); }
.refnet rect.middle { fill: var(--h2); } .refnet rect.high { fill: var(--h3); }
.refnet details { margin: .55rem 0; } .refnet summary { cursor: pointer; color: var(--soft); }
</style>"""


def fragment(finding: Finding, place: str = "", of: str = "", style: bool = True) -> str:
    """All parts; without the style where the page has it already."""
    seen = screen(finding, place, of)
    parts = [
        STYLE if style else "",
        _head(seen),
        _paragraph(seen.why),
        _excerpt(seen.excerpt),
        _paragraph(seen.said),
        _table(seen),
        "".join(picture(name, heat) for name, heat in finding.heat.items()),
        _paragraph(seen.seen and f"Would have been seen: {seen.seen}."),
        _list("What to do", seen.to_do),
        _code("The smallest failing input", seen.example),
        _code("Again", seen.code),
        _more(seen),
    ]
    return f'<div class="refnet">{"".join(parts)}</div>'


def page(fragments: Iterable[str], heading: str) -> str:
    """One file that opens without a network."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"style-src 'unsafe-inline'\"><title>{escape(heading)}</title>{STYLE}{SHEET}</head>"
        f"<body><h1>{escape(heading)}</h1>{''.join(fragments)}</body></html>\n"
    )


SHEET = """<style>
:root { color-scheme: light dark; } body { margin: 0 auto; max-width: 62rem; padding: 1rem;
  background: #fbfaf7; color: #1c2024; font: 16px/1.5 ui-sans-serif, system-ui, sans-serif; }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { body { background: #15181b; color: #e7e6e1; } }
</style>"""


def _head(seen: Screen) -> str:
    place = f' <code class="soft">{escape(seen.place)}</code>' if seen.place else ""
    return (
        f'<p class="head">{chip(seen.verdict)} {escape(seen.headline)}{place}</p>'
        f'<p class="soft">{escape(seen.subject)}</p>'
    )


def chip(verdict: str) -> str:
    return f'<span class="chip {verdict}">{verdict.upper()}</span>'


def _paragraph(said: str) -> str:
    return f"<p>{escape(said)}</p>" if said else ""


def _excerpt(excerpt: Excerpt | None) -> str:
    if excerpt is None:
        return ""
    line, start, end = excerpt.line, excerpt.start, excerpt.end
    marked = f"{escape(line[:start])}<mark>{escape(line[start:end])}</mark>{escape(line[end:])}"
    number = escape(excerpt.place.rpartition(":")[2])
    return f'<div class="scroll"><pre><span class="soft">{number} | </span>{marked}</pre></div>'


def _breakable(said: str) -> str:
    """Where it is narrow an entry breaks before its brackets and dots, never in a name."""
    return re.sub(r"(?<=.)(\[|\.(?=[A-Za-z_]))", r"<wbr/>\1", escape(said, quote=False))


def _table(seen: Screen) -> str:
    if not seen.rows:
        return ""
    cell = lambda name, said: f'<td data-name="{name}">{_breakable(said)}</td>'
    body = "".join(f"<tr>{''.join(map(cell, COLUMNS, row))}</tr>" for row in seen.rows)
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    inner = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="scroll"><table class="entries">{inner}</table></div>'


def _list(caption: str, items: tuple[str, ...]) -> str:
    if not items:
        return ""
    return f"<p>{caption}:</p><ul>{''.join(f'<li>{escape(one)}</li>' for one in items)}</ul>"


def _code(caption: str, code: str) -> str:
    if not code:
        return ""
    return f'<p>{caption}:</p><div class="scroll"><pre tabindex="0">{escape(code)}</pre></div>'


def _more(seen: Screen) -> str:
    others = tuple(f"or: {one}" for one in seen.others)
    if not (others or seen.notes):
        return ""
    inner = "".join(f"<li>{escape(one)}</li>" for one in (*others, *seen.notes))
    return f"<details><summary>More</summary><ul>{inner}</ul></details>"
