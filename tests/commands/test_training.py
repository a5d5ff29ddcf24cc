"""`refnet training`: a loop in a file, or a recorded run; every mistake is one sentence."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import verification as vf
from verification.report.findings.writing import validate

TEXT = '''"""A loop by hand."""
import jax.numpy as jnp
import numpy as np
import optax
import verification as vf


def loss(params, x, y):
    return jnp.mean((x @ params["w"] - y) ** 2)


def half(params, x, y):
    return loss(params, x, y) / 2


def work(rng):
    x, y = rng.normal(size=(5, 8, 3)), rng.normal(size=(5, 8))
    return {"w": rng.normal(size=3)}, list(zip(x, y))


def loop(params, batches, cleared=True, scale=1.0):
    w, v, total = params["w"], 0.0, 0.0
    for x, y in batches:
        g = scale * 2 * x.T @ (x @ w - y) / len(y)
        total = g if cleared else total + g
        v = 0.9 * v + total
        error, w = x @ w - y, w - 0.05 * v
        yield vf.TrainingStep({"w": w}, scale * (error**2).mean(), {"w": total})


def piled(params, batches):
    yield from loop(params, batches, cleared=False)


def halved(params, batches):
    yield from loop(params, batches, scale=0.5)


def sgd(rate, decay):
    return optax.sgd(rate, decay)


def three(rng):
    return 3


def raising(rng):
    raise KeyError("x")


def untraced(params, x, y):
    return float(np.mean(params["w"]))
'''


@pytest.fixture(autouse=True)
def theirs(folder):
    """Somebody's file, where we work."""
    (folder / "loops.py").write_text(TEXT)


MOMENTUM = "--rule", "momentum", "--kwargs", '{"learning_rate": 0.05, "decay": 0.9}'


def asked(run="loops.py:loop", *options, of="loops.py:loss", args="loops.py:work", rule=MOMENTUM):
    return "training", run, "--of", of, "--args", args, *rule, *options


def test_a_right_loop_is_correct_and_a_wrong_one_is_named_in_every_file(refnet):
    status, out, err = refnet(*asked())
    assert (status, err) == (0, "") and out.startswith("CORRECT") and "loops.py:21" in out

    files = "--json", "one.json", "--junit", "one.xml", "--sarif", "one.sarif", "--html", "one.html"
    status, out, err = refnet(*asked("loops.py:piled", *files))
    assert (status, err) == (1, "") and "they are never cleared" in out
    found = json.loads(Path("one.json").read_text())
    validate([found])
    assert (found["step"], found["explanation"][0]["fault"]) == (2, "gradients never cleared")
    assert len(ElementTree.parse("one.xml").findall(".//testcase[failure]")) == 1
    assert len(json.loads(Path("one.sarif").read_text())["runs"][0]["results"]) == 1
    assert "never cleared" in Path("one.html").read_text()


def test_a_rule_of_optax_another_loss_and_no_band(refnet):
    optax = "--rule", "loops.py:sgd", "--kwargs", '{"rate": 0.05, "decay": 0.9}'
    options = "--instead", "half=loops.py:half", "--runs", "0"
    status, out, _ = refnet(*asked("loops.py:halved", *options, rule=optax))
    assert status == 1 and "another loss, half" in out
    assert refnet(*asked("loops.py:loop", *options, rule=optax))[0] == 0


def test_a_recorded_run_is_judged(refnet, folder):
    theirs = {}
    exec(TEXT, theirs)  # the file, as its own program would run it
    params, batches = theirs["work"](np.random.default_rng(3))
    for name, wanted in (("loop", 0), ("piled", 1)):
        vf.record(folder / name, theirs[name](params, batches), start=params)
        status, out, err = refnet(*asked(name, "--seed", "3", "--runs", "0"))
        assert (status, err) == (wanted, ""), out
    assert (
        refnet(*asked("loop", "--seed", "4", "--runs", "0"))[0] == 1
    )  # another start, other batches


MISTAKES = {
    "no pair": (asked(args="loops.py:three"), ("returned a int", "the list of batches")),
    "raising": (asked(args="loops.py:raising"), ("'loops.py:raising' raised KeyError",)),
    "no function": (asked(args="loops.py:wrk"), ("did you mean 'work'?",)),
    "no loop": (asked("loops.py:lop"), ("did you mean 'loop'?",)),
    "no record": (asked("none"), ("the loop is 'none'", "FILE.py:FUNCTION")),
    "no rule": (asked(rule=("--rule", "adm")), ("rule is 'adm'", "did you mean 'adam'?")),
    "no rate": (asked(rule=("--rule", "adam")), ("learning_rate", "it takes")),
    "of optax": (asked(rule=("--rule", "loops.py:sgd")), ("'loops.py:sgd' raised TypeError",)),
    "runs": (asked("loops.py:loop", "--runs", "5"), ("--runs is 5", "at least 32")),
    "kwargs": (asked("loops.py:loop", "--kwargs", "3"), ("--kwargs is '3'", "a JSON object")),
    "dtype": (asked("loops.py:loop", "--dtype", "float8"), ("unknown dtype 'float8'",)),
    "instead": (asked("loops.py:loop", "--instead", "half"), ("give NAME=FILE.py:LOSS",)),
    "of": (asked(of="loops.py:untraced"), ("--of 'loops.py:untraced' raised",)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence(refnet, name):
    arguments, words = MISTAKES[name]
    status, out, err = refnet(*arguments)
    assert (status, out) == (2, "") and err.count("\n") == 1, err
    assert all(word in err for word in words), err
