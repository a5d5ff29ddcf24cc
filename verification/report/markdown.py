"""The report as Markdown: what a person reads beside the code, without a browser of its own."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from . import explained, summary
from .peers import LEGEND, tables
from .tables import CODE, FORMULA, NUMBER, VERDICT, WORDS

Document = Mapping[str, Any]
ESCAPED = str.maketrans(
    {c: "\\" + c for c in "\\`*_[]|#~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
)


def markdown(document: Document) -> str:
    """document -> report.md."""
    parts = [
        ["# refnet verification report", "", text(summary.headline(document)), ""],
        [meta(document), ""],
        counts(document),
        attention(document),
        ["## What was judged", ""],
        [f"- {name}: {text(fact)}" for name, fact in summary.scope(document).items()],
        ["", "## What was not", ""],
        [f"- {text(limit)}" for limit in summary.limits(document)],
        claims(document["claims"]),
        derivations(document["derivations"]),
        implementations(document["implementations"]),
        faults(document["faults"]),
        *(section(rows, document["worked"]) for rows in document["tables"]),
        calibration(document["calibration"]),
        side_by_side(document["side_by_side"]),
        digits(document["digits"]),
        training(document["training"]),
        glossary(),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def meta(document: Document) -> str:
    versions = ", ".join(
        f"{name} {version}" for name, version in sorted(document["versions"].items())
    )
    return f"Seed {document['seed']}{', quick run' if document['quick'] else ''}. {versions}."


def counts(document: Document) -> list[str]:
    seen = {name: n for name, n in document["counts"].items() if n}
    return table(["verdict", "rows"], [[name, f"{n:,}"] for name, n in seen.items()])


def attention(document: Document) -> list[str]:
    rows = summary.attention(document)
    lines = [f"- **{verdict}** {text(name)}: {prose(reason)}" for _, name, verdict, reason in rows]
    return ["## To act on", "", *lines, ""] if rows else []


def claims(rows: Iterable[Mapping]) -> list[str]:
    lines = ["", "## Claims", ""] if rows else []
    for article, group in groupby(rows, key=lambda row: row["article"]):
        lines += [f"### {text(article)}", ""]
        lines += table(
            ["id", "statement", "verdict", "evidence, counterexample, correction", "control"],
            [
                [
                    row["id"],
                    prose(row["statement"]),
                    f"**{row['verdict']}**",
                    found(row),
                    prose(row["control"]),
                ]
                for row in group
            ],
        )
    return lines


def found(row: Mapping) -> str:
    named = {
        "": row["evidence"],
        "Counterexample: ": row["counterexample"],
        "Corrected: ": row["correction"],
    }
    return "<br>".join(f"{name}{prose(value)}" for name, value in named.items() if value)


def derivations(rows: Iterable[Mapping]) -> list[str]:
    head = [
        "derivation",
        "dtype",
        "verdict",
        "cases",
        "skipped",
        "worst",
        "of budget",
        "power",
        "budget",
        "arrows",
        "reason",
    ]
    body = [
        [
            text(row["name"]),
            row["dtype"],
            f"**{row['verdict']}**",
            str(row["cases"]),
            str(row["skipped"]),
            ulps(row["worst"]),
            summary.number(row["worst"]["budgets"]) if row["worst"] else "",
            power(row["power"]),
            summary.budget(row["budget"]),
            arrows(row["arrows"]),
            prose(row["reason"]),
        ]
        for row in rows
    ]
    return ["", "## Derivations", "", *table(head, body)] if body else []


def arrows(rows: list[Mapping]) -> str:
    correct = sum(row["verdict"] == "correct" for row in rows)
    others = [
        f"{text(row['name'])} **{row['verdict']}**" for row in rows if row["verdict"] != "correct"
    ]
    return "; ".join([f"{correct} of {len(rows)} correct", *others])


def implementations(rows: Iterable[Mapping]) -> list[str]:
    head = [
        "implementation",
        "data",
        "network",
        "at",
        "dtype",
        "verdict",
        "worst",
        "power",
        "convention",
    ]
    body = [
        [
            text(row["name"]),
            text(row["dataset"]),
            text(row["network"]),
            text(row["at"]),
            row["dtype"],
            f"**{row['verdict']}** {prose(row['reason'])}".strip(),
            ulps(row["worst"]),
            power(row["power"]),
            prose(row["convention"]),
        ]
        for row in rows
    ]
    return ["", "## Implementations on real data", "", *table(head, body)] if body else []


def faults(rows: list[Mapping]) -> list[str]:
    if not rows:
        return []
    missed = [row for row in rows if not row["caught"]]
    lines = [f"{len(rows) - len(missed):,} of {len(rows):,} planted mistakes were caught."]
    lines += [
        f"- not caught: {text(row['fault'])} in {text(row['derivation'])}, {row['dtype']}"
        for row in missed
    ]
    return ["", "## Planted mistakes", "", *lines, ""]


def section(rows: Mapping, findings: Iterable[Mapping] = ()) -> list[str]:
    """One of the tables that are all set alike, and what is shown in full under it."""
    columns = rows["columns"]
    body = [[entry(c["kind"], row[c["key"]]) for c in columns] for row in rows["rows"]]
    lines = table([column["title"] for column in columns], body) if body else []
    notes = [f"- {prose(note)}" for note in rows["notes"]]
    below = [line for one in findings if one["section"] == rows["id"] for line in in_full(one)]
    return ["", f"## {rows['title']}", "", prose(rows["lead"]), "", *lines, *notes, *below]


def in_full(one: Mapping) -> list[str]:
    """A finding with the source, its explanations, and how to see it again."""
    finding = explained.read_finding(one["finding"])
    lines = ["", f"### {text(one['title'])}", "", prose(one["lead"]), ""]
    lines += [f"**{finding.verdict}** {text(finding.reason)}", ""]
    lines += [f"{k}. {text(str(said))}" for k, said in enumerate(finding.explanation, 1)]
    for code in filter(None, (one["source"], finding.reproduce)):
        lines += ["", "```python", *code.rstrip().splitlines(), "```"]
    return lines


def entry(kind: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    set_as = {
        NUMBER: summary.number,
        VERDICT: lambda verdict: f"**{verdict}**",
        CODE: lambda code: "`" + " ".join(code.split()).replace("|", "\\|").replace("`", "'") + "`",
        FORMULA: lambda latex: prose(f"${latex}$"),
        WORDS: prose,
    }
    return set_as.get(kind, lambda words: text(str(words)))(value)


def calibration(rows: list[Mapping]) -> list[str]:
    if not rows:
        return []
    quantiles = list(rows[0]["quantiles"])
    counted = ("verdicts", "false_alarms", "undecided", "entries")
    body = [
        [
            text(row["implementation"]),
            row["dtype"],
            *(f"{row[key]:,}" for key in counted),
            summary.number(row["worst"]),
            *(summary.number(row["quantiles"][q]) for q in quantiles),
        ]
        for row in rows
    ]
    head = ["implementation", "dtype", *(key.replace("_", " ") for key in counted), "largest"]
    head += [f"{summary.percent(q)} below" for q in quantiles]
    lead = "Correct gradients of networks; errors in budgets, over all entries."
    return ["", "## Calibration", "", lead, "", *table(head, body)]


def side_by_side(rows: list[Mapping]) -> list[str]:
    lines = ["", "## Side by side", "", *(f"- {line}" for line in LEGEND), ""] if rows else []
    for title, grid, notes in tables(rows):
        lines += [f"### {title}", "", *grid, "", *(f"- {text(note)}" for note in notes), ""]
    return lines


def digits(rows: list[Mapping]) -> list[str]:
    head = ["form", "dtype", "ulps lost at most", "by the stable form", "where"]
    body = [
        [
            text(row["form"]),
            row["dtype"],
            summary.number(row["most"]),
            summary.number(row["most_right"]),
            "; ".join(text(region["sentence"]) for region in row["regions"]) or "nowhere",
        ]
        for row in rows
    ]
    return ["", "## Digits lost", "", *table(head, body)] if body else []


def training(rows: Iterable[Mapping]) -> list[str]:
    names = ["dataset", "network", "loss", "method", "batch", "epochs"]
    losses = ["loss_first", "loss_last", "validation_loss"]
    body = [
        [text(str(row[n])) for n in names] + [summary.number(row[n]) for n in losses]
        for row in rows
    ]
    head = [name.replace("_", " ") for name in names + losses]
    return ["", "## Training on real data", "", *table(head, body)] if body else []


def glossary() -> list[str]:
    said = (f"- **{verdict}**: {meaning}" for verdict, meaning in summary.MEANING.items())
    return ["", "## Verdicts", "", *said]


def table(head: list[str], body: list[list[str]]) -> list[str]:
    rows = [head, ["---"] * len(head), *body]
    return ["| " + " | ".join(cell or " " for cell in row) + " |" for row in rows] + [""]


def text(value: str) -> str:
    """Plain words, on one line, with nothing that Markdown would read as markup."""
    return " ".join(value.split()).translate(ESCAPED)


def prose(value: str) -> str:
    """A sentence whose $formulas$ are left for the reader's Markdown; a bar would end the cell."""
    parts = value.split("$")
    if len(parts) % 2 == 0:
        return text(value)
    return "".join(
        "$" + part.replace("|", r"\vert ").replace("<", r"\lt ") + "$" if k % 2 else edges(part)
        for k, part in enumerate(parts)
    )


def edges(part: str) -> str:
    """text(), with the spaces at both ends kept."""
    before, after = part[:1].isspace(), part[-1:].isspace()
    inner = text(part)
    return " " * before + inner + " " * (after and bool(inner))


def ulps(worst: Mapping | None) -> str:
    return f"{summary.number(worst['ulps'])} ulp" if worst else ""


def power(values: Mapping) -> str:
    found = summary.weakest(values)
    return "" if found is None else summary.number(found)
