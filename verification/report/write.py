"""The report written to a folder: JUnit XML made here, the pages elsewhere, all swapped in as one.

Everything is made in memory and checked.  A former report stays where it is until the new one lies
complete beside it; whatever happens in between, a reader finds the one or the other, whole.  In
JUnit a row that says something of this suite or its subjects is one test case; a refutation that
stands is a pass, and undecided is an error, and so never a pass.
"""

import contextlib
import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ..vocabulary import Verdict
from .document import OURS, Report, dumps, failing, refuses
from .html import page
from .markdown import markdown
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
            add_case(suite, name, row)
        count_tests(suite, suite)
    for table in document["tables"]:
        add_table(root, table)
    count_tests(root, root)
    root.set("tests", str(len(root.findall(".//testcase"))))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def add_case(suite: Element, name: str, row: Mapping[str, Any]) -> None:
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


KEPT = "local"  # reports/local/ lies in reports/ and outlives it
NAMES = ("index.html", "report.md", "report.json", "junit.xml", "timings.json", "schema.json")


def write(report: Report, out: str | Path) -> Path:
    """Write the report to the folder `out`; returns the path of index.html.

    Raises ValueError where a row does not fit the schema, OSError in a sentence that names the
    folder where it cannot be written; then, and when interrupted, a former report is untouched.
    """
    return replace_folder(writable(out), rendered(report)) / "index.html"


def rendered(report: Report) -> dict[str, str]:
    """File name -> its text."""
    document = json.loads(dumps(report.document()))  # so that report.json renders the others
    validate(document)
    timings = dict(sorted(report.timings.items()))
    return {
        "index.html": page(document),
        "report.md": markdown(document),
        "report.json": dumps(document),
        "junit.xml": junit(document),
        "timings.json": json.dumps(timings, indent=1) + "\n",
        "schema.json": _resource("schema.json"),
    }


def validate(document: Mapping[str, Any]) -> None:
    """Raises ValueError that names the first place at which the document is not as promised."""
    error = next(iter(sorted(_validator().iter_errors(document), key=lambda e: e.json_path)), None)
    if error is not None:
        raise ValueError(f"the report is malformed at {error.json_path}: {error.message[:300]}")


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of report.json."""
    return json.loads(_resource("schema.json"))


@cache
def _validator():
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema())
    return Draft202012Validator(schema())


def _resource(name: str) -> str:
    return files("verification.report").joinpath(name).read_text("utf-8")


# --- the folder ------------------------------------------------------------------------------


def writable(out: str | Path) -> Path:
    """The folder to write to, found to be usable now, before hours are spent.  OSError if not.

    It may be missing, empty, or hold a former report; anything else in it is left alone.
    """
    folder = Path(os.path.realpath(out))
    recover(folder)
    with told(folder):
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(f"{out} is a file; pass a folder for the report")
        if os.path.ismount(folder):
            raise OSError(f"{out} is a mount point and cannot be replaced; pass a folder inside it")
        foreign = [entry.name for entry in folder.iterdir()] if folder.exists() else []
        foreign = sorted(set(foreign) - {*NAMES, KEPT})
        if foreign:
            raise FileExistsError(
                f"{out} holds {foreign[0]}, which is no part of a report; "
                "pass an empty folder, a new one, or that of a former report"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        os.rmdir(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    return folder


def replace_folder(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write aside, then rename; on any failure the folder is as it was."""
    with told(folder):
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            for name, text in texts.items():
                save(new / name, text)
            os.chmod(new, 0o755)
            swap(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return folder


def save(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def swap(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder`, or leave `folder` where it is."""
    former = _former(folder)
    recover(folder)
    shutil.rmtree(former, ignore_errors=True)
    if folder.exists():
        os.rename(folder, former)
    try:
        os.rename(new, folder)
    except BaseException:
        recover(folder)
        raise
    recover(folder)
    shutil.rmtree(former, ignore_errors=True)


def recover(folder: Path) -> None:
    """Bring back what a kill left between the renames: a former report, or what is kept in it."""
    former = _former(folder)
    if former.exists() and not folder.exists():
        os.rename(former, folder)
    if (former / KEPT).exists() and not (folder / KEPT).exists():
        os.rename(former / KEPT, folder / KEPT)


def _former(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.former")


@contextlib.contextmanager
def told(folder: Path) -> Iterator[None]:
    """What the system says, as a sentence that names the folder and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise said(f"the report cannot be written to {folder}: {error.strerror}", error) from error


def said(sentence: str, error: OSError) -> OSError:
    """The same kind of error, with its number for programs and a sentence for people."""
    remedy = "make room there" if error.errno == errno.ENOSPC else "pass another folder"
    kind = type(error)(f"{sentence}; {remedy}. The former report, if there is one, was not changed")
    kind.errno = error.errno
    return kind
