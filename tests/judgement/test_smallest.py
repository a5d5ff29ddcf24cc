"""The smallest failing input: found, printed as code that runs, remembered; verdicts stay."""

import contextlib
import io
import itertools
import json
import pickle

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.judgement import smallest
from verification.judgement.remembered import unremembered
from verification.judgement.smallest import TRIES
from verification.vocabulary.html import fragment


def loss(w, x, y):
    return jnp.mean((x @ w - y) ** 2)


def summed(w, x, y):
    return 2.0 * x.T @ (x @ w - y)


def right(w, x, y):
    return summed(w, x, y) / len(y)


def sample(rng):
    return rng.normal(size=3), rng.normal(size=(8, 3)), rng.normal(size=8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".refnet" / "examples"


def test_it_has_fewer_rows_and_simple_numbers_and_still_fails():
    found = vf.validate(summed, loss, sample, cases=2)
    w, x, y = found.example.args
    assert len(y) == 2 and x.shape == (2, 3)  # of one row the sum is the mean
    numbers = {*w.tolist(), *x.ravel().tolist(), *y.tolist()}
    assert numbers <= {0.0, 1.0}
    assert not np.allclose(found.example.got, found.example.expected)
    np.testing.assert_allclose(summed(w, x, y), found.example.got)
    np.testing.assert_allclose(right(w, x, y), found.example.expected)


def test_where_reports_must_agree_the_clock_has_no_say(monkeypatch):
    """On a machine where every look at the clock is an hour after the one before."""
    hours = itertools.count(0.0, 3600.0)
    monkeypatch.setattr(smallest, "monotonic", lambda: next(hours))
    found = lambda: vf.validate(summed, loss, sample, cases=2)
    with unremembered():
        assert len(found().example.args[2]) == 8
        with smallest.unhurried():
            assert len(found().example.args[2]) == 2


def test_it_prints_as_code_that_runs():
    found = vf.validate(summed, loss, sample, cases=2)
    code, said = str(found.example), io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code.replace("from tests.judgement.test_smallest import summed", ""), dict(globals()))
    assert np.array2string(found.example.got) in said.getvalue()
    assert "the smallest failing input:" in str(found) and "y = np.array([" in str(found)
    assert json.loads(found.to_json())["example"] == code
    assert "The smallest failing input" in fragment(found)
    assert str(pickle.loads(pickle.dumps(found.example))) == code


def test_what_is_right_has_none():
    found = vf.validate(right, loss, sample, cases=2)
    assert found.example is None and "smallest failing" not in str(found)


def test_what_the_sampler_holds_is_held():
    def labels(rng):
        return rng.normal(size=(6, 3)), np.eye(3)[rng.integers(0, 3, size=6)]

    def entropy(z, y):
        return -jnp.sum(y * (z - jnp.log(jnp.sum(jnp.exp(z), axis=1, keepdims=True))))

    off = lambda z, y: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) - 0.9 * y
    z, y = vf.validate(off, entropy, labels, cases=4).example.args
    assert len(z) == len(y) == 1 and y.sum() == 1.0 and set(y.ravel().tolist()) == {0.0, 1.0}


def test_a_cotangent_comes_with_it_and_other_sizes_are_those_of_draws():
    def draw(rng):
        m = int(rng.integers(2, 5))
        return rng.normal(size=(m, 2)), rng.normal(size=(4, m))

    wrong = lambda w, x, d: x.T @ (d * (1.0 - np.tanh(x @ w)))
    found = vf.validate(wrong, lambda w, x: jnp.tanh(x @ w), draw, cases=8)
    w, x, d = found.example.args
    assert x.shape[0] == 1 and w.shape[0] == x.shape[1] == 2 and d.shape == (1, 2)


def test_the_search_ends(monkeypatch):
    calls = []

    def counted(w, x, y):
        calls.append(1)
        return summed(w, x, y)

    found = vf.validate(counted, loss, sample, cases=2)
    before = len(calls)
    assert found.example.args and len(calls) - before <= 4 * TRIES


def test_the_next_run_starts_there_and_forgets_what_was_mended(folder):
    answer, seen = [summed], []

    def gradient(w, x, y):
        seen.append(len(y))
        return answer[0](w, x, y)

    first = vf.validate(gradient, loss, sample, cases=2)
    assert len(list(folder.iterdir())) == 1 and len(first.example.args[2]) == 2
    assert (folder.parent / ".gitignore").read_text().endswith("*\n")
    seen.clear()
    again = vf.validate(gradient, loss, sample, cases=2)
    assert seen[0] == 2 and again.reason == first.reason  # the same verdict, in the same words
    assert str(again.example) == str(first.example)
    answer[0] = right
    assert vf.validate(gradient, loss, sample, cases=2) and not list(folder.iterdir())


def test_what_was_drawn_once_and_fails_still_is_held_against_other_draws(folder):
    def rare(w, x, y):
        return right(w, x, y) * (1.0 + (w[0] > 0.0))

    ask = lambda seed: vf.validate(rare, loss, sample, cases=1, seed=seed, edges="none")
    bad = next(seed for seed in range(9) if sample(np.random.default_rng(seed))[0][0] > 0.0)
    good = next(seed for seed in range(9) if sample(np.random.default_rng(seed))[0][0] < 0.0)
    assert ask(good).verdict != "wrong"  # before anything is remembered
    assert ask(bad).verdict == "wrong"
    found = ask(good)
    assert found.verdict == "wrong" and found.worst.case == "the case that failed before"


def test_a_project_may_say_that_nothing_is_remembered(folder, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.refnet]\nremember = false\n")
    assert vf.validate(summed, loss, sample, cases=2).example.args
    assert not folder.exists()


def test_what_cannot_be_read_is_no_memory(folder):
    vf.validate(summed, loss, sample, cases=2)
    (held,) = folder.iterdir()
    held.write_bytes(b"no numbers")
    found = vf.validate(summed, loss, sample, cases=2)
    assert found.verdict == "wrong" and found.example.args
