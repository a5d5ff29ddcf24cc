"""GradBench's tools answer unchanged: its ten modules, their sizes, bare lists and blocks."""

import json
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from verification.adapters.gradbench import MODULES, PREFIX, module_of
from verification.adapters.limits import Limits
from verification.adapters.strict_json import Improper
from verification.judgement.foreign import validate_process

TOOL = [sys.executable, str(Path(__file__).with_name("gradbench_tool.py"))]
LIMITS = Limits(seconds=30.0)
LARGE = ("gmm", "ba", "ht")  # whose mistakes take long to be explained: seen in their numbers


@pytest.mark.parametrize("name", MODULES)
def test_a_faithful_tool_is_correct(name):
    finding = validate_process(TOOL, against=PREFIX + name, cases=2, limits=LIMITS)
    assert finding.verdict == "correct", finding
    assert finding.oracle == "ball" and f"against='gradbench/{name}'" in finding.reproduce


@pytest.mark.parametrize("name", [name for name in MODULES if name not in LARGE])
def test_a_slip_is_seen(name):
    finding = validate_process([*TOOL, name], against=PREFIX + name, cases=1, limits=LIMITS)
    assert finding.verdict == "wrong", finding


def asked(words, *messages):
    text = "".join(json.dumps({"id": k, **m}) + "\n" for k, m in enumerate(messages))
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", LARGE)
def test_a_slip_in_a_large_one_is_far_from_the_pullback_of_jax(name):
    module = MODULES[name]
    point = module.args(np.random.default_rng(3))
    out, pull = jax.vjp(lambda *moved: module.of(*moved, *point[len(moved) :]),
                        *map(np.asarray, point[: len(module.argnums)]))  # fmt: skip
    above = np.asarray(1.0) if not out.shape else np.random.default_rng(4).normal(size=out.shape)
    args = point if not out.shape else (*point, above)
    ask = {"kind": "evaluate", "module": name, "function": module.asked.function}
    ask["input"] = module.asked.encoded(args)
    apart = {}
    for slip in ("", name):
        (said,) = asked([*TOOL, slip], ask)
        answer = module.asked.decoded(said["output"], args, "float64")
        pairs = zip(answer, pull(jax.numpy.asarray(above, out.dtype)), strict=True)
        apart[slip] = max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs)
    assert apart[""] < 1e4 * np.finfo(float).eps < 1e-3 < apart[name]


def test_a_matrix_whose_entries_stand_elsewhere_is_no_answer():
    it = MODULES["ba"].asked
    args = (*MODULES["ba"].args(np.random.default_rng(0)), np.ones(3))
    ask = {"kind": "evaluate", "module": "ba", "function": "jacobian", "input": it.encoded(args)}
    (said,) = asked(TOOL, ask)
    assert len(said["output"]["rows"]) == 31
    it.decoded(said["output"], args, "float64")
    said["output"]["cols"][11] += 1
    with pytest.raises(Improper, match="gave cols as"):
        it.decoded(said["output"], args, "float64")


def test_the_messages_are_those_of_gradbench():
    rng = np.random.default_rng(0)
    assert MODULES["hello"].asked.encoded((np.array(3.0),)) == 3.0
    sent = {name: MODULES[name].asked.encoded(MODULES[name].args(rng)) for name in MODULES}
    assert set(sent["det"]) == {"A", "ell"} and len(sent["det"]["A"]) == sent["det"]["ell"] ** 2
    assert type(sent["llsq"]["n"]) is int and type(sent["ode"]["s"]) is int
    sizes = {"d", "k", "n", "x", "m", "gamma", "alpha", "mu", "q", "l"}
    assert set(sent["gmm"]) == sizes and sent["gmm"]["d"] == len(sent["gmm"]["mu"][0])
    assert set(sent["ba"]) == {"n", "m", "p", "cam", "x", "w", "feat"}
    assert {"theta", "data", "us"} == set(sent["ht"]) and len(sent["ht"]["theta"]) == 26
    assert set(sent["lstm"]) == {"main_params", "extra_params", "state", "sequence"}
    assert set(sent["kmeans"]) == {"points", "centroids"} and set(sent["lse"]) == {"x"}


def test_names(refnet):
    assert module_of("gmm") is module_of("gradbench/gmm") is MODULES["gmm"]
    assert module_of("lstm") is None and module_of("gradbench/lstm") is MODULES["lstm"]
    status, _, err = refnet("validate", "--process", "cat", "--against", "gradbench/gm")
    assert status == 2 and "did you mean 'gradbench/gmm'?" in err
    words = ["validate", "--process", " ".join(TOOL), "--against", "gradbench/hello"]
    assert refnet(*words, "--cases", "1")[0] == 0
