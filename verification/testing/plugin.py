"""The plugin of pytest: a finding is a failure's explanation, and --refnet-report collects them.

Nothing of JAX is imported here: a suite that asserts no gradient pays nothing.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .asserting import LISTENERS

ROWS = pytest.StashKey[list[dict[str, Any]]]()
COLLECTED = pytest.StashKey[list[dict[str, Any]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("refnet").addoption(
        "--refnet-report",
        metavar="DIR",
        help="write all findings of assert_gradient to DIR: a page, JUnit, JSON and SARIF",
    )


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--refnet-report")
    if folder and (Path(folder).suffix == ".html" or Path(folder).is_file()):
        said = f"--refnet-report is {folder!r}; give a folder, in which the page is index.html"
        raise pytest.UsageError(said)
    config.stash[COLLECTED] = []
    config.pluginmanager.register(Gathering(config), "refnet gathering")


class Gathering:
    """The rows of all tests, whoever ran them."""

    def __init__(self, config: pytest.Config):
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.config.stash[COLLECTED] += getattr(report, "refnet_findings", [])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """Whatever is asserted meanwhile, in fixtures too, belongs to this test."""
    rows = item.stash[ROWS] = []
    evaluate = rows.append
    LISTENERS.append(evaluate)
    try:
        return (yield)
    finally:
        LISTENERS.remove(evaluate)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """The rows travel with the report, also from a worker of xdist: they are plain data.

    As properties of the test they are in pytest's own JUnit file as well.
    """
    report = yield
    rows = item.stash.get(ROWS, [])
    report.refnet_findings = [{**row, "test": item.nodeid} for row in rows]
    for row in rows:
        said = f"{row['name']} in {row['dtype']}: {row['verdict']}: {row['reason']}"
        item.user_properties.append(("refnet", said))
    rows.clear()
    return report


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """How many findings there were; with --refnet-report they are written, and it is said where."""
    found = sorted(config.stash[COLLECTED], key=lambda row: row["test"])
    folder = config.getoption("--refnet-report")
    if not found and not folder:
        return
    counts = Counter(row["verdict"] for row in found)
    said = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    terminalreporter.write_sep("-", f"refnet: {said or 'nothing was judged'}")
    if folder:
        from ..report.findings.writing import write_folder

        page = write_folder(Path(folder), found, "Findings of the test suite")
        terminalreporter.write_line(str(page))
