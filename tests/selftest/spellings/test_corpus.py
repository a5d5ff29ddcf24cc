"""Right gradients by many hands raise no alarm; with one wrong factor each of them does."""

import sys

import jax
import pytest

from verification.derivations import ALL
from verification.selftest.spellings.corpus import (
    CORPUS,
    Unasked,
    corpus_rows,
    judgements,
    met,
    spellings_of,
)
from verification.selftest.spellings.spelling import ByTorch

FEWEST = 6
FEW = ("sigmoid", "tanh, composed", "softmax", "layer_norm", "uses of one array", "tanh, softmax")
LARGE = {name: CORPUS[name]._replace(scales=CORPUS[name].scales[-1:]) for name in FEW}
ORDINARY = {name: s._replace(scales=s.scales[:1]) for name, s in CORPUS.items()}
DERIVED = {name: ORDINARY[name] for name in ALL}


def larger(gradient):
    """One factor is wrong by 1 %."""
    return lambda *args: jax.tree.map(lambda leaf: leaf * 1.01, gradient(*args))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_nothing_right_is_refused_or_undecided(dtype):
    rows = corpus_rows(LARGE, (dtype,), range(1))
    assert [r["implementation"] for r in rows] == list(FEW)
    assert [r["implementation"] for r in rows if r["false_alarms"] or r["undecided"]] == []
    assert 0.0 < max(r["worst"] for r in rows) <= 1.0


def test_nothing_right_of_any_derivation_is_refused():
    without_libraries = {
        name: s._replace(right={w: g for w, g in s.right.items() if not w.startswith("JAX")})
        for name, s in DERIVED.items()
    }
    verdicts = list(judgements(without_libraries, ("float32",), range(1)))
    assert len({v.implementation for v in verdicts}) == len(DERIVED)
    assert [f"{v.implementation}: {v.configuration}" for v in verdicts if v.alarms] == []
    assert [f"{v.implementation}: {v.configuration}" for v in verdicts if v.undecided] == []


def test_in_other_formats():
    elementwise = {name: ORDINARY[name] for name in ("sigmoid", "tanh")}
    rows = corpus_rows(elementwise, ("float16", "bfloat16", "bfloat16_float32"), range(1))
    assert len(rows) == 6 and not any(r["false_alarms"] for r in rows)


def test_a_wrong_factor_is_refused_in_every_spelling():
    ordinary = {name: ORDINARY[name] for name in FEW}
    verdicts = list(judgements(ordinary, ("float32",), range(1), change=larger))
    assert len(verdicts) > 60
    assert [f"{v.implementation}: {v.configuration}" for v in verdicts if not v.alarms] == []


def scarce(functions):
    """The derivations that have too few spellings."""
    return [n for n, d in ALL.items() if len(spellings_of(d, functions)) < FEWEST]


def test_every_derivation_has_six_spellings():
    assert scarce(CORPUS) == []
    assert all(len(set(s.right.values())) >= FEWEST for s in CORPUS.values())


def test_five_spellings_or_another_function_of_that_name_are_too_few():
    lstm, dense = CORPUS["lstm"], CORPUS["dense"]
    five = lstm._replace(right=dict(list(lstm.right.items())[:5]))
    assert scarce(CORPUS | {"lstm": five}) == ["lstm"]
    assert scarce(CORPUS | {"dense": dense._replace(of=lambda layer, x: x)}) == ["dense"]
    twice = lstm._replace(right={f"{k}": lstm.right["PyTorch"] for k in range(9)})
    assert scarce(CORPUS | {"lstm": twice}) == ["lstm"]


def test_what_a_missing_library_would_say_is_said_to_be_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    few = {name: ORDINARY[name] for name in ("identity", "rnn", "adam")}
    found = [v for v in met(few, ("float64",), range(1)) if isinstance(v, Unasked)]
    marked = [(n, w) for n, s in few.items() for w, g in s.right.items() if isinstance(g, ByTorch)]
    assert [(u.implementation, u.who) for u in found] == marked and len(marked) == 4
    assert {u.why for u in found} == {"torch is not installed"}
