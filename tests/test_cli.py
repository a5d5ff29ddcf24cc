"""The command line: errors are one sentence, and exit statuses are kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from refnet import ACTIVATIONS, DATASETS, UPDATES
from verification.cli import OWN_FAULT, USAGE, _said
from verification.commands.listing import KINDS
from verification.commands.mistakes import Mistake, known
from verification.commands.status import status_of

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("jax", "flint", "sympy", "numpy", "sklearn", "matplotlib", "refnet")


def python(*arguments, **options) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, text=True, timeout=120, **options
    )


def sentence(result, *words):
    """The one sentence of a mistake: status 2, nothing on stdout, each of `words` in it."""
    status, out, err = result
    assert (status, out) == (2, "")
    assert err.startswith("refnet: ") and err.count("\n") == 1 and "Traceback" not in err
    for word in words:
        assert word in err
    return err


@pytest.mark.parametrize("module", ["verification", "verification.cli"])
def test_help_imports_nothing_heavy(module):
    code = f"import sys, {module}; print([m for m in {HEAVY} if m in sys.modules])"
    assert python("-c", code, capture_output=True, check=True).stdout == "[]\n"


def test_the_check_for_heavy_imports_can_fail():
    code = f"import sys, refnet; print([m for m in {HEAVY} if m in sys.modules])"
    assert "jax" in python("-c", code, capture_output=True, check=True).stdout


def test_the_module_is_the_command():
    done = python("-m", "verification", "--help", capture_output=True)
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("report", "check", "list", "train"))


@pytest.mark.parametrize("command", ["report", "check", "list", "train", "vectors"])
def test_each_command_has_help(refnet, command):
    status, out, err = refnet(command, "--help")
    assert (status, err) == (0, "")
    assert f"refnet {command}" in out


MISTAKES = [
    (("reprot",), ("reprot", "report")),
    (("train", "--epoch"), ("--epoch",)),
    (("train", "--epochs", "ten"), ("--epochs is 'ten'", "integer", "see `refnet train --help`")),
    (("train", "--rate=fast"), ("--rate is 'fast'", "number")),
    (("train", "--epochs", "0"), ("--epochs is 0", "at least 1")),
    (("train", "--rate", "0"), ("--rate is 0", "above 0")),
    (("train", "--rate", "-0.5"), ("--rate is -0.5", "above 0")),
    (("train", "--rate", "nan"), ("--rate is nan", "above 0")),
    (("train", "--rate", "inf"), ("--rate is inf", "finite")),
    (("train", "--network", "30,,1"), ("'30,,1'", "such as 30,16,1")),
    (("train", "--network", "30"), ("'30'", "at least two")),
    (("train", "--network", "30,0,1"), ("'30,0,1'", "above 0")),
    (("train", "--network", ""), ("''", "such as 30,16,1")),
    (("train", "--network", "30,-4,1"), ("'30,-4,1'",)),
    (("train", "--network", "30,1e3,1"), ("'30,1e3,1'",)),
    (("train", "--network", "31,16,1"), ("'31,16,1'", "30 inputs", "give 30,16,1")),
    (("train", "--network", "30,16,2"), ("'30,16,2'", "1 output;", "give 30,16,1")),
    (("train", "--data", "digits", "--network", "64,9"), ("10 outputs;", "give 64,10")),
    (("train", "--data", "breast_cancr"), ("did you mean 'breast_cancer'?", *DATASETS)),
    (("train", "--data", "xor", "--activation", "rlu"), ("did you mean 'relu'?", *ACTIVATIONS)),
    (("train", "--data", "xor", "--method", "adm"), ("did you mean 'adam'?", "sgd", *UPDATES)),
    (("train", "--data", "xor", "--initializer", "xavier"), ("'xavier'", "glorot")),
    (("train", "--data", "xor", "--loss", "msee"), ("did you mean 'mse'?",)),
    (("train", "--data", "digits", "--loss", "mse"), ("'mse'", "digits", "softmax_cross_entropy")),
    (("train", "--data", "diabetes", "--loss", "binary_cross_entropy"), ("real values", "mse")),
    (("train", "--data", "xor", "--loss", "softmax_cross_entropy"), ("0 or 1", "binary")),
    (("train", "--data", "xor", "--batch", "5"), ("--batch is 5", "4 examples")),
    (("train", "--data", "xor", "--batch", "0"), ("--batch is 0", "4 examples")),
    (("train", "--seed", "-1"), ("--seed is -1",)),
    (("train", "--seed", "99999999999999999999"), ("--seed is 99999999999999999999",)),
    (("check", "sigmoyd"), ("did you mean 'sigmoid'?",)),
    (("check", "sigmoid", "--dtype", "float23"), ("did you mean 'float32'?", "float64")),
    (("check", "sigmoid", "--cases", "0"), ("--cases is 0",)),
    (("check", "sigmoid", "--seed", "-1"), ("--seed is -1",)),
    (("check", "sigmoid", "--json", "tests"), ("'tests'", "folder")),
    (("check", "sigmoid", "--json", "none/such.json"), ("none/such.json", "does not exist")),
    (("list", "oracle"), ("did you mean 'oracles'?", "updates")),
    (("report", "--out", "README.md"), ("README.md is a file", "pass a folder")),
    (
        ("report", "--out", "README.md/reports"),
        ("README.md", "cannot be written to", "pass another folder"),
    ),
    (("report", "--seed", "-1"), ("--seed is -1",)),
    (
        ("validate", "a.py:g", "a.py:f", "a.py:s"),
        ("write --of FILE.py:LOSS --args FILE.py:SAMPLE",),
    ),
    (("validate", "a.py:g", "more"), ("extra argument(s) (more);",)),
    (("report", "--workers", "0"), ("--workers is 0",)),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES, ids=lambda v: " ".join(v))
def test_a_mistake_is_one_sentence(refnet, monkeypatch, arguments, words):
    monkeypatch.chdir(ROOT)
    sentence(refnet(*arguments), *words)


def test_no_command_at_all_shows_the_help(refnet):
    status, out, err = refnet()
    assert (status, err) == (2, "")
    assert "Usage: refnet" in out


def test_debug_shows_the_traceback_anywhere(refnet):
    for arguments in (("--debug", "train", "--rate", "0"), ("train", "--rate", "0", "--debug")):
        status, _, err = refnet(*arguments)
        assert status == 2
        assert "Traceback" in err and "refnet: --rate is 0" in err


def test_a_fault_of_ours_is_no_verdict(refnet, monkeypatch):
    def broken():
        raise ZeroDivisionError("division by zero")

    monkeypatch.setitem(KINDS, "updates", broken)
    status, _, err = refnet("list", "updates")
    assert status == 70
    assert "Traceback" in err and "ZeroDivisionError: division by zero" in err


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        (["correct", "correct", "refuted"], 0),
        (["correct", "undecided"], 3),
        (["undecided", "inaccurate"], 1),
        (["correct", "wrong"], 1),
        (["rejected"], 1),
        (["unproven"], 1),
        ([], 3),
    ],
)
def test_the_status_of_verdicts(verdicts, status):
    assert status_of(verdicts) == status


def test_names_are_given_back_or_listed():
    assert known("rule", "adam", ("sgd", "adam")) == "adam"
    with pytest.raises(Mistake, match="unknown rule 'q'; known: sgd, adam"):
        known("rule", "q", ("sgd", "adam"))


def test_a_reader_who_leaves_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    done = python("-m", "verification", "list", "updates", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_the_file_run_as_a_module_is_the_command_line_too():
    done = python("-m", "verification.cli", "validate", capture_output=True)

    assert done.returncode == 2
    assert "there is nothing to judge" in done.stderr


def test_a_data_set_that_an_extra_brings_is_asked_for_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError) as met:
        DATASETS["wine"]()
    status, said = _said(met.value, [])
    assert status == USAGE and "pip install 'refnet[report]'" in said
    assert _said(ImportError("a broken library"), [])[0] == OWN_FAULT
