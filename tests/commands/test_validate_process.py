"""`refnet validate --process` with --of and --args: a program, judged by a function of theirs."""

import json
import shlex
import sys

import pytest

PENALTY = "2 * i["
TOOL = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    reply = {"id": said["id"], "success": True}
    if said["kind"] == "evaluate":
        i = said["input"]
        reply["output"] = {"dw": [2 * i["rate"] * a * b for a, b in zip(i["w"], i["x"])]}
    print(json.dumps(reply), flush=True)
"""
NET = """
import jax.numpy as jnp
def loss(w, x, rate):
    return rate * jnp.sum(w**2 * x)
def short(w):
    return jnp.sum(w)
def sample(rng):
    return rng.normal(size=3), rng.normal(size=3), 0.25
"""
FUNCTION = "--of", "net.py:loss", "--args", "net.py:sample"


@pytest.fixture
def folder(folder):
    (folder / "net.py").write_text(NET)
    (folder / "said.json").write_text('{"output": {"w": "dw"}}')
    (folder / "tool.py").write_text(TOOL)
    return folder


def test_the_program_is_judged_by_the_function(refnet, folder):
    words = ["validate", "--process", f"{sys.executable} tool.py", *FUNCTION, "--cases", "2"]
    words += ["--signature", "said.json", "--json", "found.json"]
    status, out, err = refnet(*words)
    assert (status, err) == (0, "") and out.startswith("CORRECT")

    (folder / "tool.py").write_text(TOOL.replace(PENALTY, "i["))
    status, out, _ = refnet(*words)
    assert status == 1 and "net.py:4" in out.splitlines()[0]
    assert json.loads((folder / "found.json").read_text())["verdict"] == "wrong"
    again = shlex.split(out.rstrip().splitlines()[-1])
    assert refnet(*again[1:]) == (1, out, "")


MISTAKES = {
    "no args": (("--of", "net.py:loss"), "--args is missing"),
    "no of": (("--args", "net.py:sample"), "--of is missing"),
    "nothing": ((), "--against is missing"),
    "a kind": ((*FUNCTION, "--order", "2"), "--order is '2'"),
    "of ours": (("--against", "mse", "--signature", "{}"), "--signature is '{}'"),
    "both": ((*FUNCTION, "--against", "mse"), "--of is 'net.py:loss'"),
    "no signature": ((*FUNCTION, "--signature", '{"flatt": []}'), "did you mean 'flat'?"),
    "no JSON": ((*FUNCTION, "--signature", "{"), "which is no JSON"),
    "no file": ((*FUNCTION, "--signature", "no.json"), "no.json', which cannot be read"),
    "arity": (("--of", "net.py:short", "--args", "net.py:sample"), "net.py:short takes 1 argument"),
    "no function": (("--of", "net.py:los", "--args", "net.py:sample"), "did you mean 'loss'?"),
    "argnums": ((*FUNCTION, "--argnums", "u"), "argnums is 'u'"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence(refnet, folder, name):
    words, said = MISTAKES[name]
    status, out, err = refnet("validate", "--process", f"{sys.executable} tool.py", *words)
    assert (status, out) == (2, "")
    assert err.startswith("refnet: ") and err.count("\n") == 1 and said in err


def test_a_signature_without_a_process_is_a_mistake(refnet, folder):
    status, _, err = refnet("validate", "net.py:short", *FUNCTION, "--signature", "{}")
    assert status == 2 and "--signature is '{}'" in err
