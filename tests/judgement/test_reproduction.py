"""The snippet runs where its names can be imported; elsewhere it says what to fill in."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import verification as vf
from verification.judgement.draws import Asked
from verification.judgement.reproduction import snippet

ROOT = Path(__file__).resolve().parents[2]
MODULE = """
import numpy as np, jax.numpy as jnp
def loss(w): return jnp.sum(jnp.tanh(w))
def gradient(w): return 2 * (1 - np.tanh(w) ** 2)
def sample(rng): return (rng.normal(size=3),)
"""


@pytest.mark.end_to_end
def test_the_snippet_prints_the_same_finding(tmp_path):
    (tmp_path / "theirs.py").write_text(MODULE)
    ask = (
        "import theirs, json, verification as vf\n"
        "f = vf.validate(theirs.gradient, of=theirs.loss, args=theirs.sample, cases=2, seed=5)\n"
        "print(json.dumps([f.reproduce, str(f)]))"
    )
    there = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "JAX_PLATFORMS": "cpu"}
    run = lambda code: (
        subprocess.run(
            [sys.executable, "-c", code], env=there, text=True, capture_output=True, check=True
        ).stdout
    )
    code, said = json.loads(run(ask))

    assert "from theirs import gradient" in code and "seed=5" in code
    assert run(code).strip() == said.strip()


def test_what_cannot_be_imported_is_given_by_its_source_or_to_be_filled_in():
    ask = lambda **change: snippet(
        Asked(vf.validate, lambda w: w, (1.0,), 0, "float64", 2, 5, "judge")._replace(**change)
    )

    assert "from verification.judgement.validate import validate" in ask()
    secret = object()
    far = ask(of=lambda w: (w, secret))
    assert "of = lambda w: w\n" in ask() and "args = (1.0,)" in ask()
    assert "of = ...  # fill in: <lambda>, test_reproduction.py:" in far
    compile(ask(), "snippet", "exec")


def test_the_case_that_was_worst_is_drawn_again():
    """After the call stands the point itself, as the seed draws it."""
    found = vf.validate(tripled, of=doubled, args=sample, cases=3)
    code = found.reproduce.split("# the worst is ")[1]

    assert found.worst and code.startswith(found.worst.case)
    assert "rng = np.random.default_rng(0)" in code


def doubled(w):
    return w * w


def tripled(w):
    return 3.0 * w


def sample(rng):
    return (rng.normal(),)


class Model:
    """Its state has no short source."""

    def __init__(self, secret):
        self.secret = secret

    def gradient(self, w):
        return 3.0 * w

    def loss(self, w):
        return w * w

    @classmethod
    def draw(cls, rng):
        return (rng.normal(),)


@dataclass
class Scaled:
    by: float

    def gradient(self, w):
        return self.by * w


KNOWN = Model(object())


def test_bound_methods_name_their_object_once():
    here = Asked(KNOWN.gradient, KNOWN.loss, Model.draw, 0, "float64", 2, 5, "judge")
    code = snippet(here)
    assert f"from {__name__} import KNOWN, Model" in code
    assert "vf.validate(KNOWN.gradient, of=KNOWN.loss, args=Model.draw," in code

    other = Model(object())
    code = snippet(here._replace(gradient=other.gradient, of=other.loss))
    assert code.count("model = ...  # fill in: Model\n") == 1
    assert "vf.validate(model.gradient, of=model.loss," in code

    code = snippet(here._replace(gradient=Scaled(3.0).gradient))
    assert "scaled = Scaled(by=3.0)" in code and "vf.validate(scaled.gradient," in code
