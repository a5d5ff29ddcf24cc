"""A program in any language, judged by a function of the user's own: its names are a signature."""

import sys

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.adapters.limits import Limits

TOOL = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    reply = {"id": said["id"], "success": said.get("module", "ridge") == "ridge"}
    if said["kind"] == "evaluate":
        i = said["input"]
        w, b, y, n, d = i["w"], i["b"], i["y"], i["n"], len(i["w"])
        x = [i["x"][d * r : d * r + d] for r in range(n)]
        e = [sum(a * c for a, c in zip(w, row)) + b - t for row, t in zip(x, y)]
        dw = [2 * sum(e[r] * x[r][j] for r in range(n)) / n for j in range(d)]
        dw = [u + 2 * i["rate"] * v for u, v in zip(dw, w)]
        reply["output"] = {"dw": dw, "db": 2 * sum(e) / n}
    print(json.dumps(reply), flush=True)
"""
SAID = {"flat": ["x"], "sizes": {"n": ["x", 0]}, "output": {"w": "dw", "b": "db"}}
PENALTY = "2 * i["


def ridge(w, b, x, y, rate=0.0):
    return jnp.mean((x @ w + b - y) ** 2) + rate * jnp.sum(w**2)


def sample(rng):
    return rng.normal(size=3), rng.normal(), rng.normal(size=(4, 3)), rng.normal(size=4)


def judged(text=TOOL, **more):
    asked = {"of": ridge, "args": sample, "argnums": ("w", "b"), "signature": SAID}
    asked |= {"cases": 3, "kwargs": {"rate": 0.25}, "limits": Limits(seconds=20.0)}
    return vf.validate_process([sys.executable, "-I", "-S", "-c", text], **asked | more)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_a_right_program_is_correct(dtype):
    finding = judged(dtype=dtype)
    assert finding.verdict == "correct", finding
    assert "validate_process(" in finding.reproduce and "def ridge" not in finding.name


def test_a_wrong_one_is_wrong_and_the_place_is_that_of_the_function():
    finding = judged(TOOL.replace(PENALTY, "i["))
    assert finding.verdict == "wrong", finding
    assert "w**2" in str(finding.explanation[0]) or "w ** 2" in str(finding.explanation[0])


def test_what_is_no_answer_is_rejected_in_a_sentence():
    finding = judged(TOOL.replace('"db"', '"bias"'))
    assert finding.verdict == "rejected" and "gave an output with dw, bias" in finding.reason
    finding = judged(TOOL.replace('i["w"], i', 'i["weights"], i'), limits=Limits(failures=1))
    assert finding.verdict == "rejected" and "KeyError" in finding.reason


ROWS = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    reply = {"id": said["id"], "success": True}
    if said["kind"] == "evaluate":
        x, d = said["input"]["input"], said["input"]["cotangent"]
        columns = lambda rows: list(zip(*rows))
        weight = [[sum(a * b for a, b in zip(u, v)) for v in columns(x)] for u in columns(d)]
        reply["output"] = {"weight": weight, "bias": [sum(u) for u in columns(d)]}
    print(json.dumps(reply), flush=True)
"""


@pytest.mark.torch
def test_a_module_is_one_of_its_parameters():
    torch = pytest.importorskip("torch")
    asked = {"of": torch.nn.Linear(3, 2), "args": lambda rng: (rng.normal(size=(4, 3)),)}
    asked |= {"argnums": 0, "signature": {"spread": ["params"]}, "kwargs": None}
    assert judged(ROWS, **asked).verdict == "correct"
    assert judged(ROWS.replace("sum(u) for", "u[0] for"), **asked).verdict == "wrong"


SOFTMAX = """
import json, math, sys
for line in sys.stdin:
    said = json.loads(line)
    reply = {"id": said["id"], "success": True}
    if said["kind"] == "evaluate":
        z = said["input"]["z"]
        e = [math.exp(v - max(z)) for v in z]
        p = [v / sum(e) for v in e]
        rows = [[p[i] * ((i == j) - p[j]) for j in range(len(z))] for i in range(len(z))]
        reply["output"] = rows
    print(json.dumps(reply), flush=True)
"""


def softmax(z):
    return jnp.exp(z - jnp.max(z)) / jnp.sum(jnp.exp(z - jnp.max(z)))


def test_a_whole_jacobian_may_be_answered():
    said = {"jacobian": True, "output": "bare"}
    asked = {"of": softmax, "args": lambda rng: (rng.normal(size=4),), "argnums": 0}
    asked |= {"signature": said, "kwargs": None, "edges": "near"}
    finding = judged(SOFTMAX, **asked)
    assert finding.verdict == "correct", finding
    assert judged(SOFTMAX.replace("p[i] * (", "p[j] * ("), **asked).verdict == "wrong"


REFUSED = {
    "neither": ({"of": None}, "either against"),
    "both": ({"against": "mse"}, "either against"),
    "no function": ({"of": 3}, "pass the function"),
    "another option": ({"alow": ()}, "did you mean 'allow'"),
    "another keyword": ({"kwargs": {"speed": 1}}, "'speed'"),
    "no arguments": ({"args": None}, "args is missing"),
    "a signature of others": ({"signature": {"flat": ["z"]}}, "flat has 'z'"),
    "of a derivation": ({"against": "mse", "of": None}, "which says all; leave out kwargs"),
}


@pytest.mark.parametrize("which", REFUSED)
def test_what_contradicts_itself_is_a_sentence(which):
    more, sentence = REFUSED[which]
    with pytest.raises((TypeError, ValueError), match=sentence):
        judged(**more)


def test_complex_numbers_are_refused_before_anything_is_judged():
    with pytest.raises(TypeError, match="complex128 cannot be written"):
        judged(of=lambda z: jnp.abs(z), args=lambda rng: (np.array(1j),), argnums=0,
               signature=None, kwargs=None)  # fmt: skip
