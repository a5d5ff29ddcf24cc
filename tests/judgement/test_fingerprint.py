"""A sampler is the same as long as all that it reads is, and never where nobody can tell."""

import functools
import types

import jax
import numpy as np
import pytest

import verification as vf
from verification.judgement.fingerprint import fingerprint

LOW = 0.1


class Own:
    """A class whose methods may change."""


def of_module(rng):
    return rng.uniform(LOW, 2.0, size=3)


def through(rng):
    return of_module(rng), np.linalg.norm(of_module(rng))


def closed(low):
    return lambda rng: (rng.uniform(low, 2.0, size=3),)


def made(low):
    return lambda rng, x=low: (rng.uniform(x, 2.0, size=3),)


def itself(rng, depth=2):
    return itself(rng, depth - 1) if depth else rng.normal(size=3)


ALIKE = {
    "a closure": lambda: closed(0.1),
    "an array that is closed over": lambda: closed(np.array([0.1, 0.2, 0.3])),
    "a default": lambda: made(0.1),
    "a partial": lambda: functools.partial(of_module),
    "a random key": lambda: closed(jax.random.key(1)),
    "a point": lambda: (np.arange(3.0), {"w": 1, "b": None}),
    "one that calls itself": lambda: itself,
}
OTHERS = {
    "a closure": lambda: closed(-0.1),
    "an array that is closed over": lambda: closed(np.array([0.1, 0.2, 0.4])),
    "a default": lambda: made(-0.1),
    "a partial": lambda: functools.partial(through),
    "a random key": lambda: closed(jax.random.key(2)),
    "a point": lambda: (np.arange(3.0), {"w": 2, "b": None}),
    "one that calls itself": lambda: functools.partial(itself, depth=1),
}


@pytest.mark.parametrize("name", ALIKE)
def test_it_is_of_what_is_read_and_not_of_the_object(name):
    assert fingerprint(ALIKE[name]()) == fingerprint(ALIKE[name]()) != ""
    assert fingerprint(ALIKE[name]()) != fingerprint(OTHERS[name]())


@pytest.mark.parametrize("sampler", [of_module, through])
def test_a_name_of_the_module_counts_also_behind_another_function(monkeypatch, sampler):
    before = fingerprint(sampler)
    monkeypatch.setitem(globals(), "LOW", -1.0)
    assert "" != fingerprint(sampler) != before


def test_what_may_have_changed_unseen_has_none():
    drawing = np.random.default_rng(3)
    mine = types.ModuleType("mine")
    mine.__file__ = "mine.py"
    unknown = (lambda rng: drawing.normal(size=3), object(), mine, Own)
    assert [one for one in unknown if fingerprint(one)] == []
    assert fingerprint((np, dict, np.ndarray))


def test_a_domain_that_is_narrowed_is_judged_by_its_own_draws(tmp_path, monkeypatch):
    """Right where x is positive; what a wider sampler drew before says nothing of that."""
    monkeypatch.chdir(tmp_path)
    of = lambda x: (x * x).sum() ** 1
    gradient = lambda x: 2 * np.abs(x)
    ask = lambda low: vf.validate(gradient, of, closed(low), cases=4, edges="none")
    assert ask(0.1).verdict == "correct"
    assert ask(-1.0).verdict == "wrong" and list((tmp_path / ".refnet").rglob("*.npz"))
    assert ask(0.1).verdict == "correct"
    assert ask(-1.0).verdict == "wrong"
