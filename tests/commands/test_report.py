"""`refnet report`: how it ends, and what becomes of the former report when it does not."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from verification import report as stage


@pytest.fixture
def work(monkeypatch):
    """Put another function in the place of the work itself."""
    return lambda function: monkeypatch.setattr(stage, "report", function)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (OSError(errno.ENOSPC, "No space left", "a.html"), 2, "the disk is full at 'a.html'"),
        (OSError("said in a sentence"), 2, "said in a sentence"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_the_former_report_outlives_a_failure(refnet, work, tmp_path, error, status, words):
    def fail(*arguments, **options):
        raise error

    work(fail)
    former = tmp_path / "index.html"
    former.write_text("former")
    said, out, err = refnet("report", "--out", tmp_path)
    assert (said, out) == (status, "")
    assert words in err and err.count("\n") == 1
    assert former.read_text() == "former"
    assert list(tmp_path.iterdir()) == [former]


def test_an_unwritable_folder_is_found_before_the_work(refnet, work, tmp_path):
    work(lambda *arguments, **options: pytest.fail("the work was begun"))
    file = tmp_path / "file"
    file.write_text("mine")
    for out in (file, file / "reports"):
        status, _, err = refnet("report", "--out", out)
        assert status == 2
        assert str(out) in err and err.count("\n") == 1
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("counts", "passed", "status"),
    [
        ({"correct": 3, "refuted": 1}, True, 0),
        ({"correct": 3, "undecided": 1}, False, 3),
        ({"correct": 3, "undecided": 1, "wrong": 1}, False, 1),
        ({"correct": 3, "undecided": 0}, False, 1),  # a fault that was not caught
    ],
)
def test_it_ends_with_counts_and_the_path(refnet, work, tmp_path, counts, passed, status):
    def write(out, quick, seed, progress, workers, make):
        progress("claims", 1, 2)
        progress("claims", 2, 2)
        assert (quick, seed, workers, make) == (True, 7, 3, None)
        return SimpleNamespace(counts=counts, passed=passed)

    work(write)
    options = ("--quick", "--seed", "7", "--workers", "3")
    said, out, err = refnet("report", "--out", tmp_path, *options)
    assert said == status
    seen = [f"{number:6d} {verdict}" for verdict, number in counts.items() if number]
    assert out.splitlines() == [*seen, str(tmp_path / "index.html")]
    assert err == "claims: 2 of 2\n"


WAITS = """
import sys, time
from verification import cli, report as stage

def wait(*arguments, **options):
    print("begun", flush=True)
    time.sleep(60)

stage.report = wait
sys.exit(cli.run(["report", "--out", sys.argv[1]]))
"""


@pytest.mark.dear
def test_ctrl_c_ends_it_in_one_line(tmp_path, heeding):
    begun = subprocess.Popen(
        [sys.executable, "-c", WAITS, str(tmp_path / "reports")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert begun.stdout.readline() == "begun\n"
    begun.send_signal(signal.SIGINT)
    _, said = begun.communicate(timeout=30)
    assert begun.returncode == 130
    assert said == "refnet: interrupted; what was written before is as it was\n"
    assert list(tmp_path.iterdir()) == []
