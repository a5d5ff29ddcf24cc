"""Update rules in programs: right ones correct, wrong ones named, improper answers rejected."""

import json
import re
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import verification as vf
from verification.adapters.limits import Limits
from verification.updates.foreign import validate_update_process

TOOL = Path(__file__).resolve().parents[2] / "examples" / "protocol" / "adam.py"
TEXT = TOOL.read_text()
ROOT = "(math.sqrt(v / (1 - b2**t)) + eps)"
ANSWER = '"output": adam(*(run[name] for name in names))'
PATIENT = Limits(seconds=20.0, memory=2**29, output=2**20, failures=1)  # of a busy machine
QUICK = Limits(seconds=0.5, memory=2**29, output=2**20, failures=1)


def slipped(*changes: tuple[str, str], text: str = TEXT) -> list[str]:
    """The command of the tool with every change made in its text."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return [sys.executable, "-I", "-S", "-c", text]


judged = partial(validate_update_process, against="adam", cases=2, limits=PATIENT)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_right_program_is_correct_and_every_mistake_would_have_been_seen(dtype):
    finding = judged(slipped(), dtype=dtype)
    assert finding.verdict == "correct", finding
    assert not finding.explanation
    assert all(finding.kills.values()) and len(finding.kills) > 40


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_epsilon_inside_the_root_is_named_as_the_variant_it_is(dtype):
    finding = judged(slipped((ROOT, "math.sqrt(v / (1 - b2**t) + eps)")), dtype=dtype)
    assert finding.verdict == "wrong", finding
    assert "this is adam_eps_inside" in finding.explanation[0].mistake
    assert finding.explanation[0].fits


def test_a_missing_power_is_named_as_the_mistake_it_is():
    finding = judged(slipped(("b1**t", "b1"), ("b2**t", "b2")))
    assert finding.verdict == "wrong"
    assert "the power t is missing" in finding.explanation[0].mistake


def test_a_program_of_another_rule_is_named_by_it():
    other = slipped(('"update/adam"', '"update/adamw"'))
    finding = validate_update_process(other, against="adamw", cases=2, limits=PATIENT)
    assert finding.verdict == "wrong"
    assert any("decay missing" in one.fault for one in finding.explanation)


def test_digits_lost_are_told_from_a_mistake_by_asking_in_float64():
    rounded = (ANSWER, f"{ANSWER[:10]}halved(message, {ANSWER[10:]})")
    told = ("import sys\n", f"import struct, sys\n{LOST}")
    finding = judged(slipped(rounded, told), dtype="float32")
    assert finding.verdict == "inaccurate", finding
    assert "in float64 the same rule is right" in finding.reason


LOST = """
round = lambda x: struct.unpack("e", struct.pack("e", x))[0]
def halved(message, output):
    single = message["input"]["dtype"] == "float32"
    steps = [{n: mapped(round, x) for n, x in s.items()} for s in output["params"]]
    return {"params": steps} if single else output
"""
STEP = "        steps.append(params)\n"
NAN = ("steps.append(params)", 'steps.append({**params, "scale": float("nan")})')
IMPROPER = {
    "another shape": ((STEP.strip(), 'steps.append({**params, "b": [0.0]})'), "list of 4"),
    "a leaf left out": (('{"params": steps}', '{"params": [{"w": 1.0}] * 16}'), "with b, scale, w"),
    "a step left out": (('{"params": steps}', '{"params": steps[1:]}'), "a list of 15, not as a l"),
    "the steps alone": (('{"params": steps}', "steps"), "not an object with params"),
    "strings": (("steps.append(params)", 'steps.append({**params, "scale": "1"})'), "string '1'"),
    "NaN": (NAN, "wrote NaN, which JSON does not have"),
    "an exception": ((ANSWER, '"output": 1 / 0'), "exit status 1; its stderr ends: .*ZeroDivision"),
    "dies midway": (
        (STEP, f"        t < 9 or os._exit(3)\n{STEP}"),
        "evaluate, it ended with exit status 3",
    ),
    "another module": (('"update/adam"', '"update/yogi"'), "define the module, .*not succeed"),
    "too much": ((ANSWER, '"output": "7" * 2**21'), "more than 1048576 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", IMPROPER)
def test_an_improper_answer_is_rejected_in_a_sentence(name):
    change, said = IMPROPER[name]
    finding = judged(slipped(("import sys\n", "import os, sys\n"), change))
    assert finding.verdict == "rejected", finding
    assert re.search(said, finding.reason), finding.reason


def test_a_program_that_hangs_is_given_up():
    slow = slipped((ANSWER, '"output": __import__("time").sleep(60)'))
    finding = judged(slow, limits=QUICK)
    assert finding.verdict == "rejected"
    assert "gave no answer within 0.5 s" in finding.reason


REMEMBERED = (
    ("    m = v = {name", "    m, v = KEPT or [{name"),
    (" for name, leaf in params.items()}", " for name, leaf in params.items()}] * 2"),
    ("    return {\"params\": steps}", "    KEPT[:] = m, v\n    return {\"params\": steps}"),
    ("import sys\n", "import sys\nKEPT = []\n"),
)  # fmt: skip


def test_a_memory_that_outlives_the_question_is_rejected():
    finding = judged(slipped(*REMEMBERED))
    assert finding.verdict == "rejected"
    assert "the same run asked for again was answered differently" in finding.reason
    forgetful = slipped(*REMEMBERED, ("KEPT[:] = m, v", "KEPT.clear()"))
    assert judged(forgetful).verdict == "correct"


HEXADECIMAL = (
    ('    return {}\n', '    return {"config": {"floats": "hexadecimal"}}\n'),
    (ANSWER, '"output": written(adam(*(read(run[name]) for name in names)))'),
    ("import sys\n", """import sys

def each(f, x):
    if isinstance(x, dict):
        return {name: each(f, item) for name, item in x.items()}
    return [each(f, item) for item in x] if isinstance(x, list) else f(x)

read, written = (lambda x, f=f: each(f, x) for f in (float.fromhex, float.hex))
"""),
)  # fmt: skip


def test_floats_may_be_hexadecimal_and_then_nan_can_be_said():
    assert judged(slipped(*HEXADECIMAL)).verdict == "correct"
    finding = judged(slipped(*HEXADECIMAL, NAN))
    assert finding.verdict == "rejected"
    assert "the truth is finite there" in finding.reason


def test_who_fails_once_is_started_again_for_the_other_runs(tmp_path):
    mark = tmp_path / "mark"
    once = f"    if not os.path.exists({str(mark)!r}): open({str(mark)!r}, 'w'); os._exit(4)\n"
    odd = slipped(
        ("import sys\n", "import os, sys\n"), ("    steps = []\n", f"{once}    steps = []\n")
    )
    finding = judged(odd, limits=Limits(failures=3))
    assert finding.verdict == "rejected" and "exit status 4" in finding.reason
    assert finding.power and finding.worst is not None and finding.worst.budgets <= 1.0


def test_it_is_told_what_its_answer_was_found_to_be(tmp_path):
    log = tmp_path / "log"
    keep = "        message = json.loads(line)\n"
    write = f'{keep}        open({str(log)!r}, "a").write(line)\n'
    judged(slipped((keep, write), (ROOT, ROOT.replace("eps", "2 * eps"))))
    told = [json.loads(line) for line in log.read_text().splitlines()]
    verdicts = [one for one in told if one["kind"] == "analysis"]
    asked = [one for one in told if one["kind"] == "evaluate"]
    assert [one["valid"] for one in verdicts] == [False] * 3  # two cases, and the long run
    assert "outside its budget: ['b']" in verdicts[0]["error"]
    assert verdicts[0]["of"] == asked[1]["id"] and asked[0]["input"] == asked[1]["input"]
    assert {(one["module"], one["function"]) for one in asked} == {("update/adam", "run")}


def test_hyperparameters_and_the_shapes_of_parameters_may_be_given(tmp_path):
    held = {"learning_rate": 0.01, "b1": 0.875, "eps": 1e-3}
    params = {"net": np.zeros((2, 2)), "last": np.zeros(5)}
    assert judged(slipped(), params=params, **held).verdict == "correct"
    other = slipped(("    b1, b2, eps =", "    hyperparameters['b1'] = 0.9\n    b1, b2, eps ="))
    finding = judged(other, params=params, **held)
    assert finding.verdict == "wrong" and set(finding.power) == {"['last']", "['net']"}


@pytest.mark.parametrize(("rate", "given"), [("1", None), ("0.25", [0.25])])
def test_a_rule_without_a_rate_or_with_one_of_its_own(rate, given):
    program = slipped(("w - r * (", f"w - {rate} * ("))
    assert judged(program, learning_rate=given).verdict == "correct"
    assert judged(program).verdict == "wrong"


def test_what_reproduces_a_finding_is_code_that_runs():
    finding = validate_update_process([sys.executable, str(TOOL)], against="adam", cases=2, b1=0.75)
    again = eval(finding.reproduce, {"verification": vf})
    assert again.to_json() == finding.to_json()


@pytest.mark.parametrize(
    ("command", "more", "said"),
    [
        ("no_such_program_at_all", {}, "there is no program 'no_such_program_at_all'"),
        ("true", {"against": "admm"}, "against is 'admm'; did you mean 'adam'"),
        ("true", {"dtype": "float23"}, "dtype is 'float23'"),
        ("true", {"steps": 1}, "steps is 1; at least 2"),
        ("true", {"learning_rate": []}, "learning_rate is empty"),
        ("true", {"beta": 0.5}, "adam has no 'beta'; it has learning_rate, b1"),
    ],
)
def test_a_mistake_in_the_call_is_a_sentence(command, more, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        validate_update_process(command, **{"against": "adam", **more})
