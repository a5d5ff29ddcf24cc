"""Findings as JUnit XML, one test case for each, with file and line.  Undecided is an error."""

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ...vocabulary import Verdict
from ..junit import clean, count_tests
from .words import Row, facts, place, title


def junit(rows: Sequence[Row]) -> str:
    """rows -> junit.xml, without times: the same rows give the same text."""
    root = Element("testsuites", name="refnet", tests=str(len(rows)))
    suite = SubElement(root, "testsuite", name="refnet validate", tests=str(len(rows)))
    for row in rows:
        _add(suite, row)
    count_tests(suite, suite)
    count_tests(root, root)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _add(suite: Element, row: Row) -> None:
    location = row.get("location") or {}
    where = {k: clean(str(location[k])) for k in ("file", "line") if location.get(k)}
    classname = clean(row.get("test") or location.get("file") or "refnet")
    named = {"classname": classname, "name": clean(title(row))}
    case = SubElement(suite, "testcase", named | where)
    verdict = row["verdict"]
    if verdict == Verdict.CORRECT:
        return
    kind = "error" if verdict == Verdict.UNDECIDED else "failure"
    message = clean(f"{verdict}: {row['reason']}")
    lines = [f"{caption}: {said}" for caption, said in facts(row)]
    said = "\n".join([place(row), *lines]).strip()
    SubElement(case, kind, message=message, type=verdict).text = clean(said)
