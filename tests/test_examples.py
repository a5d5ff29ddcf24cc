"""Every example runs as a reader would run it, and says what it is there to show."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SAYS = {
    "add_an_activation.py": ("correct", "wrong"),
    "check_a_gradient.py": ("wrong", "correct"),
    "train_on_breast_cancer.py": ("accuracy",),
}

pytestmark = pytest.mark.end_to_end


def test_every_example_is_run():
    assert sorted(p.name for p in (ROOT / "examples").glob("*.py")) == sorted(SAYS)


@pytest.mark.parametrize("name", sorted(SAYS))
def test_the_example_says_what_it_shows(name):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / name)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"},
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [word for word in SAYS[name] if word not in done.stdout] == []
