"""`refnet validate --seconds`: what does not come back is rejected, by force if need be."""

import json
from pathlib import Path

import pytest

THEIRS = """
import time
import jax, jax.numpy as jnp, numpy as np

def loss(w):
    return jnp.sum(jnp.sin(w))

def sample(rng):
    return (rng.normal(size=2),)

def gradient(w):
    return np.cos(w)

def sleeps(w):
    time.sleep(600.0)

@jax.jit
def for_ever(w):  # in compiled code, where no signal arrives
    return jax.lax.while_loop(lambda x: x[0] < 2.0, jnp.cos, jnp.cos(w))
"""


@pytest.fixture
def asked(tmp_path, monkeypatch, refnet):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(THEIRS)
    options = ("--of", "mine.py:loss", "--args", "mine.py:sample", "--cases", "2")
    return lambda name, *more: refnet("validate", f"mine.py:{name}", *options, *more)


@pytest.mark.parametrize(
    ("name", "said"), [("sleeps", "no answer within 0.5 s"), ("for_ever", "not be interrupted")]
)
def test_what_does_not_come_back_is_rejected(asked, name, said):
    status, out, _ = asked(name, "--seconds", "0.5", "--json", "found.json")
    assert status == 1 and out.startswith("REJECTED") and said in " ".join(out.split())
    assert "--seconds 0.5" in json.loads(Path("found.json").read_text())["reproduce"]


def test_one_in_time_is_judged_as_ever(asked):
    assert asked("gradient", "--seconds", "600")[0] == 0
