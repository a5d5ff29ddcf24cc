"""`refnet validate --update`: a rule in a file or a program; every mistake is one sentence."""

import json
import shlex
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from verification.report.findings.writing import validate

TOOL = Path(__file__).resolve().parents[2] / "examples" / "protocol" / "adam.py"
TEXT = '''"""A rule by hand."""
import optax


def momentum(learning_rate, decay):
    return optax.sgd(learning_rate, decay)


def inside(learning_rate, decay):
    return optax.chain(optax.scale_by_learning_rate(learning_rate), optax.trace(decay))


def raising(learning_rate):
    raise KeyError("decay")


def rateless(decay):
    return optax.sgd(0.1, decay)


def number(learning_rate):
    return 3


def forgetful(learning_rate):
    return optax.adam(learning_rate, 0.0, 0.0)


fixed = optax.sgd(0.1)
'''


@pytest.fixture(autouse=True)
def theirs(folder):
    """Somebody's file, where we work."""
    (folder / "rule.py").write_text(TEXT)


def asked(rule="rule.py:momentum", *options, update="momentum"):
    return "validate", rule, "--update", update, "--cases", "2", *options


def program(folder, *changes):
    text = TOOL.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "tool.py").write_text(text)
    return "validate", "--process", f"{sys.executable} tool.py", "--cases", "2", "--update", "adam"


def test_a_rule_in_a_file_is_judged_and_what_it_says_to_run_says_the_same(refnet, folder):
    status, out, err = refnet(*asked())

    assert (status, err) == (0, "")
    assert out.startswith("CORRECT  within rounding at all 3 cases   rule.py:5\n")
    assert "momentum of update/momentum in float64, rule.py:5" in out
    status, out, _ = refnet(*asked("rule.py:inside"))
    assert status == 1 and "this is momentum_rate_inside" in out
    assert refnet(*shlex.split(out.splitlines()[-1])[1:]) == (1, out, "")


def test_a_program_is_judged_within_its_limits_and_written_to_every_file(refnet, folder):
    files = "--json", "one.json", "--junit", "one.xml", "--sarif", "one.sarif"
    status, out, err = refnet(*program(folder), "--seconds", "20", "--dtype", "float32", *files)

    assert (status, err) == (0, "")
    assert out.startswith("CORRECT") and "tool.py of update/adam in float32" in out
    inside = ("(math.sqrt(v / (1 - b2**t)) + eps)", "math.sqrt(v / (1 - b2**t) + eps)")
    status, out, _ = refnet(*program(folder, inside), *files)
    found = json.loads(Path("one.json").read_text())
    assert status == 1 and "this is adam_eps_inside" in out
    validate([found])
    assert found["explanation"][0]["fault"] == "adam_eps_inside"
    assert len(ElementTree.parse("one.xml").findall(".//testcase[failure]")) == 1
    assert len(json.loads(Path("one.sarif").read_text())["runs"][0]["results"]) == 1
    again = shlex.split(out.splitlines()[-1])
    assert again[-8:-6] == ["--update", "adam"] and refnet(*again[1:]) == (1, out, "")


def test_what_cannot_be_told_is_no_pass(refnet, folder):
    kept = "--kwargs", '{"b1": 0.0, "b2": 0.0}'
    status, out, _ = refnet(*asked("rule.py:forgetful", *kept, update="adam"))
    assert status == 3 and out.startswith("UNDECIDED") and "this is no pass" in out
    status, out, _ = refnet(*program(folder, ('"update/adam"', '"adam"')))
    assert status == 1 and out.startswith("REJECTED") and "define the module" in out


MISTAKES = {
    "against": (asked("rule.py:momentum", "--against", "mse"), ("--against is 'mse'", "leave one")),
    "of": (asked("rule.py:momentum", "--of", "a.py:b"), ("--of is 'a.py:b'", "--update 'mom")),
    "args": (asked("rule.py:momentum", "--args", "a.py:b"), ("--args is 'a.py:b'",)),
    "argnums": (asked("rule.py:momentum", "--argnums", "1"), ("--argnums is '1'", "leave one")),
    "allow": (asked("rule.py:momentum", "--allow", "sum"), ("--allow", "--update 'momentum'")),
    "a limit": (asked("rule.py:momentum", "--seconds", "3"), ("--seconds is '3.0'", "the rule is")),
    "both": (asked("rule.py:momentum", "--process", "cat"), ("FILE.py:GRADIENT is", "'cat'")),
    "nothing": (("validate", "--update", "adam"), ("nothing to judge",)),
    "neither": (("validate", "--process", "cat"), ("--against is missing", "--update adam")),
    "no such rule": (asked(update="momentun"), ("did you mean 'momentum'?", "refnet list updates")),
    "no such rule of a program": (
        ("validate", "--process", "cat", "--update", "admm"),
        ("update is 'admm'", "did you mean 'adam'?"),
    ),
    "no program": (
        ("validate", "--process", "./none", "--update", "adam"),
        ("no program './none'",),
    ),
    "no such function": (asked("rule.py:momentun"), ("did you mean 'momentum'?",)),
    "not callable": (asked("rule.py:fixed"), ("fixed is of type", "give a function")),
    "no rate": (asked("rule.py:rateless"), ("learning_rate is not given", "rateless")),
    "no rule": (asked("rule.py:number"), ("the rule is 3", "a pair of functions")),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence(refnet, folder, name):
    arguments, words = MISTAKES[name]
    status, out, err = refnet(*arguments)

    assert (status, out) == (2, "")
    assert err.startswith("refnet: ") and err.count("\n") == 1 and "Traceback" not in err
    assert [word for word in words if word not in err] == []


def test_what_raises_while_it_is_made_is_rejected(refnet, folder):
    status, out, _ = refnet(*asked("rule.py:raising"))
    assert status == 1 and out.startswith("REJECTED")
    assert "making the rule raised KeyError: 'decay'" in " ".join(out.split())
