"""The command line: its errors are one sentence, its exit statuses are kept, nothing is half done."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from refnet import ACTIVATIONS, DATASETS, UPDATES
from refnet.training import History, Run
from verification import cli
from verification.commands.listing import KINDS
from verification.commands.mistakes import Mistake, known
from verification.commands.status import status_of
from verification.commands.train import parse_sizes, per_epoch

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("jax", "flint", "sympy", "numpy", "sklearn", "matplotlib", "refnet")
QUICK = ("train", "--data", "xor", "--epochs", "2")


def python(*arguments, **options) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, text=True, timeout=120, **options
    )


@pytest.fixture
def refnet(capfd):
    """Run one command line in this process: (status, stdout, stderr)."""

    def call(*arguments):
        status = cli.run(list(map(str, arguments)))
        said = capfd.readouterr()
        return status, said.out, said.err

    return call


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


@pytest.mark.parametrize("command", ["report", "check", "list", "train"])
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
    (("report", "--out", "README.md"), ("'README.md'", "is a file")),
    (("report", "--out", "README.md/reports"), ("README.md", "cannot be written to", "pass another folder")),
    (("report", "--seed", "-1"), ("--seed is -1",)),
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


def test_sizes():
    assert parse_sizes("30, 16,1") == (30, 16, 1)


def test_training_prints_the_losses_of_refnet(refnet):
    """The table against the same run by hand."""
    status, out, err = refnet(*QUICK, "--network", "2,3,1", "--method", "adam", "--seed", "5")
    assert (status, err) == (0, "")
    assert f"{run_by_hand():.6g}" in out
    assert "validation accuracy" in out and "adam 0.1" in out


def run_by_hand() -> float:
    import jax

    import refnet as rn

    split_key, weight_key, _ = jax.random.split(jax.random.key(5), 3)
    split = rn.xor(split_key)
    loss = rn.binary_cross_entropy_with_logits
    layers = rn.init_mlp(weight_key, (2, 3, 1))
    run = rn.train(rn.mlp, loss, rn.adam(0.1), layers, split.train, epochs=2)
    return float(loss(rn.mlp(run.params, split.validation.x), split.validation.y))


def test_binary_cross_entropy_is_trained_in_its_stable_form(refnet):
    default, short, full = (
        refnet(*QUICK, *loss)
        for loss in (
            (),
            ("--loss", "binary_cross_entropy"),
            ("--loss", "binary_cross_entropy_with_logits"),
        )
    )
    assert default == short == full
    assert "binary_cross_entropy_with_logits" in short[1]


def test_values_have_no_accuracy(refnet):
    status, out, _ = refnet("train", "--data", "diabetes", "--epochs", "1", "--network", "10,1")
    assert status == 0
    assert "accuracy" not in out and "mse" in out


def test_a_loss_that_is_lost_is_said(refnet):
    lost = ("train", "--data", "diabetes", "--rate", "1e30", "--network", "10,1")
    status, out, err = refnet(*lost, "--epochs", "4")
    assert status == 1
    assert "not finite from epoch" in err and "lower --rate" in err


def test_a_long_run_shows_evenly_spaced_epochs(refnet):
    _, out, _ = refnet("train", "--data", "xor", "--epochs", "999")
    firsts = [line.split()[0] for line in out.splitlines() if line.split()]
    epochs = [int(word) for word in firsts if word.isdecimal()]
    assert len(epochs) == 20
    assert (epochs[0], epochs[-1]) == (1, 999)


def test_a_smaller_last_batch_counts_for_its_size():
    history = History(np.array([1.0, 2.0, 4.0, 8.0]), None, {}, np.array([0.5, 0.25]))
    columns = per_epoch(Run(None, None, history), examples=5, batch=3, epochs=2)
    assert columns["loss"].tolist() == [(3 * 1.0 + 2 * 2.0) / 5, (3 * 4.0 + 2 * 8.0) / 5]
    assert columns["validation loss"].tolist() == [0.5, 0.25]


@pytest.mark.parametrize("kind", ["derivations", "oracles", "faults", "claims", "updates"])
def test_each_list_has_a_line_for_each_name(refnet, kind):
    status, out, err = refnet("list", kind)
    names = list(KINDS[kind]())
    assert (status, err) == (0, "")
    assert all(map(str.startswith, out.splitlines(), names))
    assert len(out.splitlines()) == len(names) > 0


def test_the_whole_list_has_every_kind(refnet):
    status, out, _ = refnet("list")
    assert status == 0
    assert all(f"\n{kind} (" in f"\n{out}" for kind in KINDS)


def test_check_prints_every_dtype_arrow_and_oracle(refnet, tmp_path):
    file = tmp_path / "sigmoid.json"
    status, out, err = refnet("check", "sigmoid", "--cases", "5", "--json", file)
    assert (status, err) == (0, "")
    assert "float64" in out and "float32" in out and "ball" in out
    rows = json.loads(file.read_text())["derivations"]
    assert [(row["dtype"], row["verdict"]) for row in rows] == [
        ("float64", "correct"),
        ("float32", "correct"),
    ]
    assert list(tmp_path.iterdir()) == [file]


def test_a_wrong_derivation_ends_in_status_1(refnet, monkeypatch):
    from dataclasses import replace

    from verification import derivations

    right = derivations.ALL["sigmoid"]

    def doubled(*args):
        import jax

        return jax.tree.map(lambda leaf: 2 * leaf, right.gradient(*args))

    wrong = replace(right, gradient=doubled, arrows=())
    monkeypatch.setitem(derivations.ALL, "sigmoid", wrong)
    status, out, _ = refnet("check", "sigmoid", "--cases", "3", "--dtype", "float64")
    assert status == 1
    assert "sigmoid, float64: wrong: " in out


if Path("/dev/full").exists():  # a disk that is always full, where the system has one

    def test_a_full_disk_is_one_sentence(refnet):
        status, _, err = refnet("check", "sigmoid", "--cases", "2", "--json", "/dev/full")
        assert status == 2
        assert err.startswith("refnet: the disk is full") and err.count("\n") == 1


def raises(error):
    def write(*arguments, **options):
        raise error

    return write


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (OSError(errno.ENOSPC, "No space left", "reports/a.html"), 2, "full at 'reports/a.html'"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_the_former_report_outlives_a_failure(refnet, monkeypatch, tmp_path, error, status, words):
    former = tmp_path / "index.html"
    former.write_text("former")
    monkeypatch.setitem(sys.modules, "verification.report", raises_when_called(error))
    said, out, err = refnet("report", "--out", tmp_path)
    assert (said, out) == (status, "")
    assert words in err and err.count("\n") == 1
    assert former.read_text() == "former"
    assert list(tmp_path.iterdir()) == [former]


def raises_when_called(error):
    import types

    stage = types.ModuleType("verification.report")
    stage.report = raises(error)
    return stage


def test_report_ends_with_counts_and_the_path(refnet, monkeypatch, tmp_path):
    import types

    written = types.SimpleNamespace(counts={"correct": 3, "wrong": 0, "undecided": 1}, passed=False)

    def write(out, quick, seed, progress):
        progress("claims", 1, 2)
        progress("claims", 2, 2)
        assert (quick, seed) == (True, 7)
        return written

    stage = types.ModuleType("verification.report")
    stage.report = write
    monkeypatch.setitem(sys.modules, "verification.report", stage)
    status, out, err = refnet("report", "--out", tmp_path, "--quick", "--seed", "7")
    assert status == 3
    assert out.split("\n") == ["     3 correct", "     1 undecided", f"{tmp_path}/index.html", ""]
    assert err == "claims: 2 of 2\n"


def test_a_reader_who_leaves_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    done = python("-m", "verification", "list", "updates", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")
