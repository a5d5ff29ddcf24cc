"""docs/first_contact.md, step by step: each command ends as it says, and prints what it says."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "first_contact.md").read_text()
BLOCK = re.compile(r"```(\w+) ?([^\n]*)\n(.*?)```", re.DOTALL)
STATUS = {"right": 0, "wrong": 1}
LONGEST = 5.0  # seconds of one step, as they are recorded; at most twice that of a busy processor


def spent() -> float:
    """Seconds of the processor that processes started here have taken so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def done(text: str, folder: Path, longest: float = 2 * LONGEST) -> list[str]:
    """Every step of the text in the folder; what did not go as it says, or took longer."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}", "JAX_PLATFORMS": "cpu"}
    failed, printed = [], ""
    for kind, word, body in BLOCK.findall(text):
        if kind == "python":
            (folder / word).parent.mkdir(parents=True, exist_ok=True)
            (folder / word).write_text(body)
        elif kind == "text":
            failed += [line for line in body.splitlines() if line not in printed]
        elif word in STATUS:
            words = body.split()
            module = "verification" if words[0] == "refnet" else words[2]
            rest = words[1:] if words[0] == "refnet" else words[3:]
            before = spent()
            ran = subprocess.run(
                [sys.executable, "-B", "-m", module, *rest],
                cwd=folder, env=environment, text=True, capture_output=True, check=False,
            )  # fmt: skip
            printed, took = ran.stdout, spent() - before
            print(f"{took:.1f} s: {body.strip()}")
            failed += [f"{took:.1f} s: {body}"] if took > longest else []
            failed += [] if ran.returncode == STATUS[word] else [f"{body}{printed}{ran.stderr}"]
    return failed


@pytest.mark.end_to_end
def test_each_step_goes_as_it_says(tmp_path):
    assert done(TEXT, tmp_path) == []
    assert "<mark>" not in (tmp_path / "finding.html").read_text()
    assert "CORRECT" in (tmp_path / "finding.html").read_text()


@pytest.mark.end_to_end
def test_a_step_that_goes_otherwise_is_seen(tmp_path):
    first = TEXT.split("## Mend it")[0].replace("8x too large", "9x too large")
    assert done(first, tmp_path) == ["WRONG  9x too large: a sum instead of a mean   net.py:6"]
    late = done(TEXT.split("## Mend it")[0], tmp_path, longest=0.1)
    assert len(late) == 1 and re.match(r"\d\.\d s: refnet validate", late[0])


def test_the_times_that_are_recorded_are_of_the_steps_and_short():
    rows = re.findall(r"^\| (.+?) \| ([\d.]+) \|$", TEXT, re.MULTILINE)
    steps = re.findall(r"^## (.+)$", TEXT.split("## How long")[0], re.MULTILINE)
    executed = [one for one in steps if one not in ("Install", "Break a gradient")]
    assert list(dict.fromkeys(name.partition(":")[0] for name, _ in rows)) == executed
    assert all(0.0 < float(seconds) < LONGEST for _, seconds in rows)
