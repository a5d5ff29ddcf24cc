"""The report as JUnit XML: one test case per row that says something of this suite or its subjects.

A refutation that stands is a pass.  Undecided is an error, and so never a pass.
"""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ..vocabulary import Verdict
from .document import OURS, failing, refuses
from .summary import ALARM, title
from .tables import name_of

SUITES = ("claims", "derivations", "implementations", "faults", "calibration", "side_by_side")
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(document: Mapping[str, Any]) -> str:
    """document -> junit.xml, without times: the same rows give the same text."""
    root = Element("testsuites", name="refnet")
    for name in SUITES:
        rows = [row for row in document[name] if row.get("checker", OURS) == OURS]
        suite = SubElement(root, "testsuite", name=name, tests=str(len(rows)))
        for row in rows:
            add(suite, name, row)
        count_tests(suite, suite)
    for table in document["tables"]:
        add_table(root, table)
    count_tests(root, root)
    root.set("tests", str(len(root.findall(".//testcase"))))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def add(suite: Element, name: str, row: Mapping[str, Any]) -> None:
    case = SubElement(
        suite, "testcase", classname=f"refnet.{name}", name=clean(case_name(name, row))
    )
    if name == "faults":
        if not row["caught"]:
            SubElement(case, "failure", message="a planted mistake was not caught", type="missed")
        return
    if name in ("calibration", "side_by_side"):
        if row.get("false_alarms") or name == "side_by_side" and refuses(row):
            SubElement(case, "failure", message=ALARM, type="false alarm")
        return
    verdict = row["verdict"]
    if not failing(row):
        return
    kind = "error" if verdict == Verdict.UNDECIDED else "failure"
    reason = clean(row.get("reason") or row.get("evidence", ""))
    SubElement(case, kind, message=f"{verdict}: {reason}", type=verdict).text = detail(row)


def add_table(root: Element, table: Mapping[str, Any]) -> None:
    suite = SubElement(root, "testsuite", name=table["id"], tests=str(len(table["rows"])))
    for row in table["rows"]:
        name = clean(name_of(table, row))
        case = SubElement(suite, "testcase", classname=f"refnet.{table['id']}", name=name)
        if row.get("act"):
            SubElement(case, "failure", message=clean(row["act"]), type="act")
    count_tests(suite, suite)


def case_name(suite: str, row: Mapping[str, Any]) -> str:
    if suite == "faults":
        return f"{row['fault']} in {row['derivation']}, {row['dtype']}"
    if suite == "calibration":
        return f"{row['implementation']}, {row['dtype']}"
    if suite == "side_by_side":
        return f"{row['function']}, n = {row['size']}, {row['dtype']}"
    if suite == "claims":
        return f"{row['id']} {row['statement']}"
    return title(row)


def detail(row: Mapping[str, Any]) -> str:
    """The worst element and the arrows that are not correct."""
    lines = [f"{key}: {value}" for key, value in (row.get("worst") or {}).items()]
    lines += [
        f"arrow {arrow['name']}: {arrow['verdict']}: {arrow['reason']}"
        for arrow in row.get("arrows", ())
        if failing(arrow)
    ]
    return clean("\n".join([*lines, *row.get("explanation", ()), row.get("reproduce", "")]).strip())


def count_tests(element: Element, over: Element) -> None:
    element.set("failures", str(len(over.findall(".//failure"))))
    element.set("errors", str(len(over.findall(".//error"))))


def clean(value: str) -> str:
    """Without the characters that XML cannot hold."""
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value)
