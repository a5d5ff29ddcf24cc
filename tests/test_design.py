"""docs/design.md cannot go stale: its picture is drawn anew and compared, its paths are there."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .ci_files import ci_file

ROOT = Path(__file__).resolve().parent.parent
DESIGN = ROOT / "docs" / "design.md"
PATH = re.compile(r"`([\w./]+/|[\w./]+/[\w.]+\.\w+|\w+\.py)`")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def route():
    return ci_file("route")


def structure(svg: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The files in their order, and every line that is drawn between two of them, with its kind."""
    root = ElementTree.fromstring(svg)
    files = [span.text for span in root.iter(f"{SVG}tspan") if span.get("class") == "file"]
    return files, [
        (path.get("class"), path.get("d")) for path in root.iter(f"{SVG}path") if path.get("class")
    ]


@pytest.mark.end_to_end
def test_the_picture_is_what_one_call_does_today_and_nothing_climbs(tmp_path):
    target = tmp_path / "route.svg"
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "route"), str(target)],
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    drawn, committed = (p.read_text() for p in (target, ROOT / "docs" / "route.svg"))
    assert structure(drawn) == structure(committed), "make route draws it anew"
    files, lines = structure(committed)
    assert files[0] == "judgement/validate.py" and {kind for kind, _ in lines} == {"call"}
    assert structure(committed.replace(files[1], files[2])) != structure(drawn)


def test_a_call_to_a_later_stage_is_red(route):
    stages = ("arithmetic", "oracles", "judgement")
    down = route.Call("judgement/check.py", "oracles/ball.py", "gradient", 2, 1)
    up = route.Call("oracles/ball.py", "judgement/verdict.py", "judge", 3, 0)
    start = route.Call("", "judgement/check.py", "check", 1, 2)
    assert route.climbs([start, down], stages) == [] and route.climbs([down, up], stages) == [up]
    _, lines = structure(route.drawn(route.route([start, down, up], stages), stages))
    assert [kind for kind, _ in lines] == ["call", "up"]


def test_what_is_imported_on_the_way_is_no_call(route):
    recorder = route.Recorder(route.HOUSE)
    place = lambda file, name: compile("", str(route.HOUSE / file), "exec").replace(
        co_name=name, co_qualname=name
    )
    frame = lambda code: type("Frame", (), {"f_code": code})
    entered = [("a.py", "f"), ("b.py", "<module>"), ("b.py", "g")]
    for file, name in entered:
        recorder(frame(place(file, name)), "call", None)
    for file, name in reversed(entered):
        recorder(frame(place(file, name)), "return", None)
    assert [(call.file, call.function) for call in recorder.calls] == [("a.py", "f")]


def strangers(text: str) -> list[str]:
    """The paths in backticks that are neither in the repository nor in verification/."""
    return [p for p in PATH.findall(text) if not there(p)]


def there(path: str) -> bool:
    return (ROOT / path).exists() or (ROOT / "verification" / path).exists()


def test_every_path_in_the_text_is_there():
    assert strangers(DESIGN.read_text()) == []
    assert len(PATH.findall(DESIGN.read_text())) > 60
    assert strangers("`judgement/explain.py`, `cli.py`, `faults/`") == ["judgement/explain.py"]


STAGE = re.compile(r"^\| `(\w+)` \|.*\| `(\w+)/\w+\.py` \|$", re.MULTILINE)


def test_the_table_of_stages_is_the_flow(route):
    found = STAGE.findall(DESIGN.read_text())
    assert tuple(stage for stage, _ in found) == route.flow()[:-1]  # cli is a file
    assert all(stage == folder for stage, folder in found)


@pytest.mark.parametrize(
    ("asked", "file"),
    [
        ("a budget is too small", "arithmetic/bounds.py"),
        ("a message is wrong", "judgement/verdict.py"),
        ("such as Muon", "derivations/rules/layerwise.py"),
        ("such as Go", "adapters/process.py"),
    ],
)
def test_a_newcomer_is_told_which_file_to_open(asked, file):
    (row,) = [line for line in DESIGN.read_text().splitlines() if asked in line and "|" in line]
    assert f"`{file}`" in row and there(file)
