"""Every option of the API is one of the command line; those of processes and rules arrive there."""

import inspect
import json
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

import verification as vf
from verification.cli import app

ELSEWHERE = {  # an argument of the API -> the option; None: it is FILE.py:NAME, or a way to call
    "gradient": None, "jvp": None, "estimate": None, "init": None, "update": None, "command": None,
    "name": None, "options": None, "hyperparameters": "--kwargs", "timeout": "--seconds",
    "limits": "--seconds", "dtypes": "--dtype", "train": None, "run": None, "progress": None,
    "make": "--executor",
}  # fmt: skip
TEXT = """
import jax.numpy as jnp, optax
def loss(w): return jnp.sum(jnp.sin(w))
def gradient(w): return jnp.cos(w)
def estimate(w, rng): return jnp.cos(w) + rng.normal(size=3)
def sample(rng): return (rng.normal(size=3),)
def slow(learning_rate): return optax.sgd(learning_rate / 2)
def fixed(learning_rate): return optax.adam(learning_rate, b1=0.5)
"""


def options(command):
    return {name for one in get_command(app).commands[command].params for name in one.opts}


def missing(function, command):
    """Arguments of the API that are no option."""
    names = list(inspect.signature(function).parameters)
    wanted = {name: ELSEWHERE.get(name, f"--{name.replace('_', '-')}") for name in names}
    return [name for name, option in wanted.items() if option and option not in options(command)]


JUDGES = ("validate", "validate_jvp", "validate_estimator", "validate_update")
JUDGES += ("validate_process", "validate_update_process")


@pytest.mark.parametrize("name", JUDGES)
def test_every_argument_is_an_option(name):
    assert missing(getattr(vf, name), "validate") == []


def test_every_limit_and_argument_of_a_check_is_an_option():
    assert missing(vf.check, "check") == [] == missing(vf.Limits, "validate")
    assert missing(lambda gradient, pace: None, "validate") == ["pace"]


EXPLAINED = ("validate", "validate_jvp", "validate_estimator")
OTHERS = {
    "training": lambda train, of, rule, args, dtype, seed, runs, instead, held_out, options: None,
    "lint": vf.lint_training,
    "report": vf.report.report,
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_what_is_judged_in_python_can_be_explained_with_every_argument(name):
    assert missing(getattr(vf, name), "explain") == []
    files = {"--html", "--json", "--junit", "--sarif"}
    assert files <= options("explain") and files <= options("validate")


@pytest.mark.parametrize("command", OTHERS)
def test_every_argument_of_the_other_commands_is_an_option(command):
    assert missing(OTHERS[command], command) == []


def test_of_a_training_run_weights_and_batches_come_from_one_sampler():
    asked = {*inspect.signature(vf.validate_training).parameters} - {"params", "batches"}
    told = {*inspect.signature(OTHERS["training"]).parameters} - {"args", "options"}
    assert asked == told | {"hyperparameters"}


@pytest.fixture(autouse=True)
def theirs(folder):
    (folder / "net.py").write_text(TEXT)


def found(refnet, *words):
    status, said, wrong = refnet("validate", *words, "--json", "found.json")
    assert status in (0, 1), wrong
    return json.loads(Path("found.json").read_text())


def test_what_is_asked_of_a_rule_arrives_and_is_asked_again(refnet):
    told = ("--steps", "3", "--params", '{"w": [2, 2]}', "--kwargs", '{"b1": 0.5}')
    asked = ("net.py:fixed", "--update", "adam", "--cases", "1")
    row = found(refnet, *asked, *told)
    words = shlex.split(row["reproduce"])
    assert row["verdict"] == "correct" and "w" in "".join(row["power"])
    assert [words[words.index(option) + 1] for option in told[::2]] == list(told[1::2])
    other = (*told[:-1], '{"b1": 0.75}')
    assert found(refnet, *asked, *other)["verdict"] == "wrong"


def test_stages_are_kept_in_a_folder(refnet):
    asked = ("net.py:gradient", "--of", "net.py:loss", "--args", "net.py:sample", "--cases", "1")
    asked += ("--edges", "none", "--resume")
    assert refnet("validate", *asked, "kept")[0] == 0 and Path("kept").is_dir()
    for more, said in (
        (("net.py",), "a file; give a folder"),
        (("kept", "--seconds", "5"), "kept"),
    ):
        status, _, wrong = refnet("validate", *asked, *more)
        assert status == 2 and "--resume" in wrong and said in wrong


def test_keyword_arguments_are_bound_before_anything_is_called(refnet):
    Path("kw.py").write_text(KEYWORDS)
    asked = ("kw.py:gradient", "--of", "kw.py:loss", "--args", "kw.py:sample", "--cases", "1")
    assert found(refnet, *asked, "--kwargs", '{"rate": 2.0}')["verdict"] == "correct"
    assert refnet("validate", *asked)[0] == 2  # without them it cannot be called


KEYWORDS = """
import jax.numpy as jnp
def loss(w, *, rate): return rate * jnp.sum(w * w)
def gradient(w, rate): return 2 * w * rate
def sample(rng): return rng.normal(size=3)
"""


def test_the_chance_of_a_wrong_verdict_is_asked_for(refnet):
    asked = ("net.py:estimate", "--of", "net.py:loss", "--args", "net.py:sample", "--cases", "1")
    row = found(refnet, *asked, "--samples", "4000", "--bias", "0.5", "--error", "0.01")
    assert "--error 0.01" in row["reproduce"]


MISTAKES = {
    "--steps is 1; give a whole number of at least 2": ("--update", "adam", "--steps", "1"),
    "--params is '[2]'; give a JSON object": ("--update", "adam", "--params", "[2]"),
    "give names and their shapes, such as": ("--update", "adam", "--params", '{"w": 2}'),
    "--error is 0.1, but --samples is missing": ("--error", "0.1"),
    "--error is 2; give a probability below 1": ("--samples", "9", "--error", "2"),
    "--steps is '4', but the gradient is": ("--steps", "4"),
    "--start is '3.0', but the gradient is": ("--start", "3"),
    "adam has no 'lr'; did you mean 'learning_rate'?": (
        "--update", "adam", "--kwargs", '{"lr": 1}',
    ),
    "did you mean 'adam'?": ("--update", "adma"),
}  # fmt: skip


@pytest.mark.parametrize("said", MISTAKES)
def test_what_cannot_be_is_a_sentence(refnet, said):
    words = MISTAKES[said]
    name = "slow" if "--update" in words else "gradient"
    status, _, wrong = refnet("validate", f"net.py:{name}", *words)
    assert status == 2 and said in wrong and wrong.count("\n") == 1


@pytest.mark.parametrize("command", [None, *get_command(app).commands])
def test_no_help_is_cut_or_wider_than_a_terminal(refnet, command):
    status, said, _ = refnet(*filter(None, [command, "--help"]))
    lines = [line for line in said.splitlines() if not line.startswith("Usage")]
    assert status == 0 and [line for line in lines if len(line) > 80 or "..." in line[-4:]] == []
