"""The plugin, as a suite of somebody's runs it: with xdist, and with a report."""

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = "verification.testing.plugin"
INSTALLED = any(point.value == MODULE for point in entry_points(group="pytest11"))
SUITE = """
import jax.numpy as jnp
import pytest
from verification.testing import assert_gradient

of = lambda w: jnp.sum(w**2)
points = lambda rng: (rng.normal(size=3),)


@pytest.mark.parametrize("factor", [2.0, 1.0])
def test_square(factor):
    def square(w):
        return factor * w

    assert_gradient(square, of=of, args=points, cases=2)


def test_nothing():
    pass
"""


def pytest_run(folder, *options):
    plugin = () if INSTALLED else ("-p", MODULE)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, *options],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"},
        text=True, capture_output=True, timeout=240, check=False,
    )  # fmt: skip


@pytest.mark.end_to_end
def test_findings_are_explanations_and_are_gathered_from_the_workers_of_xdist(tmp_path):
    (tmp_path / "test_square.py").write_text(SUITE)
    done = pytest_run(tmp_path, "-n", "1", "--refnet-report", "seen", "--junitxml", "all.xml")
    rows = json.loads((tmp_path / "seen" / "findings.json").read_text())
    properties = ElementTree.parse(tmp_path / "all.xml").findall(".//property[@name='refnet']")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "would have been seen: an error of one entry" in done.stdout
    assert "refnet: 1 correct, 1 wrong" in done.stdout and "seen/index.html" in done.stdout
    assert [(row["test"], row["verdict"]) for row in rows] == [
        ("test_square.py::test_square[1.0]", "wrong"),
        ("test_square.py::test_square[2.0]", "correct"),
    ]
    assert len(properties) == 2
    assert "square in float64" in (tmp_path / "seen" / "index.html").read_text()


def test_the_plugin_imports_nothing_heavy():
    code = f"import sys, {MODULE}; print([m for m in ('jax', 'numpy') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True, capture_output=True, timeout=60, check=True,
    )  # fmt: skip

    assert done.stdout == "[]\n"


def test_the_project_offers_the_plugin_and_does_not_use_it_on_itself():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["pytest11"] == {"refnet": MODULE}
    assert "-p no:refnet" in project["tool"]["pytest"]["ini_options"]["addopts"]


@pytest.mark.parametrize("place", ["seen.html", "seen.txt"])
def test_a_report_that_is_no_folder_is_refused_before_anything_runs(tmp_path, place):
    (tmp_path / "seen.txt").write_text("a file")
    done = pytest_run(tmp_path, "--refnet-report", place)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "give a folder, in which the page is index.html" in done.stderr
