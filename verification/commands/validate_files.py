"""What `validate` and `explain` write: a finding as HTML, JSON, JUnit XML or SARIF."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..vocabulary import Finding


def write(findings: "list[Finding]", rows: list[dict], html, json, junit, sarif) -> None:
    from ..report.findings import writing

    texts: list[tuple[Path | None, Callable[[], Any]]] = [
        (html, lambda: _html(rows)),
        (json, lambda: _json(findings)),
        (junit, lambda: writing.junit(rows)),
        (sarif, lambda: writing.sarif(rows)),
    ]
    for file, text in texts:
        if file is not None:
            writing.write_text(file, text())


def _html(rows: list[dict]) -> str:
    from ..report.findings.words import fragment_of
    from ..vocabulary.html import page

    return page(map(fragment_of, rows), "A finding of refnet" if len(rows) == 1 else "Findings")


def _json(findings: "list[Finding]") -> str:
    """One finding as it is; several as a list of them."""
    texts = [found.to_json() for found in findings]
    return (texts[0] if len(texts) == 1 else "[\n" + ",\n".join(texts) + "\n]") + "\n"
