"""Programs over stdin and stdout: right ones correct, wrong ones wrong, hostile ones rejected."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import verification as vf
from verification.adapters import guard
from verification.adapters.channel import MARK, Channel, kill_marked, marked
from verification.adapters.limits import Limits
from verification.derivations import ALL
from verification.judgement import foreign
from verification.judgement.foreign import validate_process
from verification.vocabulary import Explanation

from .hostile import HOSTILE, PROPER
from .neuron_tool import MISTAKES

NEURON = [sys.executable, "-I", "-S", str(Path(__file__).with_name("neuron_tool.py"))]
QUICK = Limits(seconds=0.5, start=0.5, memory=2**29, output=2**20, failures=1)
PATIENT = Limits(
    seconds=20.0, memory=2**29, output=2**20, failures=1
)  # a busy machine is no mistake

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")


def bearing(mark: str) -> list[int]:
    """Processes that have the mark in their environment or their arguments."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            texts = [(place / name).read_bytes() for name in ("environ", "cmdline")]
        except OSError:
            continue
        if any(mark.encode() in text for text in texts) and int(place.name) != os.getpid():
            found.append(int(place.name))
    return found


@pytest.fixture
def nothing_left(monkeypatch):
    """Whatever a test starts is gone when it ends."""
    mark = f"refnet-{os.getpid()}-{time.monotonic_ns()}"
    monkeypatch.setenv("REFNET_TEST", mark)
    before = set(guard.descendants(os.getpid()))
    yield mark
    assert bearing(mark) == []
    assert set(guard.descendants(os.getpid())) <= before


def test_a_right_program_is_correct(nothing_left):
    finding = validate_process(NEURON, against="logistic_neuron", cases=8)
    assert finding.verdict == "correct", finding
    assert finding.cases == finding.cases_drawn + 21
    assert max(finding.power.values()) < 1e-13
    assert "neuron_tool.py" in finding.name and "validate_process(" in finding.reproduce


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_numbers_are_those_of_the_format(dtype, nothing_left):
    finding = validate_process(NEURON, against="logistic_neuron", dtype=dtype, cases=8)
    assert finding.verdict == "correct", finding


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_program_is_caught(mistake, nothing_left):
    finding = validate_process([*NEURON, mistake], against="logistic_neuron", cases=8)
    assert finding.verdict == "wrong", finding
    assert finding.worst is not None and finding.worst.budgets > 1.0


@linux
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_is_rejected_and_gone(name, nothing_left):
    hostile = HOSTILE[name]
    limits, began = QUICK if hostile.slow else PATIENT, time.monotonic()
    finding = validate_process(hostile.command, against="logistic_neuron", cases=2, limits=limits)
    assert finding.verdict == "rejected", finding
    assert re.search(hostile.said, finding.reason), finding.reason
    if hostile.slow:
        assert time.monotonic() - began < 20 * (limits.seconds + limits.start)


@linux
def test_a_process_that_was_left_would_be_seen(nothing_left):
    words = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(9)"]
    channel = Channel(words, QUICK)
    try:
        assert len(bearing(nothing_left)) >= 1
    finally:
        channel.close()


BULKY = "held = bytearray(b'x' * 2**27); print(flush=True); import time; time.sleep(60)"


@linux
def test_what_was_killed_is_gone_and_not_only_told_to(nothing_left, monkeypatch):
    """Much memory takes its time to be given back."""
    command = [sys.executable, "-I", "-S", "-c", BULKY]
    monkeypatch.setenv(MARK, "bulky")
    there = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    for process in there:
        assert process.stdout is not None and process.stdout.readline()
    assert len(marked("bulky")) == 3
    kill_marked("bulky")
    assert marked("bulky") == []
    for process in there:
        process.communicate()


@linux
def test_everything_ends_with_its_owner(nothing_left):
    """As when the suite is killed: the guard sees its pipe close."""
    words = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]
    channel = Channel(words, QUICK)
    os.close(channel._alive)
    channel._guard.wait(10)
    assert bearing(nothing_left) == []
    channel._alive = os.open(os.devnull, os.O_RDONLY)
    channel.close()


@linux
def test_it_ends_though_another_process_holds_its_pipe(nothing_left):
    """As where a pool of processes was forked meanwhile."""
    words = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]
    channel, began = Channel(words, QUICK), time.monotonic()
    other = os.dup(channel._alive)
    channel.close()
    os.close(other)
    assert time.monotonic() - began < 5.0


def test_the_other_cases_are_still_judged(nothing_left):
    """One question kills it: it starts again for the next, and only that case is rejected."""
    text = Path(NEURON[-1]).read_text()
    odd = text.replace(
        'given = message["input"]',
        'given = message["input"]; len(given["x"]) != 1 '
        'or given["params"]["b"] != -0.25 or given["x"][0] > 0 or sys.exit(5)',
    )
    assert odd != text
    finding = validate_process(
        [*NEURON[:-1], "-c", odd], against="logistic_neuron", cases=4, limits=Limits(failures=30)
    )
    assert finding.verdict == "rejected"
    assert "exit status 5" in finding.reason and "z near" in finding.reason
    assert finding.worst is not None and finding.worst.budgets <= 1.0
    assert finding.power


def test_who_fails_again_and_again_is_asked_no_more(nothing_left, tmp_path):
    log = tmp_path / "starts"
    count = f"import sys; open({str(log)!r}, 'a').write('x'); sys.exit(1)"
    limits = Limits(failures=3)
    finding = validate_process([sys.executable, "-S", "-c", count], against="mse", limits=limits)
    assert finding.verdict == "rejected"
    assert log.read_text() == "xxx"


HEX = (
    PROPER.split("    x = m")[0].replace(
        '"success": True}) + "\\n"); continue',
        '"success": True, "config": {"floats": "hexadecimal"}}) + "\\n"); continue',
    )
    + """
    p, t = (list(map(float.fromhex, sum(m["input"][k], []))) for k in "pt")
    shape = len(m["input"]["p"][0])
    d = [2 * (a - b) / len(p) for a, b in zip(p, t)]
    rows = lambda e: [[float.hex(v) for v in e[k:k+shape]] for k in range(0, len(e), shape)]
    answer = {"p": rows(d), "t": rows([-v for v in d])}
    if len(sys.argv) > 1:
        answer["p"][0][0] = sys.argv[1]
    give(answer)
"""
)


@pytest.mark.parametrize(
    ("entry", "verdict", "said"),
    [
        (None, "correct", ""),
        ("nan", "rejected", "the truth is finite there"),
        ("1.5", "rejected", "not as a hexadecimal string"),
        ("0x1p99999", "rejected", "beyond float64"),
        ("0x1p-3", "wrong", ""),
    ],
)
def test_floats_may_be_hexadecimal(entry, verdict, said, nothing_left):
    words = [sys.executable, "-I", "-S", "-c", HEX, *([entry] if entry else [])]
    finding = validate_process(words, against="mse", cases=4)
    assert finding.verdict == verdict, finding
    assert said in finding.reason


LOSSY = (
    PROPER.split("    x = m")[0]
    + """
    import struct
    single = m["input"]["dtype"] == "float32"
    r = lambda v: struct.unpack("f", struct.pack("f", v))[0] if single else v
    p, t = m["input"]["p"], m["input"]["t"]
    n = len(p) * len(p[0])
    d = [[r(r(2 * a / n) - r(2 * b / n)) for a, b in zip(*rows)] for rows in zip(p, t)]
    give({"p": d, "t": [[-v for v in row] for row in d]})
"""
)


def test_digits_lost_are_told_from_a_mistake_by_asking_in_float64():
    words = [sys.executable, "-I", "-S", "-c", LOSSY]
    finding = validate_process(words, against="mse", dtype="float32", cases=2)
    assert finding.verdict == "inaccurate", finding
    assert "computed in float64 its error vanishes" in finding.reason
    wrong = [*words[:-1], LOSSY.replace("r(2 * b / n)", "r(1 * b / n)")]
    assert validate_process(wrong, against="mse", dtype="float32", cases=2).verdict == "wrong"


def test_the_mistake_is_explained_by_the_cases_that_show_it(monkeypatch):
    said = Explanation("sign", "the gradient", "minus it")
    asked = []
    monkeypatch.setattr(foreign, "explain", lambda e, **of: asked.append((e, of)) or (said,))
    finding = validate_process([*NEURON, "sign"], against="logistic_neuron", cases=2)
    assert finding.explanation == (said,)
    ((evidence, of),) = asked
    neuron = ALL["logistic_neuron"]
    assert of == {"of": neuron.function, "argnums": neuron.argnums, "scalar": True}
    assert all(len(one.args) == 3 and one.got for one in evidence)


def test_a_verdict_is_not_lost_for_want_of_a_reason(monkeypatch):
    def broken(*_, **__):
        raise ArithmeticError

    monkeypatch.setattr("verification.explanation.explained._explained", broken)
    finding = validate_process([*NEURON, "sign"], against="logistic_neuron", cases=2)
    assert finding.verdict == "wrong"
    assert "raised ArithmeticError" in finding.explanation[-1].mistake


def test_a_format_that_was_not_offered_is_refused():
    odd = HEX.replace('"floats": "hexadecimal"', '"floats": "octal"')
    words = [sys.executable, "-I", "-S", "-c", odd]
    finding = validate_process(words, against="mse", cases=1, limits=PATIENT)
    assert "chose floats the string 'octal'; offered: number, hexadecimal" in finding.reason


def test_what_cannot_be_executed_is_rejected(tmp_path):
    file = tmp_path / "tool"
    file.write_bytes(b"\x00\x01\x02")
    file.chmod(0o755)
    finding = validate_process([str(file)], against="mse", cases=1, limits=PATIENT)
    assert finding.verdict == "rejected"
    assert "cannot be executed: Exec format error" in finding.reason


@pytest.mark.parametrize(
    ("command", "against", "more", "said"),
    [
        ("no_such_program_at_all --x", "mse", {}, "there is no program 'no_such_program_at_all'"),
        ("", "mse", {}, "command is empty"),
        ("a 'b", "mse", {}, "cannot be split"),
        ("true", "msee", {}, "against is 'msee'; did you mean 'mse'? it must be one of"),
        ("true", "mse", {"dtype": "float23"}, "dtype is 'float23'"),
        ("true", "mse", {"cases": 0}, "cases is 0"),
    ],
)
def test_a_mistake_in_the_call_is_a_sentence(command, against, more, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        validate_process(command, against=against, **more)


def test_the_same_seed_gives_the_same_finding():
    one, two = (vf.validate_process(NEURON, against="logistic_neuron", cases=3) for _ in range(2))
    assert one.to_json() == two.to_json()


def test_what_reproduces_a_finding_is_code_that_runs():
    import verification

    finding = validate_process(NEURON, against="logistic_neuron", cases=3, seed=0)
    again = eval(finding.reproduce, {"verification": verification})
    assert again.to_json() == finding.to_json()


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(ValueError, match="seconds is 0.0; give a number above 0"):
        Limits(seconds=0.0)
