"""Every example in the text runs and prints what it says; every link and target exists."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS += sorted((ROOT / "docs" / "how_to").glob("*.md"))
DOCTEST = """
import doctest, sys
print(*doctest.testfile(sys.argv[1], module_relative=False, optionflags=doctest.ELLIPSIS))
"""
named = lambda path: str(path.relative_to(ROOT))


def results(text: Path) -> tuple[int, int, str]:
    """(failed, attempted, what was printed) of a text's examples, run as a reader runs them."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", DOCTEST, str(text)],
        env=environment,
        text=True,
        capture_output=True,
        timeout=300,
        check=True,
    )
    failed, attempted = done.stdout.splitlines()[-1].split()
    return int(failed), int(attempted), done.stdout


EXAMPLES = [t for t in TEXTS if t.exists() and ">>>" in t.read_text()]
NEEDS_CC = [t for t in EXAMPLES if t.name == "c.md"]
TORCH = [t for t in EXAMPLES if t.name == "torch.md"]


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    "text",
    [pytest.param(t, marks=[pytest.mark.torch] * (t in TORCH)) for t in EXAMPLES],
    ids=named,
)
def test_the_examples_print_what_the_text_says(text):
    if text in TORCH:
        pytest.importorskip("torch")
    if text in NEEDS_CC and shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    failed, attempted, said = results(text)
    assert failed == 0, said
    assert attempted > 0


@pytest.mark.end_to_end
def test_the_readme_has_examples():
    assert ">>>" in (ROOT / "README.md").read_text()


@pytest.mark.torch
@pytest.mark.end_to_end
def test_the_twin_in_pytorch_does_what_the_readme_says():
    pytest.importorskip("torch")
    text = (ROOT / "README.md").read_text()
    (twin,) = (
        block for block in re.findall(r"```python\n(.*?)```", text, re.S) if "torch" in block
    )
    said = {
        "gradient": lambda w, x, y: 2 * x.T @ (x @ w - y),
        "sample": lambda rng: tuple(rng.normal(size=size) for size in (3, (8, 3), 8)),
    }
    code = f"import verification as vf\n{twin}"
    exec(compile(code, "README.md", "exec"), said)
    assert said["finding"].verdict == "wrong" and said["passed"]


def test_a_false_example_fails(tmp_path):
    text = tmp_path / "false.md"
    text.write_text("```python\n>>> 1 + 1\n3\n>>> 2\n2\n\n```\n")
    assert results(text)[:2] == (1, 2)


def links(text: str) -> list[str]:
    """Relative targets of links and pictures."""
    found = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'src(?:set)?="([^"]+)"', text)
    return [target for target in found if "://" not in target]


@pytest.mark.parametrize("text", TEXTS, ids=named)
def test_every_link_leads_somewhere(text):
    missing = [t for t in links(text.read_text()) if not (text.parent / t).exists()]
    assert missing == []
    assert links("see [a](b/c.md#d) and <img src='x'>") == ["b/c.md"]


def test_the_first_screen_says_the_two_commands():
    screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:30])
    assert "make report" in screen and "make test" in screen


@pytest.mark.parametrize("text", TEXTS, ids=named)
def test_every_make_target_in_the_text_exists(text):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = set(re.findall(r"(?:^|`)make ([a-z-]+)", text.read_text(), re.MULTILINE))
    assert said <= targets
    assert "report" in targets


def test_the_picture_is_small_enough_to_load():
    picture = ROOT / "docs" / "report.png"
    assert 10_000 < picture.stat().st_size < 300_000
