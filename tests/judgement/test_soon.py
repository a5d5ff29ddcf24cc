"""Cases that are judged together are judged as each is alone, and faster."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.judgement import soon
from verification.measurement import ahead, budget


def of(x, w):
    return jnp.sum(jnp.tanh(x @ w) ** 2)


def gradient(x, w):
    a = np.tanh(x @ w)
    return 2.0 * (a * (1.0 - a * a)) @ w.T


def draw(rng):
    return rng.normal(size=(2, 3)), rng.normal(size=(3, 4))


@pytest.fixture
def walked(monkeypatch):
    """How often a program was run in running error bounds."""
    count, run = [], budget.running
    counting = lambda *args: count.append(1) or run(*args)
    for module in (budget, ahead):
        monkeypatch.setattr(module, "running", counting)
    return count


def test_draws_and_edges_share_walks(walked, monkeypatch):
    found = vf.validate(gradient, of=of, args=draw, cases=4)
    together = len(walked)
    assert found.verdict == "correct"
    assert found.cases + found.edges > together
    monkeypatch.setattr(soon, "SMALL", 0)
    alone = vf.validate(gradient, of=of, args=draw, cases=4)
    assert len(walked) - together > found.cases + found.edges
    assert (alone.verdict, alone.cases, alone.edges) == (found.verdict, found.cases, found.edges)
    # running bounds of one program: what differs is the order of less than 2^12 sums in float64
    assert alone.power == pytest.approx(found.power, rel=2.0**-40)


def test_a_mistake_is_seen_at_its_own_case():
    off = lambda x, w: gradient(x, w) * (1.0 + 1e-9 * (x[0, 0] > 1.0))
    found = vf.validate(off, of=of, args=draw)
    assert found.verdict == "wrong"
    rng = np.random.default_rng(0)
    firsts = [draw(rng)[0][0, 0] for _ in range(found.cases)]
    assert firsts[int(found.worst.case.split()[-1])] > 1.0


def test_what_raises_ahead_is_left_to_when_it_is_asked(monkeypatch):
    held, asked = soon.held, []

    def odd(*args):
        asked.append(args)
        if len(asked) % 2:
            raise ValueError("somebody's function")
        return held(*args)

    monkeypatch.setattr(soon, "held", odd)
    assert vf.validate(gradient, of=of, args=draw, cases=4).verdict == "correct" and asked
