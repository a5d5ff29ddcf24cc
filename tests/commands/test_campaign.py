"""`refnet campaign`: what it prints, how it ends, and that nothing of it stays."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from verification.campaign import journal
from verification.campaign.run import Interrupted

ROOT = Path(__file__).resolve().parents[2]
RUN = import_module("verification.campaign.run")
TEXT = '''"""Gradients."""
import os
import time
from pathlib import Path

import jax.numpy as jnp


def loss(w):
    return jnp.sum(w**2)


def square(w):
    return 2 * w


def hangs(w):
    Path("pid").write_text(str(os.getpid()))
    time.sleep(120)


def sample(rng):
    return (rng.normal(size=3),)
'''
ENTRY = 'gradient = "mine.py:{0}"\nof = "mine.py:loss"\nargs = "mine.py:sample"\n'
TOML = 'cases = 2\nchunk = 1\n[[implementation]]\nname = "{0}"\n' + ENTRY


@pytest.fixture(autouse=True)
def theirs(folder):
    (folder / "mine.py").write_text(TEXT)
    for name in ("square", "hangs", "absent"):
        (folder / f"{name}.toml").write_text(TOML.format(name))


@pytest.fixture
def light(monkeypatch):
    """A thread in the place of processes."""
    whole = RUN.run
    threads = lambda workers: ThreadPoolExecutor(1)
    monkeypatch.setattr(RUN, "run", partial(whole, make=threads))


def test_it_ends_with_counts_and_the_page_and_can_be_asked_again(refnet, folder, light):
    said = (0, "     1 correct\nout/index.html\n", "")

    assert refnet("campaign", "square.toml", "--out", "out") == said
    assert refnet("campaign", "square.toml", "--out", "out", "--resume") == said


def test_a_damaged_line_is_said(refnet, folder, light):
    refnet("campaign", "square.toml", "--out", "out")
    path = folder / "out" / journal.NAME
    path.write_bytes(path.read_bytes().replace(b'"answer"', b'"answar"', 1))
    status, _, err = refnet("campaign", "square.toml", "--out", "out", "--resume")

    said = "line 2 of the journal was damaged, so its question was asked again\n"
    assert (status, err) == (0, said)


MISTAKES = {
    "no file": (("squire.toml", "--out", "out"), ("no file squire.toml", "TOML")),
    "a file as folder": (("square.toml", "--out", "mine.py"), ("'mine.py'", "give a folder")),
    "workers": (("square.toml", "--out", "out", "--workers", "0"), ("--workers is 0",)),
    "no out": (("square.toml",), ("--out",)),
    "resume forgotten": (("square.toml", "--out", "done"), ("done holds", "give --resume")),
    "another": (("hangs.toml", "--out", "done", "--resume"), ("another plan", "another --out")),
    "unusable": (("absent.toml", "--out", "out"), ("'absent'", "mine.py has no 'absent'")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence(refnet, folder, light, name):
    refnet("campaign", "square.toml", "--out", "done")
    arguments, words = MISTAKES[name]
    status, out, err = refnet("campaign", *arguments)

    assert (status, out) == (2, "")
    assert err.startswith("refnet: ") and err.count("\n") == 1
    assert [word for word in words if word not in err] == []


def test_two_at_once_are_refused(refnet, folder, light):
    (folder / "out").mkdir()
    with journal.locked(folder / "out"):
        status, _, err = refnet("campaign", "square.toml", "--out", "out")

    assert status == 2 and "another campaign" in err and err.count("\n") == 1


def test_ctrl_c_says_how_to_go_on(refnet, folder, monkeypatch):
    def press(*arguments):
        raise Interrupted("interrupted; 3 of 9 answers are kept in out; go on with --resume")

    monkeypatch.setattr(RUN, "run", press)
    status, out, err = refnet("campaign", "square.toml", "--out", "out")

    assert (status, out) == (130, "")
    assert err == "refnet: interrupted; 3 of 9 answers are kept in out; go on with --resume\n"


def gone(pid: int) -> bool:
    """Whether the process ends within some seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    ("ending", "status", "words"),
    [
        ("Ctrl-C", 130, "refnet: interrupted; 0 of 2 answers are kept in out; go on with --resume"),
        ("kill", -signal.SIGKILL, ""),  # Python's own words on semaphores may follow
    ],
)
def test_however_it_is_ended_no_process_stays(folder, heeding, ending, status, words):
    """Ctrl-C goes to the whole group, as from a terminal; the kill to the first process alone."""
    command = [sys.executable, "-m", "verification", "campaign", "hangs.toml", "--out", "out"]
    run = subprocess.Popen(
        [*command, "--workers", "1"], start_new_session=True, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"},
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (folder / "pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.1)
    if ending == "kill":
        run.kill()
    else:
        os.killpg(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=60)

    assert run.returncode == status
    assert err.startswith(words) and (ending == "kill" or err.count("\n") == 1)
    assert gone(int((folder / "pid").read_text()))
