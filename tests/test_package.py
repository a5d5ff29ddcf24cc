"""The package: its metadata, what it leaves to extras, and that it runs where nothing else is."""

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from verification import oracles
from verification.vocabulary import Silent
from verification.vocabulary.extras import EXTRAS, missing

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BLOCKED = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Finder())
"""
USED = '''
import jax.numpy as jnp
import verification as vf
found = vf.validate(lambda w: w, lambda w: jnp.sum(w * w), lambda rng: rng.normal(size=3), cases=1)
assert found.verdict == "wrong" and "CHIP".lower() in found._repr_html_()
assert vf.check("relu", dtypes=("float64",), cases=1).verdict == "correct"
from verification.cli import run
assert run(["list", "derivations"]) == 0 and run(["report", "--quick"]) == 2
open("net.py", "w").write("""
import jax.numpy as jnp
def loss(w): return jnp.sum(w * w)
def gradient(w): return w
def sample(rng): return rng.normal(size=3)
""")
ask = ["validate", "net.py:gradient", "--of", "net.py:loss", "--args", "net.py:sample", "--cases"]
files = [word for kind in ("html", "json", "junit", "sarif") for word in (f"--{kind}", f"o.{kind}")]
assert run([*ask, "1", *files]) == 1 and "half the function" in open("o.html").read()
assert run(["explain", *ask[1:], "1"]) == 1 and run(["init", "."]) == 0
from verification.report.findings.writing import page
import json
row = json.loads(found.to_json()) | {"location": {"file": "a.py", "line": 3}, "forward": {}}
assert "half the function" in page([row], "Findings")
'''
RELATIVE = re.compile(r"\]\((?!https?://|#)[^)]*\)")


def names(lines: list[str]) -> set[str]:
    return {re.split(r"[\[>=<]", line)[0].lower() for line in lines}


def test_an_index_has_what_it_wants():
    assert PROJECT["license"] == "Apache-2.0" and (ROOT / "LICENSE").is_file()
    assert PROJECT["authors"] == [{"name": "the refnet authors"}]
    assert {"keywords", "classifiers", "description", "readme"} <= PROJECT.keys()
    page = (ROOT / PROJECT["readme"]).read_text()
    assert not RELATIVE.search(page) and RELATIVE.search((ROOT / "README.md").read_text())
    for package in ("refnet", "verification"):
        assert (ROOT / package / "py.typed").is_file()


def test_the_base_is_light_and_tests_have_all_of_it():
    base, extras = names(PROJECT["dependencies"]), PROJECT["optional-dependencies"]
    assert {"report", "train", "torch", "cluster", "ray", "docs"} <= extras.keys()
    assert not base & names(extras["report"]) and names(extras["report"]) <= names(extras["test"])
    assert set(EXTRAS.values()) <= extras.keys()


def test_what_is_not_installed_is_one_sentence_with_the_command():
    said = missing(ModuleNotFoundError("no", name="matplotlib.figure"))
    assert said == "matplotlib is not installed: pip install 'refnet[report]'"
    assert missing(ModuleNotFoundError("no", name="net")) == "" == missing(ImportError("no"))


@pytest.mark.dear
def test_the_base_alone_judges_and_says_what_is_missing(tmp_path):
    blocked = {module for module, extra in EXTRAS.items() if extra != "train"}
    code = BLOCKED.format(names=blocked) + USED
    there = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=there
    )
    assert done.returncode == 0, done.stderr
    assert "is not installed: pip install 'refnet[report]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_oracle_that_is_not_installed_is_silent(monkeypatch):
    def absent(*_):
        raise ModuleNotFoundError("no", name="sympy")

    monkeypatch.setattr(oracles, "import_module", absent)
    with pytest.raises(Silent, match=r"sympy is not installed: pip install 'refnet\[report\]'"):
        oracles.ALL["symbolic"].gradient(None)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A wheel and an sdist of what git keeps, by the build backend itself."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    code = f"from setuptools import build_meta as b; b.build_sdist({str(out)!r});"
    code += f"b.build_wheel({str(out)!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=tree, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.end_to_end
def test_wheel_and_sdist_hold_the_package_and_its_metadata(built):
    (wheel,), (source,) = built.glob("*.whl"), built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as held:
        inside = held.namelist()
        name = next(name for name in inside if name.endswith("METADATA"))
        said = email.message_from_string(held.read(name).decode())
    assert {"refnet/py.typed", "verification/py.typed", "verification/report/page.css"} <= {*inside}
    assert said["License-Expression"] == "Apache-2.0" and said["Author"] == "the refnet authors"
    assert said["Description-Content-Type"] == "text/markdown" and len(said.get_payload()) > 500
    with tarfile.open(source) as held:
        assert any(name.endswith("/LICENSE") for name in held.getnames())


@pytest.mark.package
def test_the_wheel_makes_a_report_in_another_folder(built, tmp_path):
    """Its dependencies are those of this environment; refnet is the wheel's, and no other."""
    home, away = tmp_path / "env", tmp_path / "away"
    away.mkdir()
    venv.create(home, with_pip=False)
    (site,) = home.glob("lib/python*/site-packages")
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    here = [p for p in sys.path if p.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(here) + "\n")
    clean = {name: x for name, x in os.environ.items() if name != "PYTHONPATH"}
    ask = lambda *words: subprocess.run(
        [home / "bin" / "python", *words], cwd=away, env=clean, capture_output=True, text=True
    )
    where = ask("-c", "import verification, refnet; print(verification.__file__, refnet.__file__)")
    assert where.stdout.count(str(site)) == 2, where.stderr
    done = ask("-m", "verification", "report", "--quick", "--out", "report")
    assert done.returncode in (0, 1), done.stderr
    assert {p.name for p in (away / "report").iterdir()} >= {"index.html", "report.json"}
