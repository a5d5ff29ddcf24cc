"""Pins, make targets and what no tracked file may say: each law with a planted violation."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from verification.vocabulary import html

from .ci_files import ci_file
from .conftest import DEAR, may_be_asked

ROOT = Path(__file__).resolve().parent.parent
PINS = sorted((ROOT / ".ci" / "constraints").glob("*.txt"))
PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.]*")
BINARY = {".png", ".npz"}
# Joined here, so that this file does not say them itself.
REGISTRIES = ["".join(parts) for parts in (("py", "pi.org"), ("python", "hosted"), ("npm", "js."))]
HOMES = ["/" + home + "/" for home in ("root", "home", "Users", "work", "opt", "tmp", "mnt")]
# A path, not a share such as p/home/x: nothing that names a thing stands before its slash.
UNWANTED = re.compile(r"(?<![\w.}~])(?:" + "|".join(HOMES) + r")\w|" + "|".join(REGISTRIES))


def run(*arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        arguments, cwd=ROOT, text=True, capture_output=True, timeout=60, check=False, **options
    )


def bad_pins(text: str) -> list[str]:
    return [line for line in text.splitlines() if not PIN.fullmatch(line)]


def test_every_supported_python_has_pins():
    assert [p.name for p in PINS] == ["py3.11.txt", "py3.12.txt", "py3.13.txt"]


@pytest.mark.parametrize("path", PINS, ids=lambda p: p.name)
def test_pins_are_names_and_versions_only(path):
    assert bad_pins(path.read_text()) == []


@pytest.mark.parametrize(
    "line", ["jax>=0.10", "-e .", "x @ file:x", "torch==2.0+cpu", "--find-links x"]
)
def test_a_line_that_is_no_pin_is_seen(line):
    assert bad_pins(f"jax==0.10.2\n{line}\n") == [line]


@pytest.mark.parametrize("path", PINS, ids=lambda p: p.name)
def test_every_direct_dependency_is_pinned(path):
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["test"], *extras["lint"]]
    names = {re.split(r"[\[>=<]", line)[0].lower() for line in wanted}
    assert names <= {line.split("==")[0].lower() for line in path.read_text().splitlines()}


def tracked() -> list[Path]:
    """Everything that git keeps or would keep."""
    done = run("git", "ls-files", "--cached", "--others", "--exclude-standard")
    assert done.returncode == 0, done.stderr
    paths = [ROOT / line for line in done.stdout.splitlines()]
    return [p for p in paths if p.suffix not in BINARY and p.is_file()]


def test_no_tracked_file_names_a_registry_or_a_place_on_a_disk():
    found = {
        f"{path.relative_to(ROOT)}: {hit.group()}"
        for path in tracked()
        for hit in UNWANTED.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    "text", [f"see {HOMES[0]}x", f'"{HOMES[3]}main"', f"https://{REGISTRIES[0]}"]
)
def test_a_registry_and_a_place_are_seen(text):
    assert UNWANTED.search(text)
    assert not UNWANTED.search("#!/usr/bin/env bash, docs/report.png, p(x/home)")


@pytest.mark.parametrize(
    "target",
    [
        "report",
        "test",
        "rest",
        "test-full",
        "core",
        "test-all",
        "benchmark",
        "lint",
        "picture",
        "package",
        "notebooks",
        "docs",
        "pins",
        "clean",
    ],
)
def test_every_target_can_be_planned(target):
    done = run("make", "--dry-run", target)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


def fake(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("script", "said"), [("echo 3.10", "is 3.10"), ("exit 127", "cannot be run")]
)
def test_an_unsupported_python_is_refused_in_one_sentence(tmp_path, script, said):
    python = fake(tmp_path / "python", script)
    done = run("make", "test", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}")
    sentences = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode == 2
    assert len(sentences) == 1 and "Python 3.11, 3.12 or 3.13" in sentences[0]
    assert said in sentences[0] and str(python) in sentences[0]
    assert not (tmp_path / "venv").exists()


def test_a_shim_with_nothing_behind_it_is_no_interpreter(tmp_path):
    fake(tmp_path / "python3.12", "echo 'command not found in this version' >&2; exit 127")
    for tool in ("bash", "env"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = run(".ci/python", "3.12", env=environment)
    assert (done.returncode, done.stdout) == (1, "")
    fake(tmp_path / "python3.12", f"exec {sys.executable} -c 'print(\"here\")'")
    assert run(".ci/python", "3.12", env=environment).stdout == "here\n"


def test_a_missing_interpreter_is_said_aloud():
    done = run(".ci/test-all", "3.99")
    assert "Python 3.99: NOT TESTED" in done.stdout
    assert done.returncode == 1  # nothing was tested, and that is no pass


def test_a_page_is_measured_in_its_shade_and_state_and_may_run_the_measurement():
    overflow = ci_file("overflow.py")
    text = html.page(["<details><summary>a</summary></details>"], "A page")
    assert overflow.POLICY.search(text) and not overflow.POLICY.search(
        overflow.staged(text, False, False)
    )
    assert "<details open>" in overflow.staged(text, False, True)
    assert overflow.DARK in text and overflow.DARK not in overflow.staged(text, True, False)
    assert "@media all" in overflow.staged(text, True, False)


QUICK, REST = "not end_to_end and not dear and not package", "(end_to_end or dear) and not package"
MARKED = "@pytest.mark.torch\ndef test_one(): ...\n@pytest.mark.dear\ndef test_other(): ...\n"


@pytest.mark.parametrize(
    ("asked", "place", "text", "may"),
    [
        (QUICK, "test_some.py", "", True),
        (REST, "test_some.py", "", False),
        (QUICK, f"{DEAR[0]}.py", "", False),
        (REST, f"{DEAR[0]}.py", "", True),
        *((asked, "test_some.py", MARKED, True) for asked in (QUICK, REST, "torch")),
        ("torch", f"{DEAR[0]}.py", "", False),
        ("torch and dear", "test_some.py", MARKED, True),  # by its text: the tests have one each
        ("torch and end_to_end", "test_some.py", MARKED, False),
        ("a mark of somebody's own", "test_some.py", "", True),
        ("own", "test_some.py", "", True),
    ],
)
def test_a_file_is_left_out_only_where_no_test_of_it_is_asked_for(asked, place, text, may):
    assert may_be_asked(asked, place, text) is may


def test_every_place_that_is_dear_is_there():
    files = [
        path.relative_to(ROOT / "tests").as_posix() for path in ROOT.glob("tests/**/test_*.py")
    ]
    lost = [place for place in DEAR if not any(file.startswith(place) for file in files)]
    assert not lost, f"no file of tests stands there any more: {lost}"
