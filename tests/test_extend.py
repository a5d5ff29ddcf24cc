"""Every patch of examples/extend applies; its test passes with what it adds, and fails without."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "examples" / "extend"
PATCHES = sorted(FOLDER.glob("*.patch"))
ADDED = re.compile(r"^\+\+\+ b/(tests/\S+\.py)$", re.MULTILINE)
COPIED = ("pyproject.toml", "refnet", "verification", "tests/conftest.py", "tests/held.py")
TESTS = {patch: ADDED.findall(patch.read_text()) for patch in PATCHES}


def copied(folder: Path, *options: str) -> Path:
    """The sources with every patch applied, or with those parts of them that the options say."""
    for name in COPIED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        ignored = shutil.ignore_patterns("__pycache__")
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=ignored)
        else:
            shutil.copy(ROOT / name, target)
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    for patch in PATCHES:
        words = ["git", "apply", "-C1", *options, str(patch)]
        done = subprocess.run(words, cwd=folder, env=environment, text=True, capture_output=True)
        assert done.returncode == 0, f"{patch.name} does not apply: {done.stderr}"
    return folder


def outcomes(folder: Path) -> dict[str, list[bool]]:
    """The file of each test that the patches add -> whether each of its tests passes."""
    files = [name for names in TESTS.values() for name in names]
    result = folder / "result.xml"
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0"]
    subprocess.run(
        [*words, "--continue-on-collection-errors", f"--junit-xml={result}", *files],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        timeout=300,
        check=False,
    )
    found: dict[str, list[bool]] = {name: [] for name in files}
    for case in ElementTree.parse(result).getroot().iter("testcase"):
        name = (case.get("classname") or case.get("name", "")).replace(".", "/") + ".py"
        found[name].append(not case.findall("failure") + case.findall("error"))
    return found


def test_every_patch_brings_a_test_and_stands_in_the_readme():
    said = (FOLDER / "README.md").read_text() + (ROOT / "docs" / "design.md").read_text()
    assert len(PATCHES) == 8 and all(TESTS.values())
    assert all(said.count(f"({patch.name})") == 1 for patch in PATCHES)
    assert all(f"(../examples/extend/{patch.name})" in said for patch in PATCHES)


@pytest.mark.end_to_end
def test_with_what_the_patches_add_their_tests_pass(tmp_path):
    found = outcomes(copied(tmp_path))
    assert all(found.values()) and all(all(passed) for passed in found.values()), found


@pytest.mark.end_to_end
def test_without_what_the_patches_add_their_tests_fail(tmp_path):
    found = outcomes(copied(tmp_path, "--include=tests/*"))
    assert all(found.values()) and not any(all(passed) for passed in found.values()), found
